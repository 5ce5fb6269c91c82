/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

#include "cg.h"
#include "ckptdir.h"
#include "crver.h"
#include "err.h"
#include "held.h"
#include "manifest.h"

/*
 * What turns a folder of images into a checkpoint, and what a checkpoint must pass before CRIU sees
 * it (MUST-10). Both run in a child of their own: libsodium, and files as large as the container's
 * memory.
 */

/** struct seal - a checkpoint in the making */
struct seal {
	int rootfd;		/* checkpoint root, ckptdir.h */
	int storefd;		/* of what is being made: the same, or a store's */
	const char *store;	/* its path; NULL: the checkpoint root */
	int dirfd;		/* of the folder */
	const char *name;	/* below checkpoints/, ckptdir_new() */
	const struct state *st; /* of the container */
	int upper;		/* what an overlay has, is packed too; -1: none */
	const struct cg *cg;	/* its processes, for seal_make() */
	const char *helper_dir; /* whose container-init is in the images */
	const char *criu;	/* program: seal_check_begin() asks it for its version */
	int stateroot;		/* where that finds its version, crver.h */
	struct crver *asked;	/* of the version, for seal_make() */
	bool leave_running;
	bool parents; /* the folder has pre-dumps, which seal_begin() reads */
	/*
	 * seal_check_begin(): an empty folder of the same file system, which a compressed
	 * checkpoint (packed.h) is decompressed to; -1 for another
	 */
	int scratch;
};

/** struct sealing - seal_make() on its way; both release it */
struct sealing {
	struct seal seal;
	struct child child;
	int ours, theirs; /* ends of a socket pair */
};

/**
 * seal_begin - record and plan are in the folder, CRIU is about to write its images
 *
 * Starts the child, which gets ready and reads what CRIU has written already: of pre-dumps all
 * memory, before this returns, since all stands still soon. ret stays where it is until the end.
 */
int seal_begin(const struct seal *s, struct sealing *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** seal_make - all images are there and all stands still: number, sign, publish */
int seal_make(struct sealing *sg, struct ctr_error *err) ATTR_WARN_UNUSED;

/** seal_drop - there will be nothing to seal; one that was made, or never begun (zeroed), is fine
 */
void seal_drop(struct sealing *sg);

/** seal_sync - what seal_make() published is on the disk when this returns */
int seal_sync(const struct seal *s, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * seal_pack - what seal_make() published once more, compressed
 * @to: an empty folder of the same file system, locked; signed with the same counter when this
 *	returns 1
 *
 * 0: nothing became smaller. What is no more what was signed is not signed again: CTR_E_IMAGE.
 */
int seal_pack(const struct seal *s, int to, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct checking - seal_check_begin() on its way; seal_check_drop() when it is not ended */
struct checking {
	struct seal seal;
	struct child child;
	int said, say; /* ends of a pipe */
	bool imported; /* it came from elsewhere, by the ledger; known when this has begun */
};

/**
 * seal_check_begin - may the checkpoint in that folder be restored?
 *
 * When this returns 0, signature, names and sizes were checked, the machine (fit.h), the user
 * (MUST-7), the counter, and every file but the memory in CRIU's images, which a child goes on to
 * read; ret stays where it is until the end. Of a compressed one all files were, and the scratch
 * folder has what CRIU is to read. CTR_E_IMAGE, CTR_E_MISFIT
 */
int seal_check_begin(const struct seal *s, struct checking *ret,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

/** seal_check_end - is the memory what was signed? Before CRIU starts (MUST-10). Once */
int seal_check_end(struct checking *ck, struct ctr_error *err) ATTR_WARN_UNUSED;

/** seal_check_drop - nobody wants to know any more; ended, or zeroed, is fine */
void seal_check_drop(struct checking *ck);

/** seal_spend - from here on it is not to be restored again; before any of it runs */
int seal_spend(const struct seal *s, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

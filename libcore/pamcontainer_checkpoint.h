/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAMCONTAINER_CHECKPOINT_H
#define PAMCONTAINER_CHECKPOINT_H

/* Checkpoints: a part of pamcontainer.h, which includes this and is to be included instead. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pamcontainer_error.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct ctr_factory;
struct ctr_container;

/* ---- checkpoints ---- */

/** struct ctr_checkpoint_stats - CRIU's own figures of a dump; times in microseconds */
struct ctr_checkpoint_stats {
	uint64_t freezing_us; /* until all stood still */
	uint64_t frozen_us;   /* all stood still */
	uint64_t memdump_us, memwrite_us;
	uint64_t pages_scanned, pages_skipped_parent, pages_written;
};

/** enum ctr_cgroups - what CRIU does about control groups */
enum ctr_cgroups {
	CTR_CGROUPS_IGNORE, /* nothing: they are made and limited as the record says, by us */
	CTR_CGROUPS_SOFT,   /* these are refused: CRIU would set limits of groups that are ours, */
	CTR_CGROUPS_FULL,   /* from images that know nothing of where they are on this machine */
	CTR_CGROUPS_STRICT,
};

/** enum ctr_phase - what a checkpoint or a restore is at */
enum ctr_phase {
	CTR_PHASE_PREPARING, /* processes are made to stand still */
	CTR_PHASE_WRITING,
	CTR_PHASE_SIGNING,
	CTR_PHASE_ENDING,   /* what was written is ended and removed */
	CTR_PHASE_CHECKING, /* nothing runs before all of it was compared */
	CTR_PHASE_RESTORING,
	CTR_PHASE_COMPRESSING, /* all runs on, or has ended, and the checkpoint is whole already */
};

/** ctr_phase_name - "preparing" ...; "unknown" for other numbers. Static, never NULL */
const char *ctr_phase_name(enum ctr_phase phase);

/** struct ctr_progress - how far it is */
struct ctr_progress {
	enum ctr_phase phase;
	uint64_t bytes;	     /* that were written so far; of a restore: of all */
	uint64_t elapsed_us; /* since the call */
};

/** ctr_progress_fn - called some times a second by the thread that waits in the call */
typedef void (*ctr_progress_fn)(void *arg, const struct ctr_progress *p);

/** struct ctr_checkpoint_options - zero-initialise, then fill; non-zero is yes */
struct ctr_checkpoint_options {
	int leave_running;   /* the container goes on; it can be restored once it has ended */
	int kill_plain;	     /* end commands whose pipes end outside, instead of refusing */
	int tcp_established; /* keep connections to the outside: the peer must still be there */
	int file_locks;	     /* keep flock(2) and fcntl(2) locks */
	struct ctr_checkpoint_stats *stats; /* filled on success; NULL: not wanted */
	/*
	 * Keep datagram sockets that are connected to the outside: at the restore each is connected
	 * again to the name that its peer had, as root, so that name's folder should be root's
	 */
	int ext_unix;
	/* a terminal of the outside: not there at a restore. The container's own are always kept */
	int shell_job;
	/* after ctr_pre_dump(): take pages that were written anew out of its images */
	int auto_dedup;
	/*
	 * Folder to write it to, as checkpoints/ID below it; NULL: as the definition says
	 * (Directory=), or the checkpoint root. Made when it is absent, 0700; root's alone, as all
	 * folders above it. The checkpoint root, which has key and ledger, gets a link
	 */
	const char *directory;
	ctr_progress_fn progress; /* NULL: not wanted */
	void *progress_arg;
	/*
	 * What CRIU and libcontainer have besides; see ctr_checkpoint(). Anything but zero is
	 * refused, only empty_network is not where the container has a network of its own: that is
	 * made anew and empty in any case, before CRIU runs
	 */
	const char *page_server; /* address */
	int page_server_port;
	int lazy_pages, status_fd;
	enum ctr_cgroups manage_cgroups;
	int empty_network;
	/*
	 * Compress memory, that of pre-dumps too, and what is in a volatile overlay. This is done
	 * after it was taken, so nothing stands still for it, but the answer waits; meanwhile both
	 * forms are on the disk, as they are while it is restored. CTR_E_UNSUPPORTED (-ENOTSUP)
	 * without libzstd. A checkpoint that cannot be compressed then (a full disk) stays as it is
	 */
	int compress;
	int *compressed; /* filled on success: non-zero, it is; NULL: not wanted */
	/*
	 * Folder for CRIU's log and statistics (dump.log, stats-dump; restore.log, stats-restore),
	 * over those of before; NULL: they go with the container, and of what fails the error has
	 * the line that matters. As `directory`: made when it is absent, root's alone
	 */
	const char *work_directory;
};

/**
 * ctr_checkpoint - write all of it to disk, then end it
 * @opt: NULL: all zero
 *
 * Processes with memory, files, terminals and the connections among them; what is in its tmpfs and
 * in a volatile overlay; the record. Signed with the key of the checkpoint root, which is made when
 * there is none. A checkpoint of that ID that is there already is replaced. Terminals that users
 * are logged in on are detached.
 *
 * Options that make no sense here are refused before anything is touched, by CTR_E_UNSUPPORTED with
 * the reason: a page server would get memory over plain TCP, and what is there is not ours to sign;
 * pages that come later are of no use where all images are compared before anything runs, and
 * libcriu can not ask for them; a status descriptor tells of these two only.
 *
 * All or nothing: on failure it runs as before. CTR_E_UNSUPPORTED (-EBUSY) names commands whose
 * pipes end outside; -EIO has the line of CRIU's log that matters; CTR_E_UNSUPPORTED (-ENOTSUP)
 * without libcriu, criu or libsodium. May take as long as its memory takes to be written.
 */
int ctr_checkpoint(struct ctr_container *c, const struct ctr_checkpoint_options *opt,
		   struct ctr_error *err);

/**
 * ctr_pre_dump - write its memory to disk while it runs on
 * @opt: stats, directory, work_directory and progress alone; NULL: all zero
 *
 * Whatever is written to memory afterwards is in the next one, and at last in ctr_checkpoint(),
 * which has the less to write while all stands still. May be called several times; what it wrote
 * belongs to the next checkpoint of this container and is gone when that fails, when the container
 * ends or when one of these fails. It says nothing of whether a checkpoint will be possible.
 *
 * CTR_E_UNSUPPORTED (-ENOTSUP) on a kernel that does not tell which pages were written to
 * (CONFIG_MEM_SOFT_DIRTY; `containerctl doctor` says so), before anything is touched. Else errors
 * as of ctr_checkpoint(). The container runs on in any case; logins into it wait meanwhile.
 */
int ctr_pre_dump(struct ctr_container *c, const struct ctr_checkpoint_options *opt,
		 struct ctr_error *err);

/**
 * ctr_restore - make a container of its checkpoint, which is removed then
 * @ret: release with ctr_container_free(); NULL: not wanted
 *
 * Nothing of it is used before all was checked: CTR_E_IMAGE for one that was changed, is another
 * key's (-EKEYREJECTED), another user's or machine's, or was restored before (-ESTALE).
 * CTR_E_NOT_FOUND (-ENOENT) without a checkpoint, CTR_E_ID_IN_USE (-EEXIST) when it lives. On
 * failure nothing of it runs and the checkpoint is as it was.
 */
int ctr_restore(struct ctr_factory *f, const char *id, struct ctr_container **ret,
		struct ctr_error *err);

/** struct ctr_restore_options - zero-initialise, then fill */
struct ctr_restore_options {
	const char
	    *directory; /* of ctr_checkpoint_options, where the root has no link; NULL: it has */
	ctr_progress_fn progress; /* NULL: not wanted */
	void *progress_arg;
	const char *work_directory; /* of ctr_checkpoint_options */
};

/**
 * ctr_restore_with - as ctr_restore(), with options
 * @id: NULL: the only one in that directory
 * @opt: NULL: all zero
 *
 * With a directory: CTR_E_ID_IN_USE (-EEXIST) when the checkpoint root has another checkpoint of
 * that ID, CTR_E_CONFIG (-EPERM) when others can write to it or to a folder above it.
 */
int ctr_restore_with(struct ctr_factory *f, const char *id, const struct ctr_restore_options *opt,
		     struct ctr_container **ret, struct ctr_error *err);

/* ---- checkpoints on disk: one of an ID, the newest ---- */

/** enum ctr_image_state - may it be restored? As far as is seen without reading every file of it */
enum ctr_image_state {
	CTR_IMAGE_READY,
	CTR_IMAGE_SPENT,   /* it was restored before */
	CTR_IMAGE_STALE,   /* another one of that ID was taken since */
	CTR_IMAGE_FOREIGN, /* signed with another key than this machine's */
	CTR_IMAGE_DAMAGED,
};

/** ctr_image_state_name - "ready" ...; "unknown" for other numbers. Static, never NULL */
const char *ctr_image_state_name(enum ctr_image_state state);

/** struct ctr_image - a checkpoint; strings escaped, "" where nothing of it is believed */
struct ctr_image {
	char id[65]; /* of the container */
	char user[64], definition[65], kernel[65], criu[32];
	char key[17]; /* ID of the key that it is signed with */
	enum ctr_image_state state;
	uid_t uid;
	uint64_t created_us;   /* CLOCK_REALTIME, microseconds */
	uint64_t counter;      /* larger than that of every earlier one of that ID */
	uint64_t files, bytes; /* how many files, sum of their sizes */
	int leave_running;     /* non-zero: the container went on when it was taken */
};

/**
 * ctr_image_list - all of this machine, by ID
 *
 * The caller frees *ret with free(); it may be NULL when *ret_n is 0. Without a key every one is
 * CTR_IMAGE_FOREIGN. CTR_E_UNSUPPORTED without libsodium, here and below.
 */
int ctr_image_list(struct ctr_factory *f, struct ctr_image **ret, size_t *ret_n,
		   struct ctr_error *err);

/** ctr_image_remove - CTR_E_NOT_FOUND (-ENOENT), CTR_E_INVALID_ID, CTR_E_BUSY */
int ctr_image_remove(struct ctr_factory *f, const char *id, struct ctr_error *err);

/**
 * ctr_image_export - write it to a file or pipe, for ctr_image_import() on another machine
 *
 * Verified first. CTR_E_IMAGE: -EBADMSG with the file that is changed, truncated, missing or more
 * than was signed, -EKEYREJECTED for another key's; CTR_E_NOT_FOUND.
 */
int ctr_image_export(struct ctr_factory *f, const char *id, int fd, struct ctr_error *err);

/**
 * ctr_image_import - read what ctr_image_export() wrote, here or on another machine with this key
 * @replace: non-zero: in the place of one of that ID; else that is CTR_E_ID_IN_USE (-EEXIST)
 * @ret: may be NULL
 *
 * Nothing of it is believed before its signature was compared, and nothing is left of what is
 * refused. CTR_E_IMAGE as above, and -ESTALE for one that was restored before or is older than what
 * this machine knows; CTR_E_MISFIT (-ENOTSUP) names every fact of kernel, CPU, definition, user and
 * helpers that does not match.
 */
int ctr_image_import(struct ctr_factory *f, int fd, int replace, struct ctr_image *ret,
		     struct ctr_error *err);

/**
 * ctr_image_key - ID of the key of this machine, 16 digits
 *
 * CTR_E_NOT_FOUND (-ENOENT) when it has none yet; CTR_E_STATE when the file is not root's alone
 * (-EPERM) or no key (-EBADMSG).
 */
int ctr_image_key(struct ctr_factory *f, char ret[17], struct ctr_error *err);

/**
 * ctr_image_key_set - give this machine a key
 * @path: a copy of the file `key` of another checkpoint root, root's alone as all folders above it;
 *	NULL: a new random one
 * @replace: non-zero: in the place of one that it has; its checkpoints are foreign from then on.
 *	Else that is CTR_E_ID_IN_USE (-EEXIST), unless it is the same key
 */
int ctr_image_key_set(struct ctr_factory *f, const char *path, int replace, char ret[17],
		      struct ctr_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif

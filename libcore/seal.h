/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

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
	int rootfd;		 /* checkpoint root, ckptdir.h */
	int storefd;		 /* of what is being made: the same, or a store's */
	const char *store;	 /* its path; NULL: the checkpoint root */
	int dirfd;		 /* of the folder */
	const char *name;	 /* below checkpoints/, ckptdir_new() */
	const struct state *st;	 /* of the container */
	int upper;		 /* what an overlay has, is packed too; -1: none */
	struct held_where where; /* its processes, for seal_make() */
	const char *helper_dir;	 /* whose container-init is in the images */
	const char *criu;	 /* program: seal_check() asks it for its version */
	char version[32];	 /* its version, for seal_make() */
	int stateroot;		 /* where seal_check() finds the version of criu, crver.h */
	struct crver asked;	 /* zero; used by seal_check() */
	bool leave_running;
};

/** seal_make - record, plan and images are in the folder: number, sign, publish it */
int seal_make(const struct seal *s, struct ctr_error *err) ATTR_WARN_UNUSED;

/** seal_sync - what seal_make() published is on the disk when this returns */
int seal_sync(const struct seal *s, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * seal_check - may the checkpoint in that folder be restored?
 *
 * Signature and every file, the machine (fit.h), the user (MUST-7), the counter. CTR_E_IMAGE,
 * CTR_E_MISFIT
 */
int seal_check(const struct seal *s, struct ctr_error *err) ATTR_WARN_UNUSED;

/** seal_spend - from here on it is not to be restored again; before any of it runs */
int seal_spend(const struct seal *s, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

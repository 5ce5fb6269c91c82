/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CKPTSWEEP_H
#define CKPTSWEEP_H

#include <stdbool.h>

#include "err.h"

/*
 * What a crash leaves in a folder of checkpoints, ckptdir.h: folders in the making or in the going,
 * which nobody holds a lock on, and notes of those that are in a store, ckptstore.h (MUST-9).
 */

#define CKPTSWEEP_FOLDER "checkpoints"
#define CKPTSWEEP_MAKING ".new-"

/** ckptsweep_lock - the folder of all below a root, locked until it is closed; for a moment only */
int ckptsweep_lock(int rootfd, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptsweep_open - a folder, through no link */
int ckptsweep_open(int dirfd, const char *name) ATTR_WARN_UNUSED;

/** struct ckptsweep - what is done with what is left over in a folder of checkpoints */
struct ckptsweep {
	int dirfd;	 /* locked */
	bool dry, notes; /* notes: what is noted of stores goes too */
};

/** ckptsweep_folders - their number, -errno */
int ckptsweep_folders(const struct ckptsweep *w, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptsweep_files - the same of temporary files of a key or a ledger, whose folder is locked */
int ckptsweep_files(int dirfd, bool dry, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptsweep_note - a link in the root's folder to one of that name in a store
 *
 * What is in the making or in the going there is found from the root. It is there before the folder
 * is, and made with the root's lock held.
 */
int ckptsweep_note(int dirfd, const char *store, const char *name,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptsweep_forget - it goes; a folder, or none, is fine */
void ckptsweep_forget(int dirfd, const char *name);

#endif

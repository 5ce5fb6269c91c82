/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CKPTDIR_H
#define CKPTDIR_H

#include <limits.h>
#include <stdbool.h>

#include "err.h"
#include "str.h"

/*
 * The checkpoint root, /var/lib/pam_container, 0700 and root's:
 *
 * | key              ckptkey.h
 * | ledger/ID        ledger.h
 * | checkpoints/ID/  the newest checkpoint of a container, whole and signed (manifest.h)
 * | checkpoints/.new-XXXXXXXX/  one in the making, or one in the going; a link: of a store
 *
 * Who makes one holds a lock on its folder; one without is left over and removed (MUST-9).
 */

enum { CKPTDIR_NAME = 16 };

/** struct ckptdir_retired - where files are of what is no checkpoint any more, or not yet */
struct ckptdir_retired {
	char name[CKPTDIR_NAME];
	char store[PATH_MAX]; /* "": the checkpoint root */
};

/** ckptdir_open_root - open it, make what is absent, its parents 0755. dirfd or -errno */
int ckptdir_open_root(const char *path, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptdir_new - an empty folder to make a checkpoint in
 * @ret_name: its name below checkpoints/, for ckptdir_publish() and ckptdir_drop()
 *
 * Returns its descriptor, which holds the lock as long as it or a copy is open. Removes what
 * earlier attempts have left.
 */
int ckptdir_new(int rootfd, char ret_name[CKPTDIR_NAME], struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptdir_new_in - the same in a store, which must be there; "": in the root
 *
 * A note of the same name is in the root before the folder is in the store, so that ckptdir_sweep()
 * finds it: ckptdir_drop_in() and ckptdir_unnote() remove that.
 */
int ckptdir_new_in(int rootfd, const char *store, char ret_name[CKPTDIR_NAME],
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptdir_unnote - one in a store was published; no note is fine */
void ckptdir_unnote(int rootfd, const char *name);

/**
 * ckptdir_publish - give it its ID
 * @replace: an older one of that ID is replaced in one step and removed; else -EEXIST
 *	(CTR_E_ID_IN_USE)
 *
 * Synced: after a power cut there is the old one or the new one.
 */
int ckptdir_publish(int rootfd, const char *name, const char *id, bool replace,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptdir_replace - one of ckptdir_new_in() in the place of that of an ID, in one step
 *
 * The former is removed; what it keeps of the network is the new one's. What cannot be removed now
 * is left to the next. On failure both are as they were.
 */
int ckptdir_replace(int rootfd, const struct ckptdir_retired *by, const char *id,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptdir_drop - remove one in the making; what cannot be removed now is left to the next */
void ckptdir_drop(int rootfd, const char *name);
void ckptdir_drop_in(int rootfd, const char *store, const char *name);

/**
 * ckptdir_adopt - list a checkpoint of a store (ckptstore.h) here: a link is its entry
 * @replace: an older one of that ID is replaced in one step and removed, wherever it is; else
 *	-EEXIST (CTR_E_ID_IN_USE), unless it is the very same
 *
 * 1: it was there already. What is in the store is not looked at.
 */
int ckptdir_adopt(int rootfd, const char *store, const char *id, bool replace,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptdir_forget - the reverse: the link goes, what is in the store stays; true: there was one */
bool ckptdir_forget(int rootfd, const char *id);

/** ckptdir_open - the checkpoint of that ID, here or in a store. -ENOENT (CTR_E_NOT_FOUND) */
int ckptdir_open(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptdir_store - the store that it is in; "": the root */
void ckptdir_store(int rootfd, const char *id, char ret[PATH_MAX]);

/** ckptdir_remove - remove it. -ENOENT (CTR_E_NOT_FOUND) */
int ckptdir_remove(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptdir_retire - from here on it is no checkpoint; its files are still there, for
 * ckptdir_drop_in()
 *
 * Returns its descriptor, which holds the lock. -ENOENT
 */
int ckptdir_retire(int rootfd, const char *id, struct ckptdir_retired *ret,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptdir_list - IDs of all, sorted */
int ckptdir_list(int rootfd, struct strv *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptdir_sweep - remove (dry: count) what nobody is making any more: checkpoints, those in stores
 * that are noted too, and temporary files of the key and the ledger; their number, -errno
 */
int ckptdir_sweep(int rootfd, bool dry, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

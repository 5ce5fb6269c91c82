/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CKPTKEY_H
#define CKPTKEY_H

#include <stdbool.h>

#include "sodiumlib.h"

/*
 * The key that makes checkpoints trustworthy (MUST-10): this machine's own, or one of a fleet that
 * was imported. A file `key` in the checkpoint root, 0600 and root's:
 *
 * | pam_container-checkpoint-key 1
 * | 64 hexadecimal digits
 */

enum { CKPTKEY_ID = 17 };

/** struct ckptkey - wipe it with ckptkey_done() */
struct ckptkey {
	unsigned char bytes[SODIUMLIB_KEY];
	char id[CKPTKEY_ID]; /* 16 digits of a hash, fit to be shown */
	const struct sodiumlib *lib;
};

/**
 * ckptkey_read - the key of a checkpoint root
 *
 * -ENOENT when there is none (CTR_E_NOT_FOUND); -EPERM when the file is not root's alone, -EBADMSG
 * when it is no key file of ours (both CTR_E_STATE).
 */
int ckptkey_read(int rootfd, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptkey_random - a new one, on no disk yet */
int ckptkey_random(const struct sodiumlib *lib, struct ckptkey *ret,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptkey_make - store a new random one; -EEXIST (CTR_E_ID_IN_USE) when there is one */
int ckptkey_make(int rootfd, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptkey_need - the key, made when there is none yet, whoever else is making it now */
int ckptkey_need(int rootfd, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptkey_load - a key from a file of the same form, which and whose folders are root's alone
 *
 * As ckptkey_read(), and what path_open_trusted() says.
 */
int ckptkey_load(const char *path, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ckptkey_store - make it the key of a checkpoint root
 * @replace: false: -EEXIST (CTR_E_ID_IN_USE) when there is one that differs
 */
int ckptkey_store(int rootfd, const struct ckptkey *key, bool replace,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptkey_done - overwrite it */
void ckptkey_done(struct ckptkey *key);
#define autockptkey __attribute__((cleanup(ckptkey_done)))

#endif

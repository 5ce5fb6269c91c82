/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CKPTSTORE_H
#define CKPTSTORE_H

#include <limits.h>
#include <stdbool.h>

#include "err.h"

/*
 * A folder of the administrator's for checkpoints, with the same checkpoints/ID/ below it as the
 * checkpoint root (ckptdir.h), but neither key nor ledger. In the root a link stands for each of
 * these, so that it is listed, restored and removed as any other.
 */

/**
 * ckptstore_open - 0700 and root's, all folders above it root's and nobody else's to write (MUST-8,
 * MUST-10)
 * @make: make it when it is absent, but not what is above it
 */
int ckptstore_open(const char *path, bool make, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckptstore_target - where the checkpoint of an ID is: what a link holds. Pure */
int ckptstore_target(const char *store, const char *id, char ret[PATH_MAX]) ATTR_WARN_UNUSED;

/** ckptstore_split - the store of such a text; -EBADMSG for a text that is none. Pure */
int ckptstore_split(const char *target, const char *id, char ret[PATH_MAX]) ATTR_WARN_UNUSED;

/** ckptstore_read - the same of a link in a folder; -EINVAL: no link, -ENOENT */
int ckptstore_read(int dirfd, const char *name, const char *id,
		   char ret[PATH_MAX]) ATTR_WARN_UNUSED;

#endif

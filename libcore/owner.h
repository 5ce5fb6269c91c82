/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>

#include "err.h"
#include "userns.h"

/*
 * Whose files are, in a user namespace with numbers of its own: by idmapped mounts. Mounts are
 * detached and were never attached; users NULL or identity: nothing is done. Layer 2.
 */

/**
 * owner_keep_out - let nobody leave a file with a number of the range on that mount of the host
 *
 * @hole: of struct userns; -1: nothing is done
 *
 * Who gets those numbers later would own it. File systems that can not be told so stay as they are.
 */
int owner_keep_out(int hole, int mnt, bool recursive, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * owner_map_tree - what is root's on the disk is root's inside
 *
 * CTR_E_UNSUPPORTED: its file system can not.
 */
int owner_map_tree(const struct userns *u, int mnt, const char *path,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * owner_check_tree - may root inside write that tree of RootDirectory=?
 *
 * He can leave programs there that are setuid root on the disk, so some folder of the path must
 * keep everybody of the host but root out. -EPERM, CTR_E_CONFIG.
 */
int owner_check_tree(const struct userns *u, const char *path,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

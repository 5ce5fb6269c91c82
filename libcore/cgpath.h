/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGPATH_H
#define CGPATH_H

#include "cg.h"

/* Where a container's groups are, and their small files. 0 or -errno; no error records. */

enum { CGPATH_SIZE = 512 };

/** cgpath_dir - "MOUNT/PATH" */
int cgpath_dir(const struct cg_hierarchy *h, const char *path, char *dst,
	       size_t size) ATTR_WARN_UNUSED;

/** cgpath_open - the group as a descriptor for *at() calls. -ENOENT when it is not there */
int cgpath_open(const struct cg_hierarchy *h, const char *path) ATTR_WARN_UNUSED;

/** cgpath_freezer - the hierarchy that freezes: the v1 freezer where there is one, else v2; NULL */
const struct cg_hierarchy *cgpath_freezer(const struct cg_facts *facts) ATTR_PURE;

/**
 * cgpath_walk - call fn for a group and all below it, children first
 * @dir: the group, stays open
 *
 * Groups that vanish meanwhile are passed over. Stops at the first result that is not 0 and
 * returns it. -ELOOP below a depth that nobody needs.
 */
typedef int (*cgpath_fn)(int dir, void *arg);
int cgpath_walk(int dir, cgpath_fn fn, void *arg) ATTR_WARN_UNUSED;

/** cgpath_prune - remove the groups below a group. -EBUSY where processes are */
int cgpath_prune(int dir) ATTR_WARN_UNUSED;

#endif

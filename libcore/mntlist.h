/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MNTLIST_H
#define MNTLIST_H

#include <sys/types.h>

#include "err.h"
#include "str.h"

/* The mounts of a namespace as lines of /proc/PID/mountinfo (proc(5)), and what of them counts. */

/** mntlist_read - all lines of a process's mounts */
int mntlist_read(pid_t pid, struct strv *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * mntlist_externals - mount points that CRIU is to take from outside instead of making them. Pure.
 * @lines: of the container
 * @host: of the host: a file system that is mounted there too was not made for the container
 *
 * The others are file systems of the container's own whose contents CRIU keeps (tmpfs, devpts,
 * mqueue, proc) and binds of them. The root is never among the results. -EBADMSG, -ENOMEM
 */
int mntlist_externals(const struct strv *lines, const struct strv *host,
		      struct strv *ret) ATTR_WARN_UNUSED;

/** mntlist_kept - the devices, "0:41", of what mntlist_externals() leaves out. Pure */
int mntlist_kept(const struct strv *lines, const struct strv *host,
		 struct strv *ret) ATTR_WARN_UNUSED;

/** mntlist_is_kept - 1: that path is on what mntlist_externals() leaves out; 0, -EBADMSG. Pure */
int mntlist_is_kept(const struct strv *lines, const struct strv *host,
		    const char *path) ATTR_WARN_UNUSED;

/** struct mntlist_pair - mounts of a restored container and of who had prepared its tree */
struct mntlist_pair {
	const struct strv *container, *maker;
	const char *tree; /* where the tree is in the maker's */
};

/**
 * mntlist_same - is each of these points the very file system, and part of it, that was prepared?
 *
 * CRIU found it by name, and names are their folder's owner's (MUST-5). -EPERM (CTR_E_SYSTEM) names
 * the first that is not. Pure.
 */
int mntlist_same(const struct mntlist_pair *p, const struct strv *points,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * mntlist_walls - what must be the same after a restore, a line a mount, in mount order. Pure.
 *
 * Mount point, type, the part of the file system that is shown, flags, and the options of the file
 * system where it is the container's own; no numbers, which are new each time. -EBADMSG, -ENOMEM
 */
int mntlist_walls(const struct strv *lines, const struct strv *host,
		  struct strv *ret) ATTR_WARN_UNUSED;

/** mntlist_compare - two results of mntlist_walls(); -EPERM with the first difference named */
int mntlist_compare(const struct strv *want, const struct strv *have,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

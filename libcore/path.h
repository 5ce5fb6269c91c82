/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_H
#define PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/*
 * Paths (MUST-5, MUST-8). What a user can influence is walked once with openat2(2) and acted on by
 * descriptor. Needs openat2 (kernel 5.6).
 */

/** path_is_clean - absolute, no empty, "." or ".." component, below PATH_MAX, no control byte */
bool path_is_clean(const char *path);

/**
 * path_open_in - open below a root descriptor, links resolved inside that root
 * @flags: open(2) flags; O_CLOEXEC is added. Typical O_PATH.
 *
 * RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS. Returns fd or -errno.
 */
int path_open_in(int rootfd, const char *path, int flags) ATTR_WARN_UNUSED;

/**
 * path_open_ours - as path_open_in, but follows only links that root alone can have made
 *
 * A link counts that lies in a folder of root's which nobody else can write, as /var/run and
 * /home -> /export/home do; any other is -ELOOP. For what is mounted from or onto: a user's link
 * there would choose which folder of the container, /etc say, is covered, or which of the host is
 * shown (MUST-5).
 */
int path_open_ours(int rootfd, const char *path, int flags) ATTR_WARN_UNUSED;

/** path_open_nolinks - as path_open_in, but any symbolic link is -ELOOP */
int path_open_nolinks(int rootfd, const char *path, int flags) ATTR_WARN_UNUSED;

/**
 * path_make_in - make a directory (or empty regular file) and its parents below a root
 * @is_dir: last component is a directory, else an empty file
 *
 * Walks component by component with descriptors; existing links are followed as by
 * path_open_ours, inside the root. Returns an O_PATH fd or -errno.
 */
int path_make_in(int rootfd, const char *path, bool is_dir, mode_t mode) ATTR_WARN_UNUSED;

/**
 * path_check_trusted - every component from / owned by root, not writable by group or others
 *
 * Sticky world-writable parents are refused too; the last component must be of type S_IFREG or
 * S_IFDIR as wanted. The file is checked on the descriptor that is returned, not by name again.
 * @ret_fd: O_RDONLY|O_CLOEXEC|O_NONBLOCK descriptor
 *
 * -EPERM with the component and what is wrong in err; -ENOENT as it is.
 */
int path_open_trusted(const char *path, mode_t type, int *ret_fd,
		      struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

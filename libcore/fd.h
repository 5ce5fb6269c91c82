/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FD_H
#define FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attr.h"

/* File descriptors: whole reads and writes, small files, leak control. 0 or -errno. */

/** fd_write_all - write all of it, EINTR and short writes handled */
int fd_write_all(int fd, const void *buf, size_t len) ATTR_WARN_UNUSED;

/** fd_read_all - read until EOF or size; returns bytes (<= size) or -errno */
ssize_t fd_read_all(int fd, void *buf, size_t size) ATTR_WARN_UNUSED;

/**
 * fd_read_file_at - read a small file whole into a terminated buffer
 *
 * Opens O_RDONLY|O_CLOEXEC|O_NONBLOCK|O_NOFOLLOW. -EFBIG when it does not fit. Returns length.
 */
ssize_t fd_read_file_at(int dirfd, const char *path, char *buf, size_t size) ATTR_WARN_UNUSED;

/** fd_read_dup - as fd_read_file_at, into new memory of at most max bytes; ret_len may be NULL */
int fd_read_dup(int fd, size_t max, char **ret, size_t *ret_len) ATTR_WARN_UNUSED;

/** fd_write_file_at - open an existing file O_WRONLY and write a string in one write(2) */
int fd_write_file_at(int dirfd, const char *path, const char *text) ATTR_WARN_UNUSED;

/** fd_replace_file_at - write whole: temporary file + fsync + renameat (MUST-8) */
int fd_replace_file_at(int dirfd, const char *name, const void *buf, size_t len,
		       mode_t mode) ATTR_WARN_UNUSED;

/** fd_set_cloexec - set or clear FD_CLOEXEC */
int fd_set_cloexec(int fd, int on) ATTR_WARN_UNUSED;

/**
 * fd_close_except - close every descriptor >= 3 but those listed (MUST-6)
 * @keep: ascending, may hold -1s at the front; count n
 *
 * close_range(2) between the kept ones; falls back to /proc/self/fd on ENOSYS.
 */
int fd_close_except(const int *keep, size_t n) ATTR_WARN_UNUSED;

/** fd_memfd - sealed (write, grow, shrink, seal) CLOEXEC memfd with the given bytes. fd or -errno
 */
int fd_memfd(const char *name, const void *buf, size_t len) ATTR_WARN_UNUSED;

/** fd_std_safe - make sure 0, 1 and 2 are open (on /dev/null where they were not) */
int fd_std_safe(void) ATTR_WARN_UNUSED;

#endif

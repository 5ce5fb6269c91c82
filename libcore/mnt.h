/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MNT_H
#define MNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Mounts by descriptor: made detached, attached on a descriptor (MUST-5). fd or -errno. */

/** mnt_new - a new instance of a filesystem type; options "a,b=c", NULL for none */
int mnt_new(const char *type, const char *options, uint64_t attr,
	    struct ctr_error *err) ATTR_WARN_UNUSED;

/** mnt_clone - a detached copy of what is mounted at that descriptor's place */
int mnt_clone(int fd, bool recursive, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * mnt_clone_program - a detached copy of a program's file, read-only and private
 *
 * MUST-6: who gets at the /proc/PID/exe of what executed it can not write the file there.
 */
int mnt_clone_program(int fd, struct ctr_error *err) ATTR_WARN_UNUSED;

/** mnt_set - set mount attributes (MOUNT_ATTR_*), and propagation (MS_SLAVE ...) when not 0 */
int mnt_set(int fd, uint64_t set, uint64_t propagation, bool recursive,
	    struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * mnt_idmap - what is on the disk shows with the numbers that a user namespace gives it
 * @mnt: detached, and never attached before
 *
 * -EINVAL: one of its file systems can not; -EPERM: it is one of those already.
 */
int mnt_idmap(int mnt, int userns, bool recursive, struct ctr_error *err) ATTR_WARN_UNUSED;

/** mnt_attach - attach a detached mount onto the place of another descriptor */
int mnt_attach(int mnt, int target, const char *what, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct mnt_point - one line of /proc/self/mountinfo (proc(5)) that is of interest */
struct mnt_point {
	char path[1024]; /* mount point, octal escapes decoded */
	char type[64];
};

/** mnt_parse - one line of mountinfo. 0, -EBADMSG, -ENAMETOOLONG */
int mnt_parse(const char *line, struct mnt_point *ret) ATTR_WARN_UNUSED;

/**
 * mnt_is_shown - does the host view show that mount of the host at its place? Pure.
 *
 * Kernel interfaces and what the container gets of its own are not shown.
 */
bool mnt_is_shown(const struct mnt_point *m, bool private_tmp);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_H
#define SYS_H

#include <linux/bpf.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "attr.h"

/*
 * System calls that glibc 2.36 lacks or wraps with surprises; three lines each, 0/fd or -errno.
 * The seam that unit tests replace with -Wl,--wrap. The only other place for #ifdef.
 */

int sys_openat2(int dirfd, const char *path, const struct open_how *how);
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_peer_pidfd(int sock); /* Linux 6.5 */
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
pid_t sys_clone3(struct clone_args *args, size_t size);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_open_tree(int dirfd, const char *path, unsigned int flags);
int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to,
		   unsigned int flags);
int sys_fsopen(const char *fsname, unsigned int flags);
int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fsfd, unsigned int flags, unsigned int attr_flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr,
		      size_t size);
int sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c);
int sys_seccomp(unsigned int op, unsigned int flags, void *args);
int sys_setns(int fd, int nstype);
int sys_unshare(int flags);
int sys_ioprio_set(int which, int who, int ioprio);
int sys_ioprio_get(int which, int who);
int sys_bpf(int cmd, union bpf_attr *attr, size_t size);

#endif

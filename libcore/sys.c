/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return result(syscall(SYS_openat2, dirfd, path, how, sizeof(*how)));
}

int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return result(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return result(syscall(SYS_close_range, first, last, flags));
}

pid_t sys_clone3(struct clone_args *args, size_t size)
{
	return result(syscall(SYS_clone3, args, size));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return result(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return result(syscall(SYS_open_tree, dirfd, path, flags));
}

int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to,
		   unsigned int flags)
{
	return result(syscall(SYS_move_mount, from_dirfd, from, to_dirfd, to, flags));
}

int sys_fsopen(const char *fsname, unsigned int flags)
{
	return result(syscall(SYS_fsopen, fsname, flags));
}

int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux)
{
	return result(syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

int sys_fsmount(int fsfd, unsigned int flags, unsigned int attr_flags)
{
	return result(syscall(SYS_fsmount, fsfd, flags, attr_flags));
}

int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr,
		      size_t size)
{
	return result(syscall(SYS_mount_setattr, dirfd, path, flags, attr, size));
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int sys_peer_pidfd(int sock)
{
	int fd = -1;
	socklen_t len = sizeof(fd);
	int r = result(getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &fd, &len));

	return r < 0 ? r : fd;
}

int sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c)
{
	return result(syscall(SYS_keyctl, op, a, b, c));
}

int sys_seccomp(unsigned int op, unsigned int flags, void *args)
{
	return result(syscall(SYS_seccomp, op, flags, args));
}

int sys_setns(int fd, int nstype)
{
	return result(syscall(SYS_setns, fd, nstype));
}

int sys_unshare(int flags)
{
	return result(syscall(SYS_unshare, flags));
}

int sys_ioprio_set(int which, int who, int ioprio)
{
	return result(syscall(SYS_ioprio_set, which, who, ioprio));
}

int sys_ioprio_get(int which, int who)
{
	return result(syscall(SYS_ioprio_get, which, who));
}

int sys_bpf(int cmd, union bpf_attr *attr, size_t size)
{
	return result(syscall(SYS_bpf, cmd, attr, size));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ENTER_H
#define ENTER_H

#include "err.h"

/*
 * Entering a container from outside: what the module does in the user child (late) or in the caller
 * (join). libc only. Layer 3.
 */

/** struct enter_plan - what the supervisor answered; descriptors are borrowed */
struct enter_plan {
	int mnt_fd, pid_fd, ipc_fd, uts_fd, net_fd, cgroup_fd, time_fd; /* -1: not this namespace */
	int user_fd;	   /* -1: as those; there is no way back */
	int restrict_fd;   /* blob of restrict.h */
	const char *shell; /* path in the container over which attach is bound; NULL: not */
	const char *const
	    *keep_files; /* host files shown at the same path in the private copy (utmp, tty ...);
			    NULL-ended, NULL: none. Absent ones and absent targets are skipped. */
};

/**
 * enter_container - move this process: namespaces, private copy of the mounts, restrictions
 *
 * Descriptors from 3 on become close-on-exec: they point to the host.
 * Needs root and one thread. On failure the process may be half moved: late callers _exit, join
 * callers use enter_leave() with descriptors taken before.
 */
int enter_container(const struct enter_plan *plan, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * enter_spaces - the namespaces alone, those of the mounts too, for who starts a program there
 *
 * The cwd is the container's root then. Only shell, keep_files and restrict_fd of plan do not
 * count. On failure the process is half moved.
 */
int enter_spaces(const struct enter_plan *plan, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct enter_home - the host's namespaces, root and cwd of a process before it joined */
struct enter_home {
	int mnt_fd, pid_fd, ipc_fd, uts_fd, net_fd, cgroup_fd, time_fd, root_fd, cwd_fd;
};

/** enter_remember - open them all, CLOEXEC. enter_leave - go back; enter_home_done - close */
int enter_remember(struct enter_home *ret, struct ctr_error *err) ATTR_WARN_UNUSED;
int enter_leave(const struct enter_home *home, struct ctr_error *err) ATTR_WARN_UNUSED;
void enter_home_done(struct enter_home *home);

/** enter_is_inside - same mount or pid namespace inode as that descriptor? 1, 0, -errno */
int enter_is_inside(int pid_ns_fd);

#endif

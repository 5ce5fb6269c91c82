/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ROOT_H
#define ROOT_H

#include "err.h"
#include "spec.h"
#include "userns.h"

/**
 * struct root_facts - what building a root needs besides the definition
 */
struct root_facts {
	uid_t uid; /* of the owner, for what is created for him */
	gid_t gid;
	const char *helper_dir; /* host's folder of container-init and container-attach */
	bool new_pid_ns;	/* false: /proc is the host's, bound */
	bool new_net_ns;
	bool new_ipc_ns;
	const struct userns *users; /* NULL: no user namespace */
	int at; /* O_PATH folder to leave the tree at, instead of pivoting into it; -1: pivot */
	/* called when all is mounted, before the pivot, with `arg`; NULL: nothing to do */
	int (*mounted)(void *arg, struct ctr_error *err);
	void *arg;
	int upper_tar; /* what an overlay's upper folder is filled with before; -1: nothing */
};

/**
 * root_build - make the container's tree in the caller's new mount namespace and pivot into it
 * @ret_scratch: with Volatile=overlay the detached tmpfs whose folder `upper` has what is written;
 *	else untouched
 *
 * Needs: own mount namespace, root, the namespaces of the facts entered, host tree still visible.
 * Does: host view or RootDirectory=, Volatile=, binds, tmpfs, /tmp, /run, /sys, /proc (hidepid,
 * masked and read-only paths), /dev with its nodes, pts, shm, mqueue, console, /dev/.container
 * (init, attach), Inaccessible=, ReadOnlyPaths=, pivot_root, detach of the old root. All by
 * descriptors (MUST-5). Ends with cwd "/". Must not yet: drop privileges; exec.
 */
int root_build(const struct spec *spec, const struct root_facts *facts, int *ret_scratch,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * root_check_shell - is there an executable regular file at that path inside the tree of rootfd?
 *
 * -ENOENT, -EACCES. Blocking: call it in a child with a deadline.
 */
int root_check_shell(int rootfd, const char *path, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CREATE_H
#define CREATE_H

#include <limits.h>

#include "cg.h"
#include "err.h"
#include "spec.h"
#include "stage.h"
#include "state.h"
#include "userns.h"

/* Making a container: the supervisor's table of stages and the set-up child's. */

enum { CREATE_NS = 8 };

#define CREATE_TREE "tree" /* in the container's folder: where a tree is prepared for CRIU */

/** struct create_restore - what a container is made of that comes back from a checkpoint */
struct create_restore {
	const char *criu;	  /* absolute path of the program */
	int folder;		  /* of the checkpoint */
	int images;		  /* folder of CRIU in it */
	int upper_tar;		  /* -1: the root is no overlay */
	int work;		  /* folder for CRIU's log, -1: containers/ID */
	const struct strv *walls; /* mntlist.h */
	const struct strv *externals;
	const struct strv *held, *places;	 /* held.h, place.h */
	bool imported;				 /* from another machine, heldcopy.h */
	bool lock_network, file_locks, ext_unix; /* criurun.h */
	bool hold_network;			 /* no packet comes in before it runs (network.h) */
	/* called before CRIU starts: 0 when all that it will read was checked (MUST-10) */
	int (*checked)(void *arg, struct ctr_error *err);
	/* called before any of it runs: it can not be done again (MUST-10) */
	int (*spend)(void *arg, struct ctr_error *err);
	void *arg;
};

/** struct create - one container being made, then the resources of the living one */
struct create {
	/* given */
	const struct spec *spec;
	const struct create_restore *restore; /* NULL: a fresh one */
	const struct stage_fault *fault;      /* NULL but in tests */
	int rootfd;			      /* state root */
	const char *helper_dir;		      /* of container-init and container-attach */
	const char *shell; /* must be in the new tree (CTR_E_CONFIG); NULL: none */
	int abort_fd;	   /* readable or hung up: the login gave up; -1: none */
	unsigned int timeout_ms;
	gid_t gid; /* of the owner */
	struct cg_facts cg_facts;
	/* hears of Poststop= hooks that fail; NULL: nobody */
	void (*tell)(void *arg, const struct ctr_error *err);
	void *tell_arg;
	struct state st; /* id, definition, user ... filled; the rest is filled here */

	/* made */
	int dirfd;	 /* containers/ID */
	int control;	 /* listening socket of the supervisor */
	int sync;	 /* to the set-up child, closed once PID 1 is ready; not with Init=none */
	int pidfd;	 /* of PID 1 */
	int restrict_fd; /* blob of what it is not to do (restrict.h) */
	struct child maker; /* runs CRIU, while a container comes back */
	int scratch;	    /* of an overlay, root.h; -1: none */
	struct userns users;
	int join_fd[CREATE_NS]; /* of others, that it joins; space.h */
	int ns_fd[CREATE_NS];	/* mnt pid ipc uts net cgroup user time; -1: shared with the host */
	struct cg cg;
	struct child making; /* the groups, from `cgroup` to `place` */
	bool hooked;	     /* Poststop= is to run when it goes (createhook.h) */
};

/** create_init - all descriptors -1, the rest zero */
void create_init(struct create *c);

/** create_run - make it; on failure nothing is left. The caller holds the container's lock */
int create_run(struct create *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * create_kill - SIGKILL for PID 1, and with it for everything inside; waits for its end
 *
 * -ETIMEDOUT: something inside sleeps in the kernel, where it can not be killed: a FUSE server that
 * has taken a request and does not answer holds up its client for as long as it likes.
 */
int create_kill(struct create *c, unsigned int timeout_ms) ATTR_WARN_UNUSED;

/**
 * create_undo - remove all of a container that create_run made: processes, cgroup, folder
 * @keep_folder: leave the folder, for the record of a stopped container; dirfd stays open
 */
void create_undo(struct create *c, bool keep_folder);

/** create_tree_path - where the tree of a container that comes back is prepared */
int create_tree_path(const struct create *c, char path[PATH_MAX],
		     struct ctr_error *err) ATTR_WARN_UNUSED;

/** create_ns_name - word i of the ns list: "mnt", "pid", "ipc", "uts", "net", "cgroup", "user" ...
 */
const char *create_ns_name(size_t i);

/** create_ns_flag - the same as CLONE_NEW* */
uint64_t create_ns_flag(size_t i);

#endif

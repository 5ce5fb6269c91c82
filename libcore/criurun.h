/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRIURUN_H
#define CRIURUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "str.h"

/*
 * CRIU through libcriu: fixed options, no configuration file of the machine or of a user (MUST-10),
 * control groups left alone, since the container's own are made and limited by us.
 */

/** struct criu_job - what a dump and a restore have in common; everything is borrowed */
struct criu_job {
	const char *program; /* absolute path of criu */
	int images;	     /* folder; a parent image is named relative to it */
	int work;	     /* folder of logs and statistics */
	/* mount points that are not in the images, mntlist.h */
	const struct strv *externals;
	uint64_t netns; /* inode of its own network namespace; 0: the host's */
	bool tcp_established, file_locks, ext_unix, shell_job;
};

/** struct criu_dump - how; zero is: end the processes once they are on disk */
struct criu_dump {
	struct criu_job job;
	pid_t init;
	const char *parent; /* images of a pre-dump, relative to images; NULL: none */
	bool leave_running;
	bool pre; /* memory only, the processes run on */
	unsigned int timeout_ms;
};

/**
 * criurun_dump - write the tree of a container's PID 1 to disk
 *
 * -EIO with the line of CRIU's log that matters; the processes then run as before. -ETIMEDOUT.
 * Runs in a child of the caller.
 */
int criurun_dump(const struct criu_dump *d, struct ctr_error *err) ATTR_WARN_UNUSED;

/** CRIURUN_FD_SYNC - the descriptor on which criurun_restore() speaks; no argument reaches its
 * callback */
enum { CRIURUN_FD_SYNC = 3 };

/**
 * criurun_restore - make the processes again, as children of the caller
 * @root: path of the prepared tree; externals are taken from below it
 * @netns_fd: the namespace for a job with netns; not close-on-exec
 *
 * Before they run, `restored` `pid` is sent on CRIURUN_FD_SYNC, and `go` awaited; another answer,
 * or none for a minute, ends them. The caller is in the control groups, the cgroup namespace and
 * the session keyring that they are to have.
 */
int criurun_restore(const struct criu_job *job, const char *root, int netns_fd,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

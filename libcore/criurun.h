/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRIURUN_H
#define CRIURUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "child.h"
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
	uint64_t netns;	    /* inode of its own network namespace; 0: the host's */
	const char *timens; /* path of one to join at a restore, NULL: its own, or the host's */
	bool lock_network;  /* TCP connections go to the outside */
	bool file_locks, ext_unix;
};

/** struct criu_dump - how; zero is: end the processes once they are on disk */
struct criu_dump {
	struct criu_job job;
	pid_t init;
	const char *parent; /* images of a pre-dump, relative to images; NULL: none */
	bool leave_running;
	bool pre;	 /* memory only, the processes run on */
	bool auto_dedup; /* parents lose the pages that this one has anew */
	unsigned int timeout_ms;
};

/**
 * criurun_ask - begin to ask a program for its version: it has to be started for that, which takes
 * as long as a small dump
 */
int criurun_ask(const char *program, struct child *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** criurun_hear - its answer, "4.1.1"; CTR_E_UNSUPPORTED when it does not run here */
int criurun_hear(struct child *asked, char ret[32], struct ctr_error *err) ATTR_WARN_UNUSED;

/** criurun_forget - an answer that is not wanted any more; pid 0 is fine */
void criurun_forget(struct child *asked);

/** enum criurun_feature - what a kernel has or not; bits */
enum criurun_feature {
	CRIURUN_TRACK = 1, /* it knows which pages were written to: pre-dumps */
	CRIURUN_LAZY = 2,  /* pages can be had when they are needed: userfaultfd(2) */
};

/** criurun_features - bits as CRIU finds them here, -errno. It has to be started for that */
int criurun_features(const char *program, struct ctr_error *err) ATTR_WARN_UNUSED;

/** criurun_need_tracking - CTR_E_UNSUPPORTED without CRIURUN_TRACK, with what to do. Pure */
int criurun_need_tracking(int bits, struct ctr_error *err) ATTR_WARN_UNUSED;

/** criurun_seal - all is on disk and the processes still stand still; below 0: they go on */
typedef int (*criurun_seal)(void *arg, struct ctr_error *err);

/**
 * criurun_dump - write the tree of a container's PID 1 to disk
 * @seal: makes the images a checkpoint, in the calling process; not called with pre
 *
 * -EIO with the line of CRIU's log that matters, what seal returned, -ETIMEDOUT: the processes then
 * run as before. CRIU runs in a child.
 */
int criurun_dump(const struct criu_dump *d, criurun_seal seal, void *arg,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** CRIURUN_FD_SYNC - on which both speak while CRIU runs: no argument reaches its callback */
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

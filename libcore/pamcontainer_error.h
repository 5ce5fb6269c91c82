/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAMCONTAINER_ERROR_H
#define PAMCONTAINER_ERROR_H

/**
 * enum ctr_code - what kind of failure an error record tells of
 *
 * The numbers are ABI: append, never renumber.
 */
enum ctr_code {
	CTR_OK = 0,
	CTR_E_ID_IN_USE = 1,	 /* a container of this ID exists (EEXIST) */
	CTR_E_INVALID_ID = 2,	 /* ID breaks [A-Za-z0-9][A-Za-z0-9_.-]{0,63} (EINVAL) */
	CTR_E_NOT_FOUND = 3,	 /* no container of this ID (ENOENT) */
	CTR_E_PAUSED = 4,	 /* not while the container is paused (EBUSY) */
	CTR_E_NOT_STOPPED = 5,	 /* not while it lives (EBUSY) */
	CTR_E_NOT_RUNNING = 6,	 /* it is not running (ESRCH) */
	CTR_E_NOT_PAUSED = 7,	 /* it is not paused (EINVAL) */
	CTR_E_NO_PROCESS = 8,	 /* the process was not started or is gone (ESRCH) */
	CTR_E_CONFIG = 9,	 /* configuration: syntax, value, owner or mode (EINVAL, EPERM) */
	CTR_E_STATE = 10,	 /* the state record is torn or foreign (EBADMSG) */
	CTR_E_BUSY = 11,	 /* another process holds the container's lock (EAGAIN) */
	CTR_E_TIMEOUT = 12,	 /* the deadline passed (ETIMEDOUT) */
	CTR_E_DENIED = 13,	 /* refused by policy or by missing privilege (EACCES, EPERM) */
	CTR_E_UNSUPPORTED = 14,	 /* this kernel, machine or release cannot (ENOTSUP) */
	CTR_E_CHECKPOINTED = 15, /* not while it is checkpointed (EBUSY) */
	CTR_E_SYSTEM = 16,	 /* everything else; errnum has the kernel's reason */
	CTR_E_IMAGE = 17,  /* checkpoint: changed, incomplete (EBADMSG), another key's, replayed */
	CTR_E_MISFIT = 18, /* checkpoint: of another machine, definition or user (ENOTSUP) */
};

/**
 * struct ctr_error - what failed, where and why
 *
 * Fixed size, no pointers, below PIPE_BUF (pipe(7)), so that a child hands one whole to its
 * parent by a single write(2). A function that returns 0 leaves it untouched. Every function
 * that takes one accepts NULL.
 */
struct ctr_error {
	int code;	/* enum ctr_code */
	int errnum;	/* positive errno, 0 where the kernel was not asked */
	char stage[24]; /* operation or set-up stage, e.g. "root", "cgroup" */
	char text[480]; /* "operation object: reason"; control bytes escaped; never empty */
};

#endif

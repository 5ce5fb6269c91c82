/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHILD_H
#define CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/*
 * Children with a deadline, which do not outlive their parent. One file owns fork: a child reports
 * through an error pipe, is known by pidfd, and is SIGKILLed when its time is up (MUST-4).
 */

/** child_fn - body of a child; returns 0 or -errno with err filled, and never returns to main */
typedef int (*child_fn)(void *arg, struct ctr_error *err);

/** struct child - one that runs; pid 0: none. child_finish() must be called */
struct child {
	pid_t pid;
	int pidfd, report;
};

/** child_start - begin to run fn in a forked child. -errno of clone, pipe */
int child_start(child_fn fn, void *arg, struct child *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** child_finish - wait for it and take its result, as child_run(); pid is 0 then */
int child_finish(struct child *c, unsigned int timeout_ms, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * child_run - run fn in a forked child and wait for it
 * @timeout_ms: after which the child is SIGKILLed: -ETIMEDOUT, code CTR_E_TIMEOUT
 *
 * The child _exits; its error record reaches err. SIGCHLD may be ignored or blocked by the caller:
 * the child is waited for by pid. Returns fn's result, or -errno of fork, or -ECHILD when the
 * child died of a signal (named in err).
 */
int child_run(child_fn fn, void *arg, unsigned int timeout_ms,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * child_finish_program - as child_finish(), of one whose body executed a program
 *
 * -EIO with name and exit status in err when that is not 0, -ECHILD when it died of a signal.
 */
int child_finish_program(struct child *c, const char *name, unsigned int timeout_ms,
			 struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct child_command - a program to run: argv[0] is its path, the environment is a fixed one */
struct child_command {
	const char *const *argv; /* NULL-ended */
	int dirfd;		 /* its working folder */
	int in, out;		 /* 0 and 1; -1: /dev/null, as 2 is */
};

/** child_exec - run a program to its end; -EIO with its exit status in err when that is not 0 */
int child_exec(const struct child_command *cmd, unsigned int timeout_ms,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/** child_wait_exit - wait for a process by pidfd for at most timeout_ms; -ETIMEDOUT; not reaped */
int child_wait_exit(int pidfd, unsigned int timeout_ms) ATTR_WARN_UNUSED;

/** child_now_ms - CLOCK_MONOTONIC in milliseconds, for deadlines */
uint64_t child_now_ms(void);

#endif

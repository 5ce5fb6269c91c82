/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROTO_H
#define PROTO_H

#include <sys/types.h>
#include <termios.h>

#include "err.h"

/*
 * The client's side of the talk with PID 1 (docs/ARCHITECTURE.md, Attach, library -> PID 1). Needs
 * libc alone: container-attach links it too.
 */

enum { PROTO_PAYLOAD_MAX = 4 << 20 };

/** struct proto_start - what PID 1 is asked to start; strings are borrowed */
struct proto_start {
	const char *file;	 /* to execute; searched in PATH of env without '/' */
	const char *const *argv; /* NULL-ended, argv[0] as the program shall see it */
	const char *const *env;	 /* NULL-ended K=V */
	const char *cwd;	 /* NULL: / */
	int cwd_must;		 /* non-zero: fail when it is not there; else / is taken */
	int umask;		 /* -1: not given */
	int as_user;		 /* non-zero: the three below count; heeded from root only */
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t ngroups;
	int terminal; /* non-zero: a pty of the container; fds are not used */
	unsigned int rows, cols;
	const struct termios
	    *termios; /* the terminal's first settings, NULL: as the kernel has them */
	int fds[3];
};

/**
 * proto_start - ask for a process
 * @sock: connected to PID 1
 * @ret_master: the pty's master when terminal, caller closes; else untouched
 *
 * Returns 0 when it was executed; the record of PID 1 otherwise (ENOENT, EACCES of exec told
 * apart).
 */
int proto_start(int sock, const struct proto_start *p, pid_t *ret_pid, int *ret_master,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** proto_wait - its wait status. -ETIMEDOUT after timeout_ms (-1: never); CTR_E_NO_PROCESS if PID 1
 * died */
int proto_wait(int sock, int timeout_ms, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

/** proto_signal - send a signal to its process group */
int proto_signal(int sock, int sig, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

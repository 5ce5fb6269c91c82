/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROTO_H
#define PROTO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "err.h"
#include "restrictone.h"

/*
 * The client's side of the talk with PID 1 (docs/ARCHITECTURE.md, Attach, library -> PID 1). Needs
 * libc alone: container-attach links it too.
 */

enum { PROTO_PAYLOAD_MAX = 4 << 20, PROTO_EXTRA_MAX = 20 };

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
	const int *extra; /* more descriptors, from 3 on */
	size_t nextra;
	/* in place of the definition's; heeded from root of the host only; NULL */
	const struct restrictone *one;
};

/** struct proto_session - what was started, or attached to; the caller closes what is not -1 */
struct proto_session {
	pid_t pid;	   /* as the container counts */
	unsigned int name; /* of a terminal session; 0: none */
	int lead; /* non-zero: reads the terminal; else another peer does, and it is in the ring */
	int master; /* of the pty, -1 without terminal */
	int ring;   /* of its output (ring.h), -1 without */
};
#define PROTO_SESSION_NONE ((struct proto_session){.master = -1, .ring = -1})

/**
 * proto_start - ask for a process
 * @sock: connected to PID 1
 *
 * Returns 0 when it was executed; the record of PID 1 otherwise (ENOENT, EACCES of exec told
 * apart).
 */
int proto_start(int sock, const struct proto_start *p, struct proto_session *ret,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct proto_row - a terminal session in a list */
struct proto_row {
	unsigned int name;
	uid_t uid; /* of who started it */
	pid_t pid; /* of its program, as the container counts */
	uint64_t since_us;
	int attached;
};

/** struct proto_list - sessions to choose from */
struct proto_list {
	size_t n, total; /* total: how many there are */
	struct proto_row rows[64];
};

enum { PROTO_ATTACHED, PROTO_CHOOSE, PROTO_NONE };

/**
 * proto_attach - ask for the terminal of a session
 * @name: 0: the only detached one, as far as the definition wants that (Reattach=)
 * @list: filled with PROTO_CHOOSE; NULL: not wanted
 *
 * PROTO_ATTACHED, PROTO_CHOOSE, PROTO_NONE (also for a PID 1 that knows no sessions), or -errno:
 * -ESRCH when there is no such session of that peer, -EBUSY when another one is attached.
 */
int proto_attach(int sock, unsigned int name, struct proto_session *ret, struct proto_list *list,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** proto_sessions - one page of all terminal sessions, from number `from` of the list on */
int proto_sessions(int sock, size_t from, struct proto_list *ret,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** proto_detach - send away who is attached to a session; it goes on */
int proto_detach(int sock, unsigned int name, struct ctr_error *err) ATTR_WARN_UNUSED;

enum proto_event { PROTO_EXITED, PROTO_DETACHED, PROTO_LEAD };

/** struct proto_news - what PID 1 says of a session */
struct proto_news {
	int event;	/* enum proto_event */
	int status;	/* PROTO_EXITED: wait status */
	int again;	/* PROTO_DETACHED: it can be attached to again in a moment */
	int checkpoint; /* PROTO_DETACHED: because of a checkpoint */
};

/** proto_hear - the next one. -ETIMEDOUT after timeout_ms (-1: never); CTR_E_NO_PROCESS if PID 1
 * died */
int proto_hear(int sock, int timeout_ms, struct proto_news *ret,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/** proto_wait - its wait status, as proto_hear(); CTR_E_NO_PROCESS also when it was detached */
int proto_wait(int sock, int timeout_ms, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

/** proto_signal - send a signal to its process group */
int proto_signal(int sock, int sig, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "msg.h"
#include "proto.h"
#include "restrict.h"

/* container-init: PID 1 of a container. Fixed tables: no peer makes it grow. */

enum { INIT_FD_SYNC = 3, INIT_FD_RESTRICT = 4 };
enum { CONN_MAX = 512, SESSION_MAX = CONN_MAX, CONN_PER_UID = 64, CONN_SPARE = 16, TTY_GID = 5 };

/** struct conn - one peer */
struct conn {
	int sock;	/* -1: free row */
	int session;	/* row of what it started or is attached to; -1 */
	bool dead;	/* to be closed by a child that could not be made yet */
	bool told;	/* has the terminal of its session */
	bool watches;	/* hears when no session is kept any more */
	uint64_t leave; /* CLOCK_MONOTONIC ms; was told to go, and is dropped then. 0 */
	struct ucred cred;
};

/** struct session - what was started for a peer, who may have gone meanwhile */
struct session {
	bool used; /* false: free row */
	bool dead; /* over; its master is to be closed by a child that could not be made yet */
	unsigned int name; /* of a terminal session, from 1; 0: a plain command */
	int master, ring;  /* of a terminal session; -1 */
	int report;	   /* pipe from the child until exec; -1 */
	int lead;	   /* row of the peer that reads the master; -1: detached */
	pid_t pid;
	pid_t keeper; /* child that reads the master of a detached one; 0: none */
	uint64_t
	    keep_end; /* CLOCK_MONOTONIC ms; the keeper was told to end, and is killed then. 0 */
	uid_t uid;    /* of who started it */
	bool outside; /* by root of the host */
	uint64_t since_us; /* CLOCK_REALTIME */
	bool exited;
	int status;
};

enum quiet_step { QUIET_NO, QUIET_LOOK, QUIET_EMPTY, QUIET_YES };
enum { QUIET_FDS = 3 };

/** struct quiet - a checkpoint is being prepared, or taken */
struct quiet {
	int step;		 /* enum quiet_step */
	int asker;		 /* row of the peer; -1 */
	int sent;		 /* last signal to plain commands */
	bool kill_plain;	 /* end plain commands instead of refusing */
	bool again;		 /* the container goes on afterwards */
	uint64_t begin, end;	 /* CLOCK_MONOTONIC ms */
	int terminal[QUIET_FDS]; /* its own meanwhile: master, slave, /dev/tty; -1 */
};

/** struct init - all of PID 1; lives in main */
struct init {
	int epoll, signals, listen;
	const struct restrict_set *restrictions;
	struct msg msg; /* the one buffer for receiving */
	struct conn conns[CONN_MAX];
	struct session sessions[SESSION_MAX];
	struct quiet quiet;
	unsigned int nclosers; /* children that close something */
	bool deaf;	       /* listen is not watched: all rows are in use */
	bool stopping;
	bool bare; /* Init=none: this process becomes the program */
};

/* What an epoll event is about: kind in the high half, slot in the low one */
enum { TAG_LISTEN = 1, TAG_SIGNAL = 2, TAG_CONN = 3, TAG_REPORT = 4 };
#define TAG(kind, slot) ((uint64_t)(kind) << 32 | (uint64_t)(slot))

/* Only from outside: inside nobody has pid 0. */
static inline bool init_is_host_root(const struct conn *c)
{
	return c->cred.pid == 0 && c->cred.uid == 0;
}

/* init_conn.c */

/** init_watch - add a descriptor to the epoll set; tag is a small number */
int init_watch(struct init *in, int fd, uint64_t tag);

/** init_unwatch - take it out again */
void init_unwatch(struct init *in, int fd);

/** init_close - by a child, which alone is held up; false: it could not be made now */
bool init_close(struct init *in, int fd);

/** init_reap_closers - those that have closed */
void init_reap_closers(struct init *in);

/** init_accept - a peer wants a row */
void init_accept(struct init *in);

/** init_drop - end of a peer: its session loses him, close, free the row */
void init_drop(struct init *in, struct conn *c);

/** init_say - an answer without descriptors; a peer that does not read loses it */
void init_say(const struct conn *c, const struct msg *m);

/** init_refuse - answer `error` with the record */
void init_refuse(const struct conn *c, const struct ctr_error *err);

/** init_tick_conns - what could not be done before; ms until it wants to be called again, or -1 */
int init_tick_conns(struct init *in);

/* init_session.c */

/** init_session - of a peer; NULL */
struct session *init_session(struct init *in, const struct conn *c);

/** init_session_new - a row for what that peer starts; NULL: his share or the table is used up */
struct session *init_session_new(struct init *in, const struct conn *c);

/** init_session_end - hang up: close what it has, free the row */
void init_session_end(struct init *in, struct session *s);

/** init_session_leave - that peer goes: another one leads, or it is detached, or hung up */
void init_session_leave(struct init *in, struct session *s, struct conn *c);

/** init_session_exited - whom it concerns, when its program has ended */
void init_session_exited(struct init *in, struct session *s);

/** init_session_part - tell each peer of it to go (`detached` with why, again); it is detached */
void init_session_part(struct init *in, const struct session *s, const char *why, bool again);

/** init_is_detached - a terminal session whose program lives and which nobody is attached to */
bool init_is_detached(const struct session *s);

/** init_reap - all children that have ended */
void init_reap(struct init *in);

/** init_signal - to the foreground process group of a session's terminal, or what was started */
void init_signal(const struct session *s, int sig);

/** init_tick_sessions - as init_tick_conns(): keepers, watchers, what is to be closed */
int init_tick_sessions(struct init *in);

/* init_attach.c */

/** init_attach - `attach`: give a session's terminal to that peer, or say what there is */
void init_attach(struct init *in, struct conn *c);

/** init_attach_go - give the terminal to who waits for it, when its keeper has ended */
void init_attach_go(struct init *in, struct session *s);

/** init_detach - `detach` of the host's root */
void init_detach(struct init *in, struct conn *c);

/** init_list - `sessions` of the host's root */
void init_list(struct init *in, struct conn *c);

/* init_keep.c */

/** init_keep - fork the keeper of a detached session; its pid, or -errno */
pid_t init_keep(const struct session *s);

/* init_quiet.c */

/** init_quiet - `quiesce` of the host's root */
void init_quiet(struct init *in, struct conn *c);

/** init_wake - the host's root sent SIGUSR2: there is a socket again, to ask for `unquiet` on */
void init_wake(struct init *in);

/** init_unquiet - `unquiet` of the host's root */
void init_unquiet(struct init *in, struct conn *c);

/** init_quiet_drop - that peer goes: if it is who asked, before it was answered, all goes on */
void init_quiet_drop(struct init *in, const struct conn *c);

/** init_tick_quiet - as init_tick_conns(): the next step */
int init_tick_quiet(struct init *in);

/* init_start.c */

/**
 * init_start - the `start` of a peer, which is in in->msg and still in the socket's queue: forks
 *
 * The child takes the message out. Until it has executed or failed, and the answer is sent, the
 * peer is not listened to.
 */
void init_start(struct init *in, struct conn *c);

/** init_started - the report pipe of a child is readable: tell the peer */
void init_started(struct init *in, struct session *s);

/** struct start_request - what the child needs of the message; PID 1 has no payload and fds */
struct start_request {
	bool terminal;
	unsigned short rows, cols;
	int payload, fds[3], master;
	int extra[PROTO_EXTRA_MAX]; /* from 3 on */
	size_t nextra;
};

/**
 * init_child - in the forked child: become the peer and execute; returns only by _exit
 * @in: its buffer for messages is used again
 */
void init_child(struct init *in, const struct conn *c, struct start_request *req,
		int report) ATTR_NORETURN;

/* init_adopt.c */

/** init_adopt - in the child: limits, nice value and login uid of the peer, which must live yet */
int init_adopt(const struct conn *c, struct ctr_error *err);

/**
 * init_run - the same in the process that becomes the program; returns when that fails
 * @c: its peer; pid 0 and uid 0: the host's root
 */
int init_run(struct init *in, const struct conn *c, struct start_request *req, int *report,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/* init_request.c */

/** init_request - what a `start` says besides its descriptors. 0, -EBADMSG */
int init_request(const struct msg *m, struct start_request *req,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** init_open_terminal - the container's own devpts; ptmx below it is what only this one serves */
int init_open_terminal(struct start_request *req, struct ctr_error *err) ATTR_WARN_UNUSED;

/* init_bare.c */

/** init_bare - PID 1 with Init=none: wait for the program that it becomes. Its exit code */
int init_bare(struct init *in, struct restrict_set *set);

/**
 * init_become - wait for the `start` of the host's root at the other end and become its program
 * @sock, report: shared with this process's parent, who goes on when they close here
 *
 * Returns when the peer went away without a word: report has a record with ECANCELED then.
 */
void init_become(struct init *in, int sock, int report);

/* init_visit.c */

/** init_visit - enter a container with Init=none and become what is started there. Exit code */
int init_visit(struct init *in, struct restrict_set *set, char *const *words);

/* init_pass.c */

/** init_pass - put the extra descriptors from 3 on, just before execve(2); report may move */
int init_pass(struct start_request *req, int *report, struct ctr_error *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "msg.h"
#include "restrict.h"

/* container-init: PID 1 of a container. Fixed tables: no peer makes it grow. */

enum { CONN_MAX = 512, CONN_PER_UID = 64, CONN_SPARE = 16, TTY_GID = 5 };

/** struct conn - one peer and the process that was started for it */
struct conn {
	int sock;   /* -1: free slot */
	int master; /* of its pty; -1 without terminal */
	int report; /* pipe from the child until exec; -1 */
	pid_t pid;  /* 0: nothing started */
	bool exited;
	bool dead; /* to be closed by a child that could not be made yet */
	int status;
	struct ucred cred;
};

/** struct init - all of PID 1; lives in main */
struct init {
	int epoll, signals, listen;
	const struct restrict_set *restrictions;
	struct msg msg; /* the one buffer for receiving */
	struct conn conns[CONN_MAX];
	size_t ndead; /* rows that are dead */
	bool deaf;    /* listen is not watched: all rows are in use */
	bool stopping;
};

/* init_conn.c */

/** init_watch - add a descriptor to the epoll set; tag is a small number */
int init_watch(struct init *in, int fd, uint64_t tag);

/** init_unwatch - take it out again */
void init_unwatch(struct init *in, int fd);

/** init_accept - a peer wants a row */
void init_accept(struct init *in);

/** init_drop - end of a peer: hang its session up, close, free the row */
void init_drop(struct init *in, struct conn *c);

/** init_bury_all, init_hear - what could not be done before: close dead rows; accept again */
void init_bury_all(struct init *in);
void init_hear(struct init *in);

/* init_start.c */

/**
 * init_start - the `start` of a peer, which is in in->msg and still in the socket's queue: forks
 *
 * The child takes the message out. Until it has executed or failed, and the answer is sent, the
 * peer is not listened to.
 */
void init_start(struct init *in, struct conn *c);

/** init_started - the report pipe of a child is readable: tell the peer */
void init_started(struct init *in, struct conn *c);

/** struct start_request - what the child needs of the message; PID 1 has no payload and fds */
struct start_request {
	bool terminal;
	unsigned short rows, cols;
	int payload, fds[3], master;
};

/**
 * init_child - in the forked child: become the peer and execute; returns only by _exit
 * @in: its buffer for messages is used again
 */
void init_child(struct init *in, const struct conn *c, struct start_request *req,
		int report) ATTR_NORETURN;

/* What an epoll event is about: kind in the high half, slot in the low one */
enum { TAG_LISTEN = 1, TAG_SIGNAL = 2, TAG_CONN = 3, TAG_REPORT = 4 };
#define TAG(kind, slot) ((uint64_t)(kind) << 32 | (uint64_t)(slot))

#endif

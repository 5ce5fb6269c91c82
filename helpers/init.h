/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "msg.h"
#include "restrict.h"

/* container-init: PID 1 of a container. Fixed tables: no peer makes it grow. */

enum { CONN_MAX = 512, CONN_PER_UID = 64, TTY_GID = 5 };

/** struct conn - one peer and the process that was started for it */
struct conn {
	int sock;   /* -1: free slot */
	int master; /* of its pty; -1 without terminal */
	int report; /* pipe from the child until exec; -1 */
	pid_t pid;  /* 0: nothing started */
	bool exited;
	int status;
	struct ucred cred;
};

/** struct init - all of PID 1; lives in main */
struct init {
	int epoll, signals, listen;
	const struct restrict_set *restrictions;
	struct msg msg; /* the one buffer for receiving */
	struct conn conns[CONN_MAX];
	bool stopping;
};

/** init_start - the `start` of a peer: forks; the answer is sent when the child executed or failed
 */
void init_start(struct init *in, struct conn *c);

/** init_started - the report pipe of a child is readable: tell the peer */
void init_started(struct init *in, struct conn *c);

/** struct start_request - what the child needs of the message */
struct start_request {
	bool terminal;
	unsigned short rows, cols;
	int payload, fds[3], master;
};

/** init_child - in the forked child: become the peer and execute; returns only by _exit */
void init_child(const struct init *in, const struct conn *c, const struct start_request *req,
		int report) ATTR_NORETURN;

/** init_watch - add a descriptor to the epoll set; tag is a small number */
int init_watch(struct init *in, int fd, uint64_t tag);

/* What an epoll event is about: kind in the high half, slot in the low one */
enum { TAG_LISTEN = 1, TAG_SIGNAL = 2, TAG_CONN = 3, TAG_REPORT = 4 };
#define TAG(kind, slot) ((uint64_t)(kind) << 32 | (uint64_t)(slot))

#endif

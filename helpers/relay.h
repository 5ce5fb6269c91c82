/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <termios.h>

#include "err.h"
#include "proto.h"
#include "ring.h"

/* The outer terminal of a login and the inner one of its session, byte for byte. */

/** struct relay_peer - the process inside, however it is reached */
struct relay_peer {
	int fd; /* readable when hear would not block */
	void *of;
	/* what is said of it; -errno with err filled */
	int (*hear)(void *of, struct proto_news *ret, struct ctr_error *err);
	/* to its process group; it may be gone */
	void (*signal)(void *of, int sig);
};

/** struct relay - one terminal session; descriptors and the ring are borrowed */
struct relay {
	int in, out; /* the outer terminal */
	int master;  /* of the inner one */
	int signals; /* of relay_catch_signals() */
	struct relay_peer peer;
	struct termios saved; /* of the outer terminal, put back at the end */
	struct ring *ring;    /* what is read goes there too; NULL: nowhere */
	bool again;	      /* was attached to: show what is in the ring, have programs redraw */
	bool follows;	      /* somebody else reads the master: output comes out of the ring */
	uint64_t shown; /* with again: from where on the ring is shown; left for the next time */
	struct proto_news news; /* why it ended; of relay_run() */
};

/** relay_on_terminal - are 0, 1 and 2 one terminal? */
bool relay_on_terminal(void);

/** relay_catch_signals - those meant for the process inside; a signalfd or -errno */
int relay_catch_signals(void) ATTR_WARN_UNUSED;

/** relay_pass_signals - those that wait in r->signals, to the process inside */
void relay_pass_signals(const struct relay *r);

/** relay_is_told_to_end - reads what waits in r->signals: is it one to go by? */
bool relay_is_told_to_end(const struct relay *r);

/** relay_end_as - what to exit with; of a process killed by a signal: dies of the same one */
int relay_end_as(int status);

enum { RELAY_EXITED, RELAY_DETACHED };

/**
 * relay_run - until the process has exited and all its output is written, or it was detached
 * @ret_status: wait status, with RELAY_EXITED
 *
 * RELAY_EXITED, RELAY_DETACHED, or -errno. Puts the outer terminal into raw mode and back; not
 * back when r->news says that it can be attached to again: then relay_restore() is the caller's.
 * -ECONNRESET when the outer side hung up: the caller exits, and PID 1 learns it.
 */
int relay_run(struct relay *r, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

/** relay_restore - the outer terminal's settings, and the modes that programs inside may have set
 */
void relay_restore(const struct relay *r);

/** relay_hear_exit - the next news must be of its end; -ECONNABORTED when it was detached */
int relay_hear_exit(const struct relay *r, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

/** relay_wait - without a terminal: pass signals on until the process has exited */
int relay_wait(const struct relay *r, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

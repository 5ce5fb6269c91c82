/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <termios.h>

#include "err.h"

/* The outer terminal of a login and the inner one of its session, byte for byte. */

/** struct relay_peer - the process inside, however it is reached */
struct relay_peer {
	int fd; /* readable when wait would not block */
	void *of;
	/* its wait status; -errno with err filled */
	int (*wait)(void *of, int *ret_status, struct ctr_error *err);
	/* to its process group; it may be gone */
	void (*signal)(void *of, int sig);
};

/** struct relay - one terminal session; descriptors are borrowed */
struct relay {
	int in, out; /* the outer terminal */
	int master;  /* of the inner one */
	int signals; /* of relay_catch_signals() */
	struct relay_peer peer;
	struct termios saved; /* of the outer terminal, put back at the end */
};

/** relay_on_terminal - are 0, 1 and 2 one terminal? */
bool relay_on_terminal(void);

/** relay_catch_signals - those meant for the process inside; a signalfd or -errno */
int relay_catch_signals(void) ATTR_WARN_UNUSED;

/** relay_pass_signals - those that wait in r->signals, to the process inside */
void relay_pass_signals(const struct relay *r);

/** relay_end_as - what to exit with; of a process killed by a signal: dies of the same one */
int relay_end_as(int status);

/**
 * relay_run - until the process has exited and all its output is written
 * @ret_status: wait status
 *
 * Puts the outer terminal into raw mode and back. -ECONNRESET when the outer side hung up: the
 * caller exits, and PID 1 hangs up the session.
 */
int relay_run(struct relay *r, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

/** relay_wait - without a terminal: pass signals on until the process has exited */
int relay_wait(const struct relay *r, int *ret_status, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RELAY_H
#define RELAY_H

#include <termios.h>

#include "err.h"

/* The outer terminal of a login and the inner one of its session, byte for byte. */

/** struct relay - one terminal session; descriptors are borrowed */
struct relay {
	int in, out;	      /* the outer terminal */
	int master;	      /* of the inner one */
	int sock;	      /* to PID 1 */
	int signals;	      /* signalfd */
	struct termios saved; /* of the outer terminal, put back at the end */
};

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KNOCK_H
#define KNOCK_H

#include "args.h"
#include "msg.h"

/*
 * Asking the supervisor of the container that the user's last login went to, without executing one:
 * it knows at once whether this login is its own too. Any other answer than `contained`, and none,
 * means that container-supervisor is executed as ever.
 */

/**
 * knock_start - send the login there; on return login is as it was
 * @login: the message `login` with its descriptors
 *
 * Waits for nobody. Returns the session socket, or -errno when there is nobody to ask.
 */
int knock_start(const struct args *a, struct msg *login) ATTR_WARN_UNUSED;

/**
 * knock_answer - wait for `contained` on the session socket, but not for long (MUST-4)
 * @left_ms: until the deadline of the login
 *
 * 0: answer holds it. -errno: nothing was promised; who closes the socket has left.
 */
int knock_answer(int sock, struct msg *answer, int left_ms) ATTR_WARN_UNUSED;

#endif

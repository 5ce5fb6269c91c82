/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SETUP_H
#define SETUP_H

#include "create.h"

/**
 * setup_child - body of the set-up child, the PID 1 to be
 * @sync: its end of the socket to the supervisor
 *
 * Needs: the new namespaces of clone(2). Waits for `go`, runs its table, executes container-init.
 * Never returns: a failure goes to the supervisor as `error`, then _exit.
 */
void setup_child(const struct create *c, int sync) ATTR_NORETURN;

#endif

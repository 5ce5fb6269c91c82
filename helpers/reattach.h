/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REATTACH_H
#define REATTACH_H

#include <stdbool.h>

#include "proto.h"

/* What a login finds again: the user's sessions that nobody is attached to. */

/** reattach_wanted - is it a plain login shell, without a command or a script? */
bool reattach_wanted(const char *const *argv);

/** reattach_answer - a line typed at the list: session number, 0 for a new one, -EINVAL */
int reattach_answer(const char *line, const struct proto_list *list);

/**
 * reattach - take the only detached session, or ask on the terminal which one
 *
 * PROTO_ATTACHED, PROTO_NONE: a new one is wanted, or -errno; -ECONNRESET when the terminal hung
 * up.
 */
int reattach(int sock, struct proto_session *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

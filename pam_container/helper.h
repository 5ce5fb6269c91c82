/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HELPER_H
#define HELPER_H

#include "args.h"
#include "err.h"
#include "msg.h"

/**
 * helper_start - execute container-supervisor with one socket as descriptor 3
 * @login: the message that waits there for it
 *
 * The process is nobody's child that the caller could wait for, gets no environment, no other
 * descriptor, default signals; the caller gets no SIGCHLD (MUST-3). Returns the socket or -errno.
 */
int helper_start(const struct args *a, const struct msg *login,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

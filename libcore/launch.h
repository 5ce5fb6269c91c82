/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "err.h"
#include "msg.h"

/**
 * launch_start - execute a program that is nobody's child, with one socket as descriptor 3
 * @file: its path
 * @argv: NULL-ended, argv[0] as the program shall see it
 *
 * The process is nobody's that the caller could wait for; it gets a clean environment, /dev/null as
 * 0, 1, 2, no other descriptor and default signals. The caller gets no SIGCHLD and is left as it
 * was (MUST-3); it may have threads. Returns the other end of the socket or -errno of what failed
 * up to and with execve(2).
 */
int launch_start(const char *file, const char *const *argv, struct ctr_error *err) ATTR_WARN_UNUSED;

/** launch_with - the same, with a message that is there when the program looks for it first */
int launch_with(const char *file, const char *const *argv, const struct msg *first,
		struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stddef.h>
#include <sys/types.h>

#include "attr.h"

/* The command line of a process, for people: which of several rsyncs it is. */

/**
 * cmdline_format - the words that /proc/PID/cmdline holds, each ended by a NUL, as one line
 *
 * Escaped (MUST-11), and cut to size with "..." at the end; "" when there are none. size must be at
 * least 4. Pure.
 */
void cmdline_format(const char *data, size_t len, char *dst, size_t size);

/**
 * cmdline_read - of a process; its name in brackets where it has none
 *
 * The words are in its memory, which may be a page that its owner gives when he likes: only in a
 * child with a deadline (MUST-4). -ESRCH
 */
int cmdline_read(pid_t pid, char *dst, size_t size) ATTR_WARN_UNUSED;

#endif

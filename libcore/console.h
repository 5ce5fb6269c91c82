/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "err.h"

/* A terminal handed to who listens on a socket, as runc's --console-socket does. */

/** console_connect - to a listening AF_UNIX stream socket. fd or -errno; blocks at most 5 s */
int console_connect(const char *path, struct ctr_error *err) ATTR_WARN_UNUSED;

/** console_send - one message: the terminal's name as data, its master by SCM_RIGHTS */
int console_send(int sock, int master, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

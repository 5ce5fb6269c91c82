/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NSPATH_H
#define NSPATH_H

#include <stdint.h>

#include "err.h"

/**
 * nspath_open - a namespace by its path: a file it is mounted on, or /proc/PID/ns/NAME
 * @flag: CLONE_NEW*, the type it must have
 * @users: a user namespace that is joined too; -1: none
 *
 * MUST-5: the path of a mount is root's alone; the kernel says what is there: a namespace, of that
 * type, of the user namespace that this process is in or of users, and not the host's own, in which
 * the container would be without that wall. -EINVAL or -EPERM with CTR_E_CONFIG, -ENOENT. Returns
 * the descriptor.
 */
int nspath_open(const char *path, uint64_t flag, int users, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

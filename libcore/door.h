/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOOR_H
#define DOOR_H

#include <stddef.h>

#include "err.h"

/**
 * door_pass - put this process, of one thread, into the groups whose files these are (cg.h)
 * @fds: of cg_door_open(), perhaps received from the supervisor; n of them
 *
 * libc only: the module links it. 0 or the kernel's -errno of the first write that failed.
 */
int door_pass(const int *fds, size_t n, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

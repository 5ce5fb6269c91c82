/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOCKQUEUE_H
#define SOCKQUEUE_H

#include <stddef.h>

#include "err.h"

/*
 * Descriptors that were sent and not received (unix(7), SCM_RIGHTS). CRIU keeps them with what is
 * in a socket's queue and opens their files again by path and as root, as it does with all; but
 * they are in no process's table, so that nobody could compare what they lead to (held.h, MUST-10).
 */

/** sockqueue_has_descriptors - a whole sk-queues.img. 1, 0; -EBADMSG: it is none. Pure */
int sockqueue_has_descriptors(const void *data, size_t len) ATTR_WARN_UNUSED;

/**
 * sockqueue_refuse - of a folder of images that CRIU has just written
 *
 * -EBUSY (CTR_E_UNSUPPORTED): one is on its way.
 */
int sockqueue_refuse(int images, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

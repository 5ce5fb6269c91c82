/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RECENT_H
#define RECENT_H

#include <sys/types.h>

#include "err.h"

/*
 * Where a user's last login went: STATE_ROOT/recent/UID, a link to the control socket of that
 * container. A hint, by which the module asks a living supervisor without executing one; that
 * supervisor decides by itself whether the login is its own. libc only: the module links it.
 */

/**
 * recent_note - the next login of that user may ask container id first
 *
 * The caller holds the container's lock, so that its folder stays: recent_forget() comes with it.
 */
int recent_note(int rootfd, uid_t uid, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/** recent_forget - nobody asks container id any more; its folder is about to go (MUST-9) */
int recent_forget(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * recent_connect - connect to the supervisor of the container of that user's last login
 * @root: the state root
 *
 * Waits for nobody (MUST-4): -EAGAIN when the queue is full. -ENOENT: no such login; -ECONNREFUSED:
 * its supervisor is gone; -EPERM: root or listener are not this user's own, and nobody else's.
 * Returns a descriptor that does not block.
 */
int recent_connect(const char *root, uid_t uid) ATTR_WARN_UNUSED;

#endif

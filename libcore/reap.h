/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REAP_H
#define REAP_H

#include "err.h"
#include "str.h"

/* Removing what a dead supervisor left (MUST-9). */

/**
 * reap_container - remove a container whose supervisor is gone; the caller holds its lock
 *
 * Kills its cgroup, removes cgroup and folder. A record that can not be read is no obstacle: the
 * cgroup's path follows from the ID, and whether the supervisor lives shows by its socket. -EBUSY
 * with CTR_E_NOT_STOPPED while it does.
 */
int reap_container(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * reap_all - every dead container and every half-made folder below a state root
 * @dry: only say
 * @lines: a line a finding, "container alice-1: its supervisor is gone: removed"
 *
 * A living one whose record can not be read is ended by its supervisor, which is not waited for.
 * Goes on after a failure and returns the first one.
 */
int reap_all(int rootfd, bool dry, struct strv *lines, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGSTAT_H
#define CGSTAT_H

#include "cg.h"
#include "pamcontainer.h"

/**
 * cgstat_read - statistics of a container's groups by plain reads
 *
 * Fills everything but the network interfaces. What the machine does not have stays CTR_ABSENT,
 * never 0.
 */
int cgstat_read(const struct cg *cg, struct ctr_stats *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgstat_net - interfaces of the network namespace of a pid, from its /proc/PID/net/dev */
int cgstat_net(pid_t pid, struct ctr_stats *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

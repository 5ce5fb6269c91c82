/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGSTAT_H
#define CGSTAT_H

#include "cg.h"
#include "pamcontainer.h"

/**
 * cgstat_read - statistics of a container's groups by plain reads
 *
 * Fills everything but the network interfaces. What the machine does not have stays CTR_ABSENT,
 * never 0; so does a limit that is not set. Pressure on a hybrid machine is that of PID 1's tree,
 * since joined processes are not in the v2 group (cgprobe_holds()).
 */
int cgstat_read(const struct cg *cg, struct ctr_stats *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgstat_net - interfaces of the network namespace of a pid, from its /proc/PID/net/dev */
int cgstat_net(pid_t pid, struct ctr_stats *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/* Parsers of the kernel's texts (admin-guide/cgroup-v1, cgroup-v2.rst); pure. */

/** cgstat_number - "12\n" ; CTR_ABSENT for "max", no limit of v1, and anything else */
uint64_t cgstat_number(const char *text) ATTR_PURE;

/** cgstat_value - the number in the line "KEY NUMBER"; CTR_ABSENT when there is none */
uint64_t cgstat_value(const char *text, const char *key) ATTR_PURE;

/** cgstat_pressure - "some avg10=0.12 ..." and "full ..."; what is not there stays as it is */
void cgstat_pressure(const char *text, struct ctr_pressure *ret);

/** cgstat_io_v2 - lines "MAJOR:MINOR rbytes=1 wbytes=2 rios=3 wios=4 ..." */
void cgstat_io_v2(const char *text, struct ctr_stats *ret);

/** cgstat_io_v1 - lines "MAJOR:MINOR Read 1"; bytes or (operations) counts */
void cgstat_io_v1(const char *text, bool operations, struct ctr_stats *ret);

/** cgstat_net_text - a /proc/PID/net/dev; more than CTR_STATS_NET interfaces are cut off */
void cgstat_net_text(const char *text, struct ctr_stats *ret);

#endif

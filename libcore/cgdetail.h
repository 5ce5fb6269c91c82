/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGDETAIL_H
#define CGDETAIL_H

#include "cg.h"
#include "pamcontainer.h"

/* The figures of a group that are seldom asked for, by plain reads; the usual ones: cgstat.h. */

/**
 * cgdetail_read - what the machine does not have stays CTR_ABSENT, or is not in its list
 *
 * -ENOENT when there is no group.
 */
int cgdetail_read(const struct cg *cg, struct ctr_details *ret,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgdetail_memory - one line of memory.stat; CTR_E_NOT_FOUND when there is none of that name */
int cgdetail_memory(const struct cg *cg, const char *key, uint64_t *ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/* Parsers of the kernel's texts; pure. */

/** cgdetail_percpu - "1 2 3 \n" of cpuacct.usage_percpu, nanoseconds; too many are cut off */
void cgdetail_percpu(const char *text, struct ctr_details *ret);

/**
 * cgdetail_io_v1 - "8:0 Total 5" or, of a file without operations, "8:0 5"
 * @op: "Total", "Discard"; NULL: the second form
 * @field: offset of a uint64_t in struct ctr_details_io
 */
void cgdetail_io_v1(const char *text, const char *op, size_t field, struct ctr_details *ret);

/** cgdetail_io_v2 - dbytes and dios of io.stat */
void cgdetail_io_v2(const char *text, struct ctr_details *ret);

/** cgdetail_rdma - "mlx4_0 hca_handle=2 hca_object=max"; limits or what is in use */
void cgdetail_rdma(const char *text, bool limits, struct ctr_details *ret);

/**
 * cgdetail_nodes - memory.numa_stat
 * @page: of v1, "hierarchical_anon=3 N0=1 N1=2", which counts pages: bytes of one. 0: of v2, "anon
 *	N0=4096 N1=8192"
 */
void cgdetail_nodes(const char *text, uint64_t page, struct ctr_details *ret);

/**
 * cgdetail_misc - "sev 3" of misc.current and its like, or "sev.max 1" of misc.events
 * @suffix: behind the name, ".max"; "": none
 * @field: offset of a uint64_t in struct ctr_details_misc
 */
void cgdetail_misc(const char *text, const char *suffix, size_t field, struct ctr_details *ret);

#endif

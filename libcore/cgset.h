/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGSET_H
#define CGSET_H

#include "cg.h"
#include "cgdevlist.h"

/*
 * The [Resources] of a definition as files and values, for v1 and v2. What is a wall and cannot be
 * written is an error; what only shares or slows down is passed over where the machine lacks it.
 *
 * | key                 v1                           v2                   absent
 * | MemoryMax           memory.limit_in_bytes        memory.max           error
 * | MemoryHigh          -                            memory.high          passed over
 * | MemoryLow           memory.soft_limit_in_bytes   memory.low           passed over
 * | MemoryMin           -                            memory.min           passed over
 * | MemorySwapMax       memory.memsw.limit_in_bytes  memory.swap.max      error if swap
 * | MemorySwappiness    memory.swappiness            -                    passed over
 * | OOMKillDisable      memory.oom_control           error                error
 * | KernelMemoryMax     -                            -                    ignored
 * | TasksMax            pids.max                     pids.max             error
 * | CPUQuota            cpu.cfs_quota_us             cpu.max              error
 * | CPUQuotaPeriodSec   cpu.cfs_period_us            cpu.max              error
 * | CPUQuotaBurstSec    cpu.cfs_burst_us             cpu.max.burst        passed over
 * | CPUWeight CPUShares cpu.shares cpu.idle          cpu.weight cpu.idle  passed over
 * | CPURealtime*Sec     cpu.rt_runtime_us ..         error                error
 * | AllowedCPUs         cpuset.cpus                  cpuset.cpus          error
 * | AllowedMemoryNodes  cpuset.mems                  cpuset.mems          error
 * | IOWeight            blkio[.bfq].weight           io[.bfq].weight      passed over
 * | IODeviceWeight      blkio[.bfq].weight_device    io[.bfq].weight      passed over
 * | IO*Max              blkio.throttle.*             io.max               error
 * | HugetlbMax          hugetlb.SIZE.limit_in_bytes  hugetlb.SIZE.max     error
 * | RDMAMax             rdma.max                     rdma.max             error
 * | NetworkClassID      net_cls.classid              error                error
 * | NetworkPriority     net_prio.ifpriomap           error                error
 * | Unified             error                        any                  error
 * | DevicePolicy ..     devices.*                    cgdev.h              error
 */

/** enum cgset_absent - what it means when the controller or the file is not there */
enum cgset_absent {
	CGSET_HARD, /* a wall: CTR_E_UNSUPPORTED */
	CGSET_SOFT, /* passed over */
	CGSET_SWAP, /* a wall, unless the machine has no swap either */
};

/** struct cgset_item - one write */
struct cgset_item {
	const char *key;	      /* of container.conf(5), for messages */
	const char *file;	      /* e.g. "pids.max" */
	const struct cg_hierarchy *h; /* borrowed from the facts */
	char *value;		      /* owned */
	char *undo;		      /* owned; what lifts it again; NULL: what the file says now */
	const char *undo_file;	      /* where undo goes when file cannot be read; NULL: there */
	int absent;		      /* enum cgset_absent */
	char *own_file;		      /* owned; file where it is no literal, else NULL */
};

/** struct cgset - writes in their order; {0} is the empty one; free with cgset_done() */
struct cgset {
	struct cgset_item *v;
	size_t n;
};
void cgset_done(struct cgset *set);
#define autocgset __attribute__((cleanup(cgset_done)))

/** cgset_add - append, with copies of its texts (undo may be NULL). 0, -ENOMEM */
int cgset_add(struct cgset *set, struct cgset_item item, const char *value,
	      const char *undo) ATTR_WARN_UNUSED;

/** cgset_plans - is something written to that file that begins so? Pure */
bool cgset_plans(const struct cgset *set, const char *file, const char *start) ATTR_PURE;

/** cgset_device - a rule as the devices controller of v1 takes it, "c 1:3 rwm"; pure */
int cgset_device(const struct cgdev_rule *rule, char *dst, size_t size) ATTR_WARN_UNUSED;

/** cgset_io_weight - a weight of 1 to 10000 in the units of a file of blkio or io; pure */
int cgset_io_weight(const char *file, const char *weight, char *dst, size_t size) ATTR_WARN_UNUSED;

/** cgset_resolve - a device path to "MAJOR:MINOR". cgapply_device() */
typedef int (*cgset_resolve)(const char *path, char *dst, size_t size, struct ctr_error *err);

/** struct cgset_options - how to plan */
struct cgset_options {
	cgset_resolve resolve;
	bool live; /* a group that lives: numbers that are not given are lifted, the rest is
		      cglive.h's */
};

/**
 * cgset_plan - all writes of a definition; pure but for resolve and the nodes of DeviceAllow=
 *
 * CTR_E_UNSUPPORTED names the key and the controller that this machine does not offer.
 */
int cgset_plan(const struct cg_facts *facts, const struct spec *spec,
	       const struct cgset_options *opt, struct cgset *ret,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

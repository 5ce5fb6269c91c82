/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAMCONTAINER_STATS_H
#define PAMCONTAINER_STATS_H

/* Statistics: a part of pamcontainer.h, which includes this and is to be included instead. */

#include <stddef.h>
#include <stdint.h>

#include "pamcontainer_error.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct ctr_container;

#define CTR_ABSENT UINT64_MAX /* a figure that this machine does not have */

enum { CTR_STATS_IO = 32, CTR_STATS_NET = 16, CTR_STATS_HUGE = 8 };

/** struct ctr_pressure - PSI: "some" and "full" lines; avg in 1/100 percent, total in µs */
struct ctr_pressure {
	uint64_t some_avg10, some_avg60, some_avg300, some_total;
	uint64_t full_avg10, full_avg60, full_avg300, full_total;
};

/** struct ctr_stats - counters; CTR_ABSENT where there is none */
struct ctr_stats {
	uint64_t cpu_usage_us, cpu_user_us, cpu_system_us;
	uint64_t cpu_periods, cpu_throttled, cpu_throttled_us;
	uint64_t mem_usage, mem_peak, mem_limit, mem_swap, mem_swap_limit; /* bytes */
	uint64_t mem_anon, mem_file, mem_kernel, mem_shmem, mem_inactive_file;
	uint64_t mem_failures, oom_kills;
	uint64_t pids_current, pids_limit, pids_failures;
	struct ctr_stats_io {
		unsigned int major, minor;
		uint64_t read_bytes, write_bytes, reads, writes;
	} io[CTR_STATS_IO];
	size_t nio;
	struct ctr_stats_net {
		char name[16];
		uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
		uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
		char host_name[16]; /* the host's end, which counted; "": counted inside */
	} net[CTR_STATS_NET];
	size_t nnet;
	struct ctr_stats_huge {
		char size[16];
		uint64_t usage, peak, failures;
	} huge[CTR_STATS_HUGE];
	size_t nhuge;
	struct ctr_pressure cpu_pressure, mem_pressure, io_pressure;
};

/**
 * ctr_stats_read - figures of its control groups and of its own network interfaces
 *
 * nnet is 0 where the network is the host's. Received is what the container has received, also
 * where the host's end of its interface counted it, which calls that sent.
 */
int ctr_stats_read(struct ctr_container *c, struct ctr_stats *ret, struct ctr_error *err);

enum {
	CTR_DETAILS_CPUS = 512,
	CTR_DETAILS_RDMA = 8,
	CTR_DETAILS_NODES = 64,
	CTR_DETAILS_MISC = 8,
};

/** struct ctr_details - figures that are seldom asked for; CTR_ABSENT where there is none */
struct ctr_details {
	uint64_t cpu_us[CTR_DETAILS_CPUS]; /* of each CPU; cgroup v1 */
	size_t ncpu;
	uint64_t cpu_bursts, cpu_burst_us;		  /* above CPUQuota= */
	uint64_t memsw_usage, memsw_peak, memsw_failures; /* memory and swap together; v1 */
	uint64_t swap_peak, swap_failures;		  /* v2 */
	uint64_t kernel_peak, kernel_failures;		  /* v1; usage: mem_kernel of ctr_stats */
	uint64_t tcp_usage, tcp_peak, tcp_failures;	  /* buffers of sockets */
	struct ctr_details_io { /* what the disk's scheduler counts, BFQ or CFQ */
		unsigned int major, minor;
		uint64_t queued, merged, time_ms, sectors;
		uint64_t service_ns, wait_ns;
		uint64_t discard_bytes, discards;
	} io[CTR_STATS_IO];
	size_t nio;
	struct ctr_details_rdma {
		char device[64];
		uint64_t handles, objects, handle_limit, object_limit;
	} rdma[CTR_DETAILS_RDMA];
	size_t nrdma;
	char cpus[256],
	    mems[256]; /* that it may use now: "0-3,8"; "" without a cpuset controller */
	uint64_t cpu_exclusive, mem_exclusive, mem_hardwall; /* 0 or 1; v1, as the next ones */
	uint64_t mem_migrate, mem_spread_page, mem_spread_slab, load_balance;
	uint64_t cpuset_pressure; /* reclaims a second, times 1000; 0 unless it is switched on */
	struct ctr_details_node { /* bytes in memory of one NUMA node */
		unsigned int node;
		uint64_t anon, file, unevictable;
	} nodes[CTR_DETAILS_NODES];
	size_t nnodes;
	struct ctr_details_misc { /* what the misc controller counts: "sev", "sgx_epc" ... */
		char name[32];
		uint64_t current, peak, limit, failures;
	} misc[CTR_DETAILS_MISC];
	size_t nmisc;
};

/** ctr_stats_details - the rest of what its control groups count */
int ctr_stats_details(struct ctr_container *c, struct ctr_details *ret, struct ctr_error *err);

/**
 * ctr_stats_memory - a line of memory.stat by its name, as the kernel has it: "pgfault"
 *
 * CTR_E_NOT_FOUND (-ENOENT) when this kernel has none of that name.
 */
int ctr_stats_memory(struct ctr_container *c, const char *key, uint64_t *ret,
		     struct ctr_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif

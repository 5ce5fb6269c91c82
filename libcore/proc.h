/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attr.h"

/* Facts about processes, read from /proc. 0 or -errno; -ESRCH when the process is gone. */

/** struct proc_stat - fields of /proc/PID/stat (proc(5)) that we use */
struct proc_stat {
	pid_t pid;
	pid_t ppid;
	char comm[64];	      /* escaped */
	char state;	      /* R S D Z T t X ... */
	uint64_t utime_ticks; /* user mode, in clock ticks (sysconf _SC_CLK_TCK) */
	uint64_t stime_ticks;
	uint64_t start_ticks; /* field 22: start time after boot, in clock ticks */
	uint64_t rss_pages;
	int32_t threads;
	int32_t tty_nr;
	uint64_t flags; /* PF_* of include/linux/sched.h */
};

/** proc_read_stat - read one */
int proc_read_stat(pid_t pid, struct proc_stat *ret) ATTR_WARN_UNUSED;

/** struct proc_id - pid plus start time: the identity that a recycled pid does not share (MUST-8)
 */
struct proc_id {
	pid_t pid;
	uint64_t start_ticks;
};

/** proc_identify - identity of a live process */
int proc_identify(pid_t pid, struct proc_id *ret) ATTR_WARN_UNUSED;

/** proc_is_alive - true when that very process lives and is no zombie */
bool proc_is_alive(const struct proc_id *id);

/**
 * proc_self - O_PATH of /proc/self, with nothing on the way that was mounted there later
 *
 * MUST-1: who may mount inside may have put a tree of his onto /proc, or another process's folder
 * onto this one's. -EXDEV then.
 */
int proc_self(void) ATTR_WARN_UNUSED;

/** proc_open_own - a file below that, by openat(2)'s flags; -EXDEV, -ELOOP: something lies on it */
int proc_open_own(int self, const char *name, int flags) ATTR_WARN_UNUSED;

/** proc_ns_inode - inode of /proc/PID/ns/NAME, e.g. "mnt" */
int proc_ns_inode(pid_t pid, const char *name, uint64_t *ret) ATTR_WARN_UNUSED;

/** proc_is_below - is it that process, or a child of its children? False when it has ended */
bool proc_is_below(pid_t pid, pid_t top);

/** proc_thread_count - threads of this process (counted in /proc/self/task) */
int proc_thread_count(void) ATTR_WARN_UNUSED;

/**
 * proc_nspids - the process's pid in each PID namespace that sees it, from that of /proc down
 *
 * Returns how many there are (more than max is -E2BIG), -ESRCH, -EBADMSG.
 */
int proc_nspids(pid_t pid, pid_t *ret, size_t max) ATTR_WARN_UNUSED;

/** proc_uid - real uid of the process */
int proc_uid(pid_t pid, uid_t *ret) ATTR_WARN_UNUSED;

#endif

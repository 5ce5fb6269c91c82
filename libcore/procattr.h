/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROCATTR_H
#define PROCATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/*
 * Attributes of a process besides its identity and limits: scheduler, I/O priority, CPUs,
 * personality, more groups, labels. A part of struct restrict_set, so that every way in has them.
 */

enum { PROCATTR_CPUS = 8192, PROCATTR_GROUPS = 64, PROCATTR_LABEL = 256 };

/** struct procattr - plain data, fixed size; {0} changes nothing */
struct procattr {
	uint8_t sched_set, io_set, cpus_set, personality_set;
	int32_t sched_policy, sched_priority; /* as sched_setscheduler(2) takes them */
	int32_t io_priority;		      /* as ioprio_set(2) takes it: class and level */
	uint32_t personality;		      /* personality(2) */
	uint32_t ngroups;
	uint32_t groups[PROCATTR_GROUPS]; /* added to those of the user */
	uint64_t cpus[PROCATTR_CPUS / 64];
	char selinux[PROCATTR_LABEL], apparmor[PROCATTR_LABEL]; /* "": none */
};

/** procattr_is_valid - do lengths and strings of one that was read make sense? Pure */
bool procattr_is_valid(const struct procattr *a) ATTR_PURE;

/**
 * procattr_apply - scheduler, I/O priority, CPUs and personality of this process; read back
 *
 * Called as root. All of them stay over fork(2) and execve(2).
 */
int procattr_apply(const struct procattr *a, struct ctr_error *err) ATTR_WARN_UNUSED;

/** procattr_add_groups - append those that are not there; ret has room for n + ngroups. Pure */
size_t procattr_add_groups(const struct procattr *a, const gid_t *have, size_t n, gid_t *ret);

/**
 * procattr_label - SELinux context and AppArmor profile, read back (MUST-1)
 * @procdir: of /proc/self
 * @now: this process need not execute anything: the profile holds at once. A context holds from the
 *	next execve(2) on, as SELinux wants it
 *
 * -EINVAL, -ENOENT ... when the kernel takes no such label, -EPERM when it has another one now.
 */
int procattr_label(const struct procattr *a, int procdir, bool now,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESTRICT_H
#define RESTRICT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "err.h"
#include "procattr.h"

/*
 * The restrictions of a definition, compiled: what PID 1 applies to each process that it starts and
 * the module to a process that joins. Needs libc alone, so that both can link it: names were
 * turned into masks and BPF in the supervisor (compile.h). Travels as a sealed memfd.
 */

enum { RESTRICT_FILTER_MAX = 4096 }; /* BPF_MAXINSNS, linux/bpf_common.h */

/* What PID 1 does with terminal sessions; the order is that of the enums of spec.h */
enum { RESTRICT_DISCONNECT_KILL, RESTRICT_DISCONNECT_KEEP, RESTRICT_DISCONNECT_CHECKPOINT };
enum { RESTRICT_REATTACH_YES, RESTRICT_REATTACH_ASK, RESTRICT_REATTACH_NO };
enum { RESTRICT_ATTACHMENTS_ONE, RESTRICT_ATTACHMENTS_SHARED };

/** struct restrict_set - one; plain data, fixed size */
struct restrict_set {
	uint32_t magic, version;
	uint8_t has_bounding, has_permitted, has_effective, has_inheritable, has_ambient;
	uint8_t no_new_privs, oom_set, nice_set, umask_set;
	uint8_t on_disconnect, reattach, attachments;
	uint64_t bounding, permitted, effective, inheritable, ambient;
	int32_t oom_score_adjust, nice;
	uint32_t umask;
	uint8_t rlimit_set[RLIM_NLIMITS];
	struct rlimit rlimits[RLIM_NLIMITS];
	struct procattr attr;
	uint32_t env_len;    /* bytes of env in use */
	char env[4096];	     /* NUL-ended K=V of Environment= */
	uint32_t filter_len; /* instructions; 0: no filter */
	struct sock_filter filter[RESTRICT_FILTER_MAX];
};

/** restrict_store - sealed memfd of the set (filter cut to its length). fd or -errno */
int restrict_store(const struct restrict_set *set, struct ctr_error *err) ATTR_WARN_UNUSED;

/** restrict_load - read and check one (magic, version, lengths, seals). 0, -EBADMSG */
int restrict_load(int fd, struct restrict_set *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct restrict_user - whom a process becomes */
struct restrict_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t ngroups;
	bool bound; /* SIGKILL at the end of its parent, which a change of identity takes off */
};

/**
 * restrict_limits - rlimits, nice, oom_score_adj, umask, scheduler, CPUs, personality: what does
 * not depend on the identity
 *
 * @procdir: /proc/self of this process: a container's procfs has none for one that joins
 *
 * Called as root, before restrict_become(). A process's own lower hard limit is never raised.
 */
int restrict_limits(const struct restrict_set *set, int procdir,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct restrict_caps - what a process ends up with */
struct restrict_caps {
	uint64_t permitted, effective, inheritable, ambient;
};

/**
 * restrict_caps - the sets of a process that becomes uid, out of those that it has (permitted)
 *
 * Root keeps what the bounding set leaves, as execve(2) would give it again; anybody else has
 * what the definition grants. Nothing outside of the bounding set and of `have`. capset(2) and
 * PR_CAP_AMBIENT_RAISE want effective and inheritable within permitted and ambient within both.
 */
void restrict_caps(const struct restrict_set *set, uid_t uid, uint64_t have,
		   struct restrict_caps *ret);

/**
 * restrict_become - bounding set, identity, other capability sets, no_new_privs, seccomp; in the
 * order that keeps each effective (MUST-1)
 * @user: NULL keeps the identity (a caller that joins: bounding set, inheritable and ambient sets,
 *	  no_new_privs, seccomp; it still has to change its identity, which ends the other sets)
 * @procdir: O_PATH of /proc/self, opened where this process is shown
 *
 * Filter before the identity without no_new_privs (needs CAP_SYS_ADMIN, seccomp(2)), else last.
 * Then the kernel is asked (restrict_verify()); a filter has to allow pread64 and close for it.
 */
int restrict_become(const struct restrict_set *set, const struct restrict_user *user, int procdir,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * restrict_verify - compare the text of /proc/PID/status with the set: Seccomp, NoNewPrivs and Cap*
 * @caps: exact permitted, effective, inheritable and ambient sets; NULL: not compared
 */
int restrict_verify(const struct restrict_set *set, const struct restrict_caps *caps,
		    const char *status, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

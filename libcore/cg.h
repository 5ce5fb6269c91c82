/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_H
#define CG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "child.h"
#include "err.h"
#include "spec.h"

/*
 * Control groups through libcgroup on v1, hybrid and v2 (create, set, delete); entering, freezing,
 * killing and process lists by plain files (docs/ARCHITECTURE.md says why).
 */

enum { CG_HIERARCHIES = 16 };

/** enum cg_layout - how this machine mounts cgroups */
enum cg_layout { CG_NONE, CG_V1, CG_HYBRID, CG_V2 };

/** struct cg_hierarchy - one mounted hierarchy that can be used */
struct cg_hierarchy {
	char mount[128];       /* e.g. /sys/fs/cgroup/memory */
	char controllers[128]; /* comma list; "" for the v2 tree without controllers */
	bool v2;
};

/** struct cg_facts - the machine, read once per process from /proc/self/mountinfo */
struct cg_facts {
	int layout;   /* enum cg_layout */
	bool systemd; /* systemd is PID 1 of this host (sd_booted(3)) */
	size_t n;
	struct cg_hierarchy h[CG_HIERARCHIES];
};

int cg_probe(struct cg_facts *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * struct cg - a container's groups: the same relative path in every hierarchy of the facts
 *
 * path is e.g. "pam_container/alice-1" (or the scope's path under systemd). Plain data, can be
 * rebuilt from state: cg_facts + path.
 */
struct cg {
	const struct cg_facts *facts; /* borrowed */
	char path[256];
	bool inherit; /* Cgroup=inherit: the caller's own groups; nothing is created, frozen or
			 killed */
};

/**
 * cg_create - make the groups and write the limits of the definition
 *
 * An existing group that is empty is used; one with processes is -EEXIST. What the definition asks
 * for and no controller offers is CTR_E_UNSUPPORTED, named. On failure nothing is left. Where a
 * systemd scope is used (Cgroup=scope, or auto on a v2 machine with systemd) nothing is made yet:
 * cg_adopt() does it, since a scope is born with its first process.
 */
int cg_create(struct cg *cg, const struct spec *spec, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cg_create_start, cg_create_finish - cg_create() in two steps, between which the caller works
 *
 * libcgroup takes 1.4 ms for eight hierarchies, about what the mounts of a container take. The v2
 * group is there after the first step, so that a process can be born in it; the others, and all
 * limits, after the second. Each removes what was made when it fails.
 */
int cg_create_start(struct cg *cg, const struct spec *spec, struct child *ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;
int cg_create_finish(struct cg *cg, struct child *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_adopt - the scope for the first process, its path and its limits; 0 where none is used */
int cg_adopt(struct cg *cg, const struct spec *spec, pid_t pid,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cg_set - make the limits of a living container those of the definition
 *
 * What is not given (any more) is lifted. Earlier values are written back on failure.
 */
int cg_set(const struct cg *cg, const struct spec *spec, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_set_devices - the same for the devices alone; nothing with Cgroup=inherit */
int cg_set_devices(const struct cg *cg, const struct spec *spec,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_clone_fd - the v2 group for CLONE_INTO_CGROUP (clone(2), Linux 5.7); -1: none to clone into
 */
int cg_clone_fd(const struct cg *cg) ATTR_WARN_UNUSED;

/**
 * struct cg_door - files through which a process of one thread puts itself in, by writing "0"
 *
 * A write of any other pid makes the kernel wait for an RCU grace period, since it must exclude all
 * forks (5 to 11 ms measured on 6.18); a thread that moves itself by "tasks" of v1 is exempt (Linux
 * 5.18, cgroup_procs_write_start()). v2 has no such way: there "cgroup.procs" is used, and left out
 * on a hybrid machine, whose v2 tree has no controllers.
 */
struct cg_door {
	int fd[CG_HIERARCHIES];
	size_t n;
};

/** cg_door_open - -EBUSY (CTR_E_PAUSED) while frozen (MUST-4). Close with cg_door_close() */
int cg_door_open(const struct cg *cg, struct cg_door *ret, struct ctr_error *err) ATTR_WARN_UNUSED;
void cg_door_close(struct cg_door *door);

/** cg_attach - put another process in, all hierarchies. -EBUSY (CTR_E_PAUSED) while frozen
 * (MUST-4) */
int cg_attach(const struct cg *cg, pid_t pid, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_has - is the process in the group (read back from /proc/PID/cgroup, MUST-1)? 1, 0, -errno */
int cg_has(const struct cg *cg, pid_t pid) ATTR_WARN_UNUSED;

/** cg_attach_supervisor - put this process into pam_container/_supervisor, made if absent */
int cg_attach_supervisor(const struct cg_facts *facts, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_freeze, cg_thaw - and wait until it is so, at most timeout_ms; idempotent; -ETIMEDOUT */
int cg_freeze(const struct cg *cg, unsigned int timeout_ms, struct ctr_error *err) ATTR_WARN_UNUSED;
int cg_thaw(const struct cg *cg, unsigned int timeout_ms, struct ctr_error *err) ATTR_WARN_UNUSED;

/** enum cg_frozen_state, cg_frozen - thawed, on the way, frozen; -errno */
enum cg_frozen_state { CG_THAWED, CG_FREEZING, CG_FROZEN };
int cg_frozen(const struct cg *cg) ATTR_WARN_UNUSED;

/**
 * cg_kill - SIGKILL every process (cgroup.kill, else freeze + kill + thaw), until empty
 *
 * The groups are to be removed then: a CPU quota in the way of dying is lifted.
 */
int cg_kill(const struct cg *cg, unsigned int timeout_ms, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_signal - send a signal to each process (host pids), except `except` (0: none) */
int cg_signal(const struct cg *cg, int sig, pid_t except, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_pids - host pids in it and below, ascending, unique; caller frees *ret */
int cg_pids(const struct cg *cg, pid_t **ret, size_t *ret_n,
	    struct ctr_error *err) ATTR_WARN_UNUSED;

/** cg_remove - delete the groups and those below; absent is fine; also the parent when empty */
int cg_remove(const struct cg *cg, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCOPE_H
#define SCOPE_H

#include "cg.h"

/*
 * Under systemd on cgroup v2 the tree belongs to systemd; a container is a transient, delegated
 * scope then, whose limits systemd writes and shows. Nothing of systemd's library stays in this
 * process: each call talks to systemd from a child with a deadline (MUST-4).
 */

/** SCOPE_MS - after which systemd is given up; SCOPE_PATH - room for the path of struct cg */
enum { SCOPE_MS = 3000, SCOPE_PATH = 256 };

/** scope_is_wanted - does this definition get a scope on this machine? Cgroup=scope always does */
bool scope_is_wanted(const struct cg_facts *facts, const struct spec *spec) ATTR_PURE;

/** scope_check - can there be scopes on this machine? CTR_E_UNSUPPORTED */
int scope_check(const struct cg_facts *facts, struct ctr_error *err) ATTR_WARN_UNUSED;

/** scope_unit - name of the scope of a container. 0, -ENAMETOOLONG */
int scope_unit(const char *id, char *dst, size_t size) ATTR_WARN_UNUSED;

/** scope_of_path - the unit that a path of struct cg belongs to; NULL: none, it is our own group */
const char *scope_of_path(const char *path) ATTR_PURE;

/**
 * scope_start - make a scope with one process in it
 * @spec: NULL: the scope of the supervisors
 * @ret_path: of its group as struct cg has it, read back from /proc/PID/cgroup (MUST-1)
 *
 * -EEXIST when the name is taken and stays so, CTR_E_UNSUPPORTED without systemd's library or bus.
 */
int scope_start(const char *unit, const struct spec *spec, pid_t pid, char ret_path[SCOPE_PATH],
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** scope_set - change limits of a living scope, all or none; what is not given is lifted */
int scope_set(const char *unit, const struct spec *spec, struct ctr_error *err) ATTR_WARN_UNUSED;

/** scope_stop - end it and wait until it is gone; absent is fine */
int scope_stop(const char *unit, struct ctr_error *err) ATTR_WARN_UNUSED;

/** scope_attach_supervisor - put this process into the scope that the supervisors share */
int scope_attach_supervisor(const struct cg_facts *facts, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

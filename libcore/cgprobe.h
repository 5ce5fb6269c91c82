/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGPROBE_H
#define CGPROBE_H

#include "cg.h"

/* What cgroup hierarchies there are, from the text of /proc/self/mountinfo (proc(5)). */

/**
 * cgprobe_parse - hierarchies in the order of their mounts; pure
 *
 * Left out: hierarchies without controllers of v1 (name=systemd: not ours), second mounts of one
 * hierarchy, mounts of a part of it (their paths are not those of /proc/PID/cgroup). v2's
 * controllers are not in the text: "" until cg_probe() fills them in. Returns 0, -E2BIG,
 * -ENAMETOOLONG.
 */
int cgprobe_parse(const char *mountinfo, struct cg_facts *ret) ATTR_WARN_UNUSED;

/** cgprobe_has - is a word in a comma list? Pure */
bool cgprobe_has(const char *list, const char *word) ATTR_PURE;

/** cgprobe_find - the hierarchy of a controller, v1 or v2; NULL when there is none. Pure */
const struct cg_hierarchy *cgprobe_find(const struct cg_facts *facts, const char *v1,
					const char *v2) ATTR_PURE;

/** cgprobe_is_limiting - does a hierarchy carry a controller that limits or counts? Pure */
bool cgprobe_is_limiting(const struct cg_hierarchy *h) ATTR_PURE;

/**
 * cgprobe_holds - must every process of a container be in its group of this hierarchy? Pure
 *
 * Not in the v2 tree of a hybrid machine as long as no controller of ours lives there: limits,
 * freezing and killing go by v1, and a move costs milliseconds (struct cg_door).
 */
bool cgprobe_holds(const struct cg_facts *facts, const struct cg_hierarchy *h) ATTR_PURE;

#endif

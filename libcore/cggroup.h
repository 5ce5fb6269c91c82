/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGGROUP_H
#define CGGROUP_H

#include "cg.h"

/*
 * One group in one hierarchy, its parents included, while other supervisors make and remove groups
 * below the same parent.
 */

/**
 * cggroup_make - make the group, where it is not there yet, and make it fit for processes
 *
 * cpuset of v1 gets the CPUs and nodes of its parent; on v2 the controllers that we use are enabled
 * above it as far as they can be.
 */
int cggroup_make(const struct cg_hierarchy *h, const char *path) ATTR_WARN_UNUSED;

/** cggroup_remove - remove it and those below; -EBUSY when processes stay. Absent is fine */
int cggroup_remove(const struct cg_hierarchy *h, const char *path) ATTR_WARN_UNUSED;

/** cggroup_missing - the controllers of ours in `have` that `enabled` lacks, as "+a +b"; pure */
int cggroup_missing(const char *have, const char *enabled, char *dst, size_t size) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGFRAME_H
#define CGFRAME_H

#include "cg.h"

/*
 * The group that all containers share, made through libcgroup with its values. The library is
 * opened at run time by a child that ends.
 *
 * It is made once after boot: the supervisors' group keeps it. A container's own groups are made,
 * filled and removed by plain files (cggroup.h, cgapply.h), since libcgroup 2.0.2 of Debian 12
 * - takes 1.15 ms more for eight hierarchies (1.38 against 0.23: loading, tables for 100 mounts,
 *   /proc/mounts once for each group and value) and leaves 820 KiB of the process dirty;
 * - takes one value a file (ECGVALUEEXISTS): neither devices.allow nor io.max can be written;
 * - does not say which value was refused, and leaves the groups that it has made then;
 * - puts one thread of a process in, by "tasks" of v1;
 * - moves processes to the parent, out of their limits, when it removes groups with groups below;
 * - does not know a v2 tree without controllers, and has a state and a logger for the process.
 */

#define CGFRAME_TOP "pam_container"

/** cgframe_is_there - in every hierarchy that holds processes? */
bool cgframe_is_there(const struct cg_facts *facts);

/**
 * cgframe_make - make what is not there. CTR_E_UNSUPPORTED without libcgroup
 *
 * cggroup_make() does without: it makes missing parents, which another may remove at any time.
 */
int cgframe_make(const struct cg_facts *facts, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

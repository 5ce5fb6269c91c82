/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGHOME_H
#define CGHOME_H

#include "cg.h"

/*
 * Where a process was before it joined a container's groups, and the way back: a caller that
 * joined by itself (su, login) must not die with the container that it leaves.
 */

/** struct cghome - the text of /proc/PID/cgroup (cgroups(7)) */
struct cghome {
	char text[4096];
};

/** cghome_read - of a live process. -ESRCH, -EFBIG */
int cghome_read(pid_t pid, struct cghome *ret) ATTR_WARN_UNUSED;

/** cghome_path - the path of one hierarchy in the text; pure. 0, -ENOENT, -ENAMETOOLONG */
int cghome_path(const struct cghome *h, const struct cg_hierarchy *hier, char *dst,
		size_t size) ATTR_WARN_UNUSED;

/**
 * cghome_return - put the process back, hierarchy by hierarchy; goes on, returns the first error
 *
 * Where its group is gone it goes to this process's own, out of the container in any case.
 */
int cghome_return(const struct cg_facts *facts, const struct cghome *h, pid_t pid,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MOUNTCG_H
#define MOUNTCG_H

#include "mountline.h"
#include "spec.h"

/** struct mountcg_line - a hierarchy as /proc/self/cgroup names it */
struct mountcg_line {
	char name[128]; /* its folder: "memory", "cpu,cpuacct", "unified" */
	char data[128]; /* mount options of a v1 hierarchy; "" for v2 */
};

/**
 * mountcg_read - which hierarchies a container shows, from the text of /proc/self/cgroup. Pure
 * @own: path of its group: a hierarchy in which it has none shows the host's and is left out. With
 *	v2 alone every container has one
 * @ret: at most max
 *
 * Returns how many; -E2BIG. *ret_unified: there is v2 alone, mounted at the destination itself.
 */
int mountcg_read(const char *text, const char *own, struct mountcg_line *ret, size_t max,
		 bool *ret_unified);

/**
 * mountcg_make - the cgroup lines of Mount=
 * @root: of the container
 *
 * Needs: the container's cgroup namespace, text of /proc/self/cgroup from before it was entered.
 */
int mountcg_make(int root, const struct spec *spec, const char *text, const char *own,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** mountcg_is_wanted - does the definition have one? */
bool mountcg_is_wanted(const struct spec *spec);

#endif

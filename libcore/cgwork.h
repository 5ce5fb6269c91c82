/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGWORK_H
#define CGWORK_H

#include "cgset.h"
#include "child.h"

/* Groups made and filled through libcgroup, in a child that ends then (cglib.h says why) */

/**
 * cgwork_make - make the group in every hierarchy, then write its limits
 * @fresh: an empty group that is there already is made anew; else any is taken as it is
 *
 * -EBUSY for a fresh one with processes. On failure what was made stays; the error names it.
 */
int cgwork_make(const struct cg *cg, const struct cgset *set, bool fresh,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgwork_start, cgwork_finish - a fresh cgwork_make() that goes on while the caller does */
int cgwork_start(const struct cg *cg, const struct cgset *set, struct child *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;
int cgwork_finish(struct child *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgwork_write - limits of a group that is there; as cgapply_write() */
int cgwork_write(const struct cg *cg, const struct cgset *set,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

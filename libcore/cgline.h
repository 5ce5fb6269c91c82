/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGLINE_H
#define CGLINE_H

#include "cgplan.h"

/*
 * Limits whose files have a line for each device, interface or page size, and Unified=, which names
 * its file itself.
 */

/** cgline_plan - append the writes of all such keys but Unified= */
int cgline_plan(struct cgplan *p, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgline_plan_unified - append those of Unified=; CTR_E_UNSUPPORTED on v1 and hybrid machines */
int cgline_plan_unified(struct cgplan *p, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgline_live - append what takes away the lines that the plan does not have. 0, -errno */
int cgline_live(const struct cg *cg, struct cgset *set) ATTR_WARN_UNUSED;

/**
 * cgline_lift - the same for one file; pure
 * @text: lines "NAME VALUE"
 * @lift: the value of a line that says nothing
 */
int cgline_lift(const char *text, const struct cgset_item *item, const char *lift,
		struct cgset *set) ATTR_WARN_UNUSED;

#endif

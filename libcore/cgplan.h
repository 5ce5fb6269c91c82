/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGPLAN_H
#define CGPLAN_H

#include "cgset.h"

/* What the parts of cgset_plan() share: cgset.c, cgcpu.c, cgline.c. */

enum { CGPLAN_VALUE = 128 };

/** struct cgplan - one run of cgset_plan() */
struct cgplan {
	const struct cg_facts *facts;
	const struct spec *spec;
	cgset_resolve resolve;
	bool live;
	struct cgset set;
};

/** cgplan_unsupported - CTR_E_UNSUPPORTED: the key needs a controller that is not there */
int cgplan_unsupported(const char *key, const char *controller, struct ctr_error *err);

/** cgplan_only_v1 - CTR_E_UNSUPPORTED: the key has no counterpart in cgroup v2 */
int cgplan_only_v1(const char *key, struct ctr_error *err);

/** cgplan_value - add one write whose value is a number. 0, -errno without a record */
int cgplan_value(struct cgplan *p, const struct cgset_item *item, uint64_t v) ATTR_WARN_UNUSED;

/** cgplan_is_given - neither unset nor infinity: there is something that must be limited */
bool cgplan_is_given(uint64_t v);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgplan.h"

#include <errno.h>
#include <inttypes.h>

#include "str.h"

int cgplan_unsupported(const char *key, const char *controller, struct ctr_error *err)
{
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
		       "%s= needs the %s controller, which this machine does not offer", key,
		       controller);
}

int cgplan_only_v1(const char *key, struct ctr_error *err)
{
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
		       "%s= needs cgroup v1; v2 has nothing like it", key);
}

int cgplan_value(struct cgplan *p, const struct cgset_item *item, uint64_t v)
{
	char value[CGPLAN_VALUE];
	int r = str_format(value, sizeof(value), "%" PRIu64, v);

	return r < 0 ? r : cgset_add(&p->set, *item, value, NULL);
}

bool cgplan_is_given(uint64_t v)
{
	return v != SPEC_UNSET && v != SPEC_INFINITY;
}

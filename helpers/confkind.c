/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confkind.h"

#include <errno.h>
#include <stdbool.h>

#include "inifile.h"
#include "keys.h"
#include "str.h"

enum { UNDECIDED = -1 };

static int on_section(void *ctx, const char *section, unsigned int line ATTR_UNUSED,
		      struct ctr_error *err ATTR_UNUSED)
{
	int *kind = ctx;

	if (*kind != UNDECIDED)
		return 0;
	if (keys_section_is(section, true) || str_has_prefix(section, "Match ", NULL))
		*kind = CONFKIND_POLICY;
	else if (keys_section_is(section, false))
		*kind = CONFKIND_DEFINITION;
	return 0;
}

static int on_item(void *ctx ATTR_UNUSED, const struct inifile_item *item ATTR_UNUSED,
		   struct ctr_error *err ATTR_UNUSED)
{
	return 0;
}

static bool on_problem(void *ctx ATTR_UNUSED, unsigned int line ATTR_UNUSED,
		       const struct ctr_error *why ATTR_UNUSED)
{
	return true; /* the reading proper tells them */
}

int confkind_of(const char *text, size_t len, struct ctr_error *err)
{
	int kind = UNDECIDED;
	const struct inifile ini = {text, len, &kind, on_section, on_item, on_problem};

	(void)inifile_parse(&ini, NULL, NULL); /* see on_problem */
	if (kind == UNDECIDED)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "neither a policy ([Global], [Match NAME]) nor a definition "
			       "([Container], [Exec], [Files], [Network], [Resources])");
	return kind;
}

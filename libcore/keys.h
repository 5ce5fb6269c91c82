/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "parse.h"

/* The key table: keys.def as data. */

/** struct keys_row - one key */
struct keys_row {
	const char *section, *name;
	int type;	   /* enum parse_type */
	size_t offset;	   /* of the field in spec, policy or match_rule */
	const char *def;   /* default as it would be written; NULL: not set */
	const char *since; /* release */
	const char *help;  /* one paragraph */
};

/** keys_table - all rows, sections together */
const struct keys_row *keys_table(size_t *ret_n);

/** keys_find - the row of a key. -EINVAL with a did-you-mean in err */
int keys_find(const char *section, const char *name, const struct keys_row **ret,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/** keys_section_is - is it a section of a definition, [Network NAME] too, or of the policy? */
bool keys_section_is(const char *section, bool policy) ATTR_PURE;

/** keys_suggest_section - the nearest such section, NULL when none is near */
const char *keys_suggest_section(const char *section, bool policy) ATTR_PURE;

/** keys_apply - do what KEY=VALUE does to the struct base; empty value: default. As parse_value()
 */
int keys_apply(const struct keys_row *row, void *base, const char *value,
	       const struct load_who *who, struct ctr_error *err) ATTR_WARN_UNUSED;

/** keys_defaults - every default of the rows of a section into base. 0, -ENOMEM */
int keys_defaults(const char *section, void *base) ATTR_WARN_UNUSED;

/** keys_release - free what the fields of the rows of a section own */
void keys_release(const char *section, void *base);

#endif

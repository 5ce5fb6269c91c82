/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keys.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "match.h"
#include "spec.h"
#include "str.h"

#define KEY(base, section, name, type, field, def, since, help)                                    \
	{#section, #name, PARSE_##type, offsetof(struct base, field), def, since, help},

static const struct keys_row table[] = {
#include "keys.def"
};
#undef KEY

static const char *const policy_sections[] = {"Global", "Match", NULL};
static const char *const spec_sections[] = {"Container", "Exec",  "Files",	"Network",
					    "Resources", "Hooks", "Checkpoint", NULL};

const struct keys_row *keys_table(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(table);
	return table;
}

bool keys_section_is(const char *section, bool policy)
{
	const char *const *s = policy ? policy_sections : spec_sections;

	if (!policy && str_has_prefix(section, "Network ", NULL))
		return true;
	for (; *s; s++)
		if (strcmp(*s, section) == 0)
			return true;
	return false;
}

const char *keys_suggest_section(const char *section, bool policy)
{
	return parse_suggest(section, policy ? policy_sections : spec_sections);
}

/* A key of this section that is near, or the section where a key of this very name lives. */
static int unknown(const char *section, const char *name, struct ctr_error *err)
{
	const char *names[ARRAY_SIZE(table) + 1] = {NULL};
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].section, section) == 0)
			names[n++] = table[i].name;
		else if (strcmp(table[i].name, name) == 0)
			return err_set(err, CTR_E_CONFIG, EINVAL, "config",
				       "key '%s' belongs to [%s], not [%s]", name, table[i].section,
				       section);
	}
	near = parse_suggest(name, names);
	if (near)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "unknown key '%s' in [%s]; did you mean '%s'?", name, section, near);
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "unknown key '%s' in [%s]", name,
		       section);
}

int keys_find(const char *section, const char *name, const struct keys_row **ret,
	      struct ctr_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].name, name) == 0 && strcmp(table[i].section, section) == 0) {
			*ret = &table[i];
			return 0;
		}
	}
	return unknown(section, name, err);
}

static struct parse_in input(const struct keys_row *row, void *base, const char *value)
{
	return (struct parse_in){row->type, value, base, (char *)base + row->offset, NULL};
}

int keys_apply(const struct keys_row *row, void *base, const char *value,
	       const struct load_who *who, struct ctr_error *err)
{
	struct parse_in in = input(row, base, value);
	int r;

	in.who = who;
	if (*value) {
		r = parse_value(&in, err);
		if (r < 0)
			err_prefix(err, "%s", row->name);
		return r;
	}
	if (row->type == PARSE_CONTAINER || row->type == PARSE_EXTENDS)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s: empty", row->name);
	parse_reset(&in);
	/* The empty set and the empty filter are values, not a return to the default. */
	if (row->type == PARSE_CAPS)
		((struct spec_capset *)in.field)->set = true;
	if (!row->def || parse_is_list(row->type))
		return 0;
	in.value = row->def;
	return parse_value(&in, err);
}

int keys_defaults(const char *section, void *base)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct parse_in in = input(&table[i], base, table[i].def);
		int r;

		if (strcmp(table[i].section, section) != 0 || table[i].type == PARSE_EXTENDS)
			continue;
		parse_reset(&in);
		r = in.value ? parse_value(&in, NULL) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

void keys_release(const char *section, void *base)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct parse_in in = input(&table[i], base, NULL);

		if (strcmp(table[i].section, section) == 0)
			parse_reset(&in);
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "inifile.h"
#include "keys.h"

enum { SPEC_GIVEN_MAX = 4096 };

static const char *const sections[] = {"Container", "Exec",	 "Files",
				       "Network",   "Resources", "Checkpoint"};

struct spec *spec_new(void)
{
	struct spec *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return NULL;
	s->text = strdup("");
	for (size_t i = 0; i < ARRAY_SIZE(sections) && r == 0; i++)
		r = keys_defaults(sections[i], s);
	if (r < 0 || !s->text) {
		spec_free(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

void spec_free(struct spec *spec)
{
	int saved = errno;

	if (!spec)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		keys_release(sections[i], spec);
	for (size_t i = 0; i < spec->n_given; i++)
		free(spec->given[i].value);
	free(spec->given);
	free(spec->name);
	free(spec->text);
	free(spec);
	errno = saved;
}

static int remember(struct spec *s, unsigned int key, char *value)
{
	struct spec_given *g = reallocarray(s->given, s->n_given + 1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	s->given = g;
	g[s->n_given++] = (struct spec_given){key, value};
	return 0;
}

static bool is_given(const struct spec *s, unsigned int key)
{
	for (size_t i = 0; i < s->n_given; i++)
		if (s->given[i].key == key)
			return true;
	return false;
}

/* What text has to say so that it means the same for everybody: specifiers replaced, % doubled. */
static int settle(const struct keys_row *row, const char *value, const struct load_who *who,
		  char **ret, struct ctr_error *err)
{
	autofree char *expanded = NULL;
	int r;

	if (!who || !parse_has_specifiers(row->type)) {
		*ret = strdup(value);
		return *ret ? 0 : err_sys(err, ENOMEM, "config", "read value");
	}
	r = expand_specifiers(value, who, &expanded, err);
	if (r < 0)
		return r;
	*ret = expand_quote(expanded);
	return *ret ? 0 : err_sys(err, ENOMEM, "config", "read value");
}

/* The first list of one's own replaces a default list; on failure the default is back. */
static int replace_default(struct spec *spec, const struct keys_row *row, const char *value,
			   const struct load_who *who, struct ctr_error *err)
{
	void *field = (char *)spec + row->offset;
	bool caps = row->type == PARSE_CAPS;
	struct spec_capset old_caps = {0};
	struct strv old = {0};
	int r;

	if (caps) {
		old_caps = *(struct spec_capset *)field;
		*(struct spec_capset *)field = (struct spec_capset){0};
	} else {
		old = *(struct strv *)field;
		*(struct strv *)field = (struct strv){0};
	}
	r = keys_apply(row, spec, value, who, err);
	if (r < 0 && caps)
		*(struct spec_capset *)field = old_caps;
	else if (r < 0)
		*(struct strv *)field = old;
	else
		strv_done(&old);
	return r;
}

int spec_apply(struct spec *spec, const struct keys_row *row, const char *value,
	       const struct load_who *who, struct ctr_error *err)
{
	unsigned int key;
	size_t n;
	autofree char *settled = NULL;
	int r;

	key = (unsigned int)(row - keys_table(&n));
	if (spec->n_given >= SPEC_GIVEN_MAX)
		return err_set(err, CTR_E_CONFIG, E2BIG, "config", "more than %d settings",
			       SPEC_GIVEN_MAX);
	r = settle(row, value, who, &settled, err);
	if (r == 0)
		r = inifile_check_value(row->name, settled, err);
	if (r < 0)
		return r;
	if (row->def && parse_is_list(row->type) && value[0] != '~' && !is_given(spec, key))
		r = replace_default(spec, row, value, who, err);
	else
		r = keys_apply(row, spec, value, who, err);
	if (r == 0)
		r = remember(spec, key, settled);
	if (r == 0)
		(void)take_ptr(settled); /* remembered */
	return r;
}

int spec_set(struct spec *spec, const char *section, const char *key, const char *value,
	     struct ctr_error *err)
{
	const struct keys_row *row;
	int r;

	if (!keys_section_is(section, false))
		return parse_bad(err, "section", section, keys_suggest_section(section, false));
	r = keys_find(section, key, &row, err);
	if (r < 0)
		return r;
	if (row->type == PARSE_EXTENDS)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "config",
			       "Extends= works in files only");
	r = spec_apply(spec, row, value, NULL, err);
	if (r == 0 && spec_update_text(spec) < 0)
		r = err_sys(err, ENOMEM, "config", "write text");
	return r;
}

const char *spec_text(const struct spec *spec)
{
	return spec->text;
}

/* The settings of a key that count: all since the last empty one, or the last of a scalar. */
static size_t first_that_counts(const struct spec *s, unsigned int key, bool list)
{
	size_t first = s->n_given;

	for (size_t i = s->n_given; i-- > 0;) {
		if (s->given[i].key != key)
			continue;
		first = i;
		if (!list || !*s->given[i].value)
			break;
	}
	return first;
}

static void write_key(const struct spec *s, const struct keys_row *row, unsigned int key, FILE *f)
{
	bool list = parse_is_list(row->type);

	for (size_t i = first_that_counts(s, key, list); i < s->n_given; i++)
		if (s->given[i].key == key)
			(void)fprintf(f, "%s=%s\n", row->name, s->given[i].value); /* ferror */
}

int spec_update_text(struct spec *spec)
{
	const struct keys_row *rows;
	const char *section = NULL;
	char *text = NULL;
	size_t n, len;
	FILE *f = open_memstream(&text, &len);
	int bad;

	if (!f)
		return -ENOMEM;
	rows = keys_table(&n);
	for (unsigned int k = 0; k < n; k++) {
		if (!is_given(spec, k))
			continue;
		if (!section || strcmp(section, rows[k].section) != 0)
			(void)fprintf(f, "[%s]\n", rows[k].section); /* ferror below */
		section = rows[k].section;
		write_key(spec, &rows[k], k, f);
	}
	bad = ferror(f);
	if (fclose(f) != 0 || bad) {
		free(text);
		return -ENOMEM;
	}
	free(spec->text);
	spec->text = text;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "inifile.h"
#include "keys.h"
#include "netconf.h"

enum { SPEC_GIVEN_MAX = 4096, SPEC_LINKS_MAX = 7 };

static const char *const sections[] = {"Container", "Exec",  "Files",	  "Network",
				       "Resources", "Hooks", "Checkpoint"};

/* Rows of [Network] name fields of spec.link; those of another network lie as far from this. */
static void *base_of(struct spec *s, unsigned int link)
{
	return link ? (char *)&s->more_links[link - 1] - offsetof(struct spec, link) : (char *)s;
}

static bool is_of_link(const struct keys_row *row)
{
	return row->offset >= offsetof(struct spec, link) &&
	       row->offset < offsetof(struct spec, link) + sizeof(struct spec_link);
}

/* Zeroed or not: all fields become what they are when nothing was given. */
static int reset_link(struct spec *s, unsigned int link)
{
	size_t n;
	const struct keys_row *rows = keys_table(&n);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (strcmp(rows[i].section, "Network") == 0 && is_of_link(&rows[i]))
			r = keys_apply(&rows[i], base_of(s, link), "", NULL, NULL);
	return r;
}

/* The last one, which was made for nothing. */
static void drop_link(struct spec *s)
{
	struct spec_link *last = &s->more_links[s->n_more_links - 1];

	(void)!reset_link(s, (unsigned int)s->n_more_links); /* what it sets again is freed here */
	free(last->name);
	s->n_more_links--;
}

const struct spec_link *spec_link(const struct spec *spec, size_t i)
{
	if (i == 0)
		return &spec->link;
	return i <= spec->n_more_links ? &spec->more_links[i - 1] : NULL;
}

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
	while (spec->n_more_links > 0)
		drop_link(spec);
	free(spec->more_links);
	for (size_t i = 0; i < spec->n_given; i++)
		free(spec->given[i].value);
	free(spec->given);
	free(spec->name);
	free(spec->text);
	free(spec);
	errno = saved;
}

static int remember(struct spec *s, struct spec_given what)
{
	struct spec_given *g = reallocarray(s->given, s->n_given + 1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	s->given = g;
	g[s->n_given++] = what;
	return 0;
}

static bool is_given(const struct spec *s, unsigned int key)
{
	for (size_t i = 0; i < s->n_given; i++)
		if (s->given[i].key == key)
			return true;
	return false;
}

int spec_find_key(const char *section, const char *name, struct spec_key *ret,
		  struct ctr_error *err)
{
	const char *link = NULL;
	int r;

	if (str_has_prefix(section, "Network ", &link)) {
		link += strspn(link, " \t");
		r = netconf_check_name(link, err);
		if (r < 0)
			return r;
	}
	r = keys_find(link ? "Network" : section, name, &ret->row, err);
	if (r < 0)
		return r;
	if (link && (!is_of_link(ret->row) || strcmp(name, "Name") == 0))
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "key '%s' belongs to [Network], not [%s]", name, section);
	ret->link = link;
	return 0;
}

static int add_link(struct spec *s, const char *name, struct ctr_error *err)
{
	struct spec_link *more;

	if (s->n_more_links == SPEC_LINKS_MAX)
		return err_set(err, CTR_E_CONFIG, E2BIG, "config", "more than %d networks",
			       SPEC_LINKS_MAX + 1);
	more = reallocarray(s->more_links, s->n_more_links + 1, sizeof(*more));
	if (!more)
		return err_sys(err, ENOMEM, "config", "read network");
	s->more_links = more;
	more += s->n_more_links++;
	memset(more, 0, sizeof(*more));
	if (reset_link(s, (unsigned int)s->n_more_links) == 0) {
		free(more->name); /* the default of [Network] */
		more->name = strdup(name);
		if (more->name)
			return 0;
	}
	drop_link(s);
	return err_sys(err, ENOMEM, "config", "read network");
}

/* Number of the network of that name, made when there is none yet; 0: [Network] itself */
static int find_link(struct spec *s, const char *name, unsigned int *ret, struct ctr_error *err)
{
	int r;

	*ret = 0;
	for (size_t i = 0; name && i < s->n_more_links; i++)
		if (strcmp(s->more_links[i].name, name) == 0)
			*ret = (unsigned int)i + 1;
	if (!name || *ret > 0)
		return 0;
	r = add_link(s, name, err);
	*ret = (unsigned int)s->n_more_links;
	return r;
}

int spec_add_section(struct spec *spec, const char *section, struct ctr_error *err)
{
	const char *link = NULL;
	unsigned int n;
	int r;

	if (!str_has_prefix(section, "Network ", &link))
		return 0;
	link += strspn(link, " \t");
	r = netconf_check_name(link, err);
	return r < 0 ? r : find_link(spec, link, &n, err);
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

int spec_apply(struct spec *spec, const struct spec_key *key, const char *value,
	       const struct load_who *who, struct ctr_error *err)
{
	const struct keys_row *row = key->row;
	struct spec_given given = {0};
	size_t n, links = spec->n_more_links;
	autofree char *settled = NULL;
	int r;

	given.key = (unsigned int)(row - keys_table(&n));
	if (spec->n_given >= SPEC_GIVEN_MAX)
		return err_set(err, CTR_E_CONFIG, E2BIG, "config", "more than %d settings",
			       SPEC_GIVEN_MAX);
	r = settle(row, value, who, &settled, err);
	if (r == 0)
		r = inifile_check_value(row->name, settled, err);
	if (r == 0)
		r = find_link(spec, key->link, &given.link, err);
	if (r < 0)
		return r;
	if (row->def && parse_is_list(row->type) && value[0] != '~' && !is_given(spec, given.key))
		r = replace_default(spec, row, value, who, err);
	else
		r = keys_apply(row, base_of(spec, given.link), value, who, err);
	given.value = settled;
	if (r == 0)
		r = remember(spec, given);
	if (r == 0)
		(void)take_ptr(settled); /* remembered */
	else if (spec->n_more_links > links)
		drop_link(spec);
	return r;
}

int spec_set(struct spec *spec, const char *section, const char *key, const char *value,
	     struct ctr_error *err)
{
	struct spec_key found;
	int r;

	if (!keys_section_is(section, false))
		return parse_bad(err, "section", section, keys_suggest_section(section, false));
	r = spec_find_key(section, key, &found, err);
	if (r < 0)
		return r;
	if (found.row->type == PARSE_EXTENDS)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "config",
			       "Extends= works in files only");
	r = spec_apply(spec, &found, value, NULL, err);
	if (r == 0 && spec_update_text(spec) < 0)
		r = err_sys(err, ENOMEM, "config", "write text");
	return r;
}

const char *spec_text(const struct spec *spec)
{
	return spec->text;
}

static bool is_setting(const struct spec_given *g, unsigned int key, unsigned int link)
{
	return g->key == key && g->link == link;
}

/* The settings of a key that count: all since the last empty one, or the last of a scalar. */
static void write_key(const struct spec *s, unsigned int key, unsigned int link, FILE *f)
{
	size_t first = s->n_given, n;
	const struct keys_row *row = &keys_table(&n)[key];

	for (size_t i = s->n_given; i-- > 0;) {
		if (!is_setting(&s->given[i], key, link))
			continue;
		first = i;
		if (!parse_is_list(row->type) || !*s->given[i].value)
			break;
	}
	for (size_t i = first; i < s->n_given; i++)
		if (is_setting(&s->given[i], key, link))
			(void)fprintf(f, "%s=%s\n", row->name, s->given[i].value); /* ferror */
}

static bool has_setting(const struct spec *s, unsigned int key, unsigned int link)
{
	for (size_t i = 0; i < s->n_given; i++)
		if (is_setting(&s->given[i], key, link))
			return true;
	return false;
}

/* All sections, or with link those of one [Network NAME]. Errors: ferror(3) */
static void write_keys(const struct spec *s, unsigned int link, FILE *f)
{
	size_t n;
	const struct keys_row *rows = keys_table(&n);
	const char *section = link ? "Network" : NULL;

	if (link)
		(void)fprintf(f, "[Network %s]\n", s->more_links[link - 1].name);
	for (unsigned int k = 0; k < n; k++) {
		if (!has_setting(s, k, link))
			continue;
		if (!section || strcmp(section, rows[k].section) != 0)
			(void)fprintf(f, "[%s]\n", rows[k].section);
		section = rows[k].section;
		write_key(s, k, link, f);
	}
}

int spec_update_text(struct spec *spec)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int bad;

	if (!f)
		return -ENOMEM;
	for (unsigned int link = 0; link <= spec->n_more_links; link++)
		write_keys(spec, link, f);
	bad = ferror(f);
	if (fclose(f) != 0 || bad) {
		free(text);
		return -ENOMEM;
	}
	free(spec->text);
	spec->text = text;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "human.h"
#include "parse.h"

static int no_column(const struct table_model *model, const char *name, struct ctr_error *err)
{
	const char *names[TABLE_COLUMNS_MAX + 1] = {NULL}, *near;

	for (size_t i = 0; i < model->n; i++)
		names[i] = model->columns[i].name;
	near = parse_suggest(name, names);
	if (near)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage",
			       "unknown column '%s'; did you mean '%s'?", name, near);
	return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "unknown column '%s'; --help lists them",
		       name);
}

int table_column_find(const struct table_model *model, const char *name, size_t *ret,
		      struct ctr_error *err)
{
	for (size_t i = 0; i < model->n; i++) {
		if (strcasecmp(model->columns[i].name, name) != 0 &&
		    strcasecmp(model->columns[i].key, name) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return no_column(model, name, err);
}

static void show_default(struct table *t)
{
	for (size_t i = 0; i < t->model->n; i++)
		if (t->o->all || (t->model->columns[i].flags & TABLE_DEFAULT))
			t->shown[t->nshown++] = i;
}

/* "A,B" is the list, "+A,B" the default and these. */
static int choose(struct table *t, struct ctr_error *err)
{
	const char *list = t->o->output;
	autostrv struct strv words = {0};
	bool more = !list || *list == '+';
	size_t column;
	int r = 0;

	if (t->o->quiet) {
		t->shown[t->nshown++] = 0;
		return 0;
	}
	if (more || t->o->all)
		show_default(t);
	if (!list || t->o->all)
		return 0;
	if (strv_split(&words, list + more, ",") < 0)
		return err_sys(err, ENOMEM, "table", "read columns");
	if (words.n == 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "-o names no column");
	for (size_t i = 0; i < words.n && r == 0; i++) {
		r = table_column_find(t->model, words.v[i], &column, err);
		if (r == 0 && t->nshown == TABLE_COLUMNS_MAX)
			r = err_set(err, CTR_E_CONFIG, E2BIG, "usage", "-o names too many columns");
		if (r == 0)
			t->shown[t->nshown++] = column;
	}
	return r;
}

/* One --filter KEY=GLOB, split. */
static int read_filter(const struct table *t, const char *filter, size_t *ret_column,
		       const char **ret_glob, struct ctr_error *err)
{
	autofree char *name = strdup(filter);
	char *equals = name ? strchr(name, '=') : NULL;

	if (!name)
		return err_sys(err, ENOMEM, "table", "read filter");
	if (!equals)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage",
			       "bad filter '%s'; it takes COLUMN=GLOB", filter);
	*equals = '\0';
	*ret_glob = strchr(filter, '=') + 1;
	return table_column_find(t->model, name, ret_column, err);
}

static int check(const struct table *t, struct ctr_error *err)
{
	const char *color = t->o->color, *glob;
	size_t column;
	int r = 0;

	if (color && strcmp(color, "auto") != 0 && strcmp(color, "always") != 0 &&
	    strcmp(color, "never") != 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage",
			       "bad value '%s' of --color; it takes auto, always or never", color);
	if (t->o->sort)
		r = table_column_find(t->model, t->o->sort + (t->o->sort[0] == '-'), &column, err);
	for (size_t i = 0; i < t->o->filter.n && r == 0; i++)
		r = read_filter(t, t->o->filter.v[i], &column, &glob, err);
	return r;
}

int table_new(const struct table_model *model, const struct table_options *o, struct table **ret,
	      struct ctr_error *err)
{
	autotable struct table *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return err_sys(err, ENOMEM, "table", "make a table");
	t->model = model;
	t->o = o;
	r = choose(t, err);
	if (r == 0)
		r = check(t, err);
	if (r < 0)
		return r;
	*ret = take_ptr(t);
	return 0;
}

static void free_line(const struct table *t, struct table_line *line)
{
	for (size_t c = 0; line->cells && c < t->model->n; c++)
		free(line->cells[c].text);
	free(line->cells);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free_line(t, &t->lines[i]);
	free(t->lines);
	free(t);
}

bool table_wants(const struct table *t, size_t column)
{
	const char *glob;
	size_t c;

	for (size_t i = 0; i < t->nshown; i++)
		if (t->shown[i] == column)
			return true;
	if (t->o->sort &&
	    table_column_find(t->model, t->o->sort + (t->o->sort[0] == '-'), &c, NULL) == 0 &&
	    c == column)
		return true;
	for (size_t i = 0; i < t->o->filter.n; i++)
		if (read_filter(t, t->o->filter.v[i], &c, &glob, NULL) == 0 && c == column)
			return true;
	return false;
}

void table_show(struct table *t, size_t column)
{
	if (t->nshown < TABLE_COLUMNS_MAX)
		t->shown[t->nshown++] = column;
}

void table_draw_tree(struct table *t)
{
	t->tree = true;
}

void table_row(struct table *t)
{
	struct table_line *lines = reallocarray(t->lines, t->n + 1, sizeof(*lines));
	struct table_cell *cells = calloc(t->model->n, sizeof(*cells));

	if (lines)
		t->lines = lines;
	if (!lines || !cells) {
		free(cells);
		t->failed = true;
		return;
	}
	for (size_t c = 0; c < t->model->n; c++)
		cells[c].number = TABLE_ABSENT;
	lines[t->n++] = (struct table_line){.cells = cells};
}

void table_text(struct table *t, size_t column, const char *text)
{
	struct table_cell *cell;

	if (t->failed || t->n == 0 || !text)
		return;
	cell = &t->lines[t->n - 1].cells[column];
	free(cell->text);
	cell->text = strdup(text);
	if (!cell->text)
		t->failed = true;
}

void table_number(struct table *t, size_t column, uint64_t number)
{
	if (!t->failed && t->n > 0)
		t->lines[t->n - 1].cells[column].number = number;
}

void table_identify(struct table *t, uint64_t self, uint64_t parent)
{
	if (t->failed || t->n == 0)
		return;
	t->lines[t->n - 1].self = self;
	t->lines[t->n - 1].parent = parent;
}

static void format_number(int kind, uint64_t n, char dst[HUMAN_MAX])
{
	switch (kind) {
	case TABLE_SIZE:
		return human_size(dst, n);
	case TABLE_SPAN:
		return human_span(dst, n);
	case TABLE_TIME:
		return human_time(dst, n);
	case TABLE_PERCENT:
		return human_percent(dst, n);
	default:
		(void)!str_format(dst, HUMAN_MAX, "%" PRIu64, n); /* 20 digits */
	}
}

void table_format(const struct table_column *c, const struct table_cell *cell, bool bytes,
		  char *dst, size_t size)
{
	char number[HUMAN_MAX];

	dst[0] = '\0';
	if (c->kind == TABLE_TEXT) {
		if (cell->text)
			(void)!str_copy(dst, size, cell->text);
		return;
	}
	if (cell->number == TABLE_ABSENT)
		return;
	format_number(c->kind == TABLE_SIZE && bytes ? TABLE_NUMBER : c->kind, cell->number,
		      number);
	(void)!str_copy(dst, size, number);
}

void table_format_raw(const struct table_column *c, const struct table_cell *cell, char *dst,
		      size_t size)
{
	struct table_column raw = *c;

	if (c->kind != TABLE_TEXT && c->kind != TABLE_TIME)
		raw.kind = TABLE_NUMBER;
	table_format(&raw, cell, true, dst, size);
}

static bool passes(const struct table *t, const struct table_line *line)
{
	for (size_t i = 0; i < t->o->filter.n; i++) {
		const char *glob = NULL;
		char text[1024];
		size_t c = 0;

		(void)!read_filter(t, t->o->filter.v[i], &c, &glob, NULL); /* table_new() did */
		table_format(&t->model->columns[c], &line->cells[c], true, text, sizeof(text));
		if (!glob || fnmatch(glob, text, FNM_CASEFOLD) != 0)
			return false;
	}
	return true;
}

struct order {
	size_t column;
	int kind, sign;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct table_line *x = a, *y = b;
	const struct order *o = arg;
	const struct table_cell *p = &x->cells[o->column], *q = &y->cells[o->column];
	int r;

	if (o->kind == TABLE_TEXT)
		r = strcmp(p->text ? p->text : "", q->text ? q->text : "");
	else /* absent is below all */
		r = (p->number + 1 > q->number + 1) - (p->number + 1 < q->number + 1);
	return o->sign * r;
}

int table_finish(struct table *t, struct ctr_error *err)
{
	struct order order = {.sign = 1};
	const char *sort = t->o->sort;
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < t->n; i++) {
		if (passes(t, &t->lines[i]))
			t->lines[kept++] = t->lines[i];
		else
			free_line(t, &t->lines[i]);
	}
	t->n = kept;
	if (t->failed)
		return err_sys(err, ENOMEM, "table", "fill a table");
	if (!sort)
		return 0;
	order.sign = *sort == '-' ? -1 : 1;
	r = table_column_find(t->model, sort + (*sort == '-'), &order.column, err);
	if (r < 0)
		return r;
	order.kind = t->model->columns[order.column].kind;
	if (t->n > 1)
		qsort_r(t->lines, t->n, sizeof(*t->lines), compare, &order);
	return 0;
}

size_t table_rows(const struct table *t)
{
	return t->n;
}

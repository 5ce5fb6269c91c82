/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "human.h"
#include "jsontext.h"

enum { CELL_MAX = 8192 };

static const struct option_row option_rows[] = {
    {"json", 'J', OPTION_FLAG, offsetof(struct table_options, json), NULL, "JSON output"},
    {"raw", 'r', OPTION_FLAG, offsetof(struct table_options, raw), NULL,
     "one blank between columns, blanks inside as \\x20"},
    {"noheadings", 'n', OPTION_FLAG, offsetof(struct table_options, no_headings), NULL,
     "no headings"},
    {"output", 'o', OPTION_TEXT, offsetof(struct table_options, output), "LIST",
     "columns to show; +LIST adds to the usual ones"},
    {"output-all", 0, OPTION_FLAG, offsetof(struct table_options, all), NULL, "all columns"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct table_options, quiet), NULL,
     "the first column only, no headings"},
    {"notruncate", 'u', OPTION_FLAG, offsetof(struct table_options, uncut), NULL,
     "do not cut columns to the terminal's width"},
    {"bytes", 'b', OPTION_FLAG, offsetof(struct table_options, bytes), NULL,
     "sizes in bytes, not 1.5M"},
    {"filter", 'f', OPTION_LIST, offsetof(struct table_options, filter), "COLUMN=GLOB",
     "only rows that match; may be given again"},
    {"sort", 0, OPTION_TEXT, offsetof(struct table_options, sort), "[-]COLUMN",
     "sort by a column; - reverses"},
    {"color", 0, OPTION_TEXT, offsetof(struct table_options, color), "WHEN",
     "auto, always or never"},
    {"no-pager", 0, OPTION_FLAG, offsetof(struct table_options, no_pager), NULL,
     "no pager on a terminal"},
};

struct option_group table_option_group(struct table_options *o)
{
	return (struct option_group){option_rows, ARRAY_SIZE(option_rows), o};
}

void table_options_done(struct table_options *o)
{
	strv_done(&o->filter);
}

void table_columns_help(const struct table_model *model, FILE *out)
{
	(void)fputs("\nColumns:\n", out);
	for (size_t i = 0; i < model->n; i++)
		(void)fprintf(out, "  %-12s %s%s\n", model->columns[i].name,
			      model->columns[i].flags & TABLE_DEFAULT ? "" : "+ ",
			      model->columns[i].help);
}

void table_keys_help(const struct table_model *model, FILE *out)
{
	(void)fputs("\nKeys:\n", out);
	for (size_t i = 0; i < model->n; i++)
		(void)fprintf(out, "  %-16s %s\n", model->columns[i].key, model->columns[i].help);
}

static void add_json(const struct table_column *c, const struct table_cell *cell,
		     struct json_object *row)
{
	char text[CELL_MAX];

	if (c->kind == TABLE_TEXT)
		return json_add_text(row, c->key, cell->text, false);
	if (c->kind != TABLE_TIME || cell->number == TABLE_ABSENT)
		return json_add_number(row, c->key, cell->number);
	table_format(c, cell, true, text, sizeof(text));
	json_add_text(row, c->key, text, false);
}

static int print_json(const struct table *t, FILE *out, struct ctr_error *err)
{
	struct json_object *top = json_top(), *rows = json_array(top, t->model->name);

	for (size_t i = 0; i < t->n; i++) {
		struct json_object *row = json_element(rows);

		for (size_t s = 0; s < t->nshown; s++)
			add_json(&t->model->columns[t->shown[s]], &t->lines[i].cells[t->shown[s]],
				 row);
	}
	json_print(top, out);
	return ferror(out) ? err_sys(err, EIO, "table", "write") : 0;
}

/* NO_COLOR (no-color.org): any value that is not empty */
static bool wants_colour(const struct table_options *o, bool terminal)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color && strcmp(o->color, "auto") != 0)
		return strcmp(o->color, "always") == 0;
	return terminal && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* By itself libsmartcols breaks within words; at newlines it does as told. */
static int wrap_at_words(struct libscols_column *column)
{
	int r = scols_column_set_safechars(column, "\n");

	return r < 0 ? r
		     : scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
						 scols_wrapnl_nextchunk, NULL);
}

static int add_columns(const struct table *t, struct libscols_table *tb, bool terminal)
{
	for (size_t s = 0; s < t->nshown; s++) {
		const struct table_column *c = &t->model->columns[t->shown[s]];
		struct libscols_column *column;
		int flags = c->kind == TABLE_TEXT || c->kind == TABLE_TIME ? 0 : SCOLS_FL_RIGHT;

		if ((c->flags & TABLE_CUT) && !t->o->uncut)
			flags |= SCOLS_FL_TRUNC;
		if ((c->flags & TABLE_WRAP) && terminal && !t->o->raw)
			flags |= SCOLS_FL_WRAP;
		if ((c->flags & TABLE_TREE) && t->tree && !t->o->raw)
			flags |= SCOLS_FL_TREE;
		column = scols_table_new_column(tb, c->header ? c->header : c->name,
						c->flags & TABLE_CUT ? 0.5 : 0.1, flags);
		if (!column || ((flags & SCOLS_FL_WRAP) && wrap_at_words(column) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* width: of a column that wraps; 0: none does */
static int fill_line(const struct table *t, const struct table_line *from, size_t width,
		     struct libscols_line *line)
{
	for (size_t s = 0; s < t->nshown; s++) {
		const struct table_column *c = &t->model->columns[t->shown[s]];
		const char *colour = NULL;
		char text[CELL_MAX];

		table_format(c, &from->cells[t->shown[s]], t->o->bytes, text, sizeof(text));
		if (!*text) /* a hole would shift what awk(1) counts */
			memcpy(text, "-", 2);
		if ((c->flags & TABLE_WRAP) && width > 0)
			human_wrap(text, width);
		if (scols_line_set_data(line, s, text) < 0)
			return -ENOMEM;
		if ((c->flags & TABLE_COLOUR) && t->model->colour)
			colour = t->model->colour(text);
		if (colour && scols_cell_set_color(scols_line_get_cell(line, s), colour) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The line of the row's parent: rows come in any order, so it may not be there (yet). */
static struct libscols_line *parent_of(const struct table *t, size_t row,
				       struct libscols_line **lines)
{
	for (size_t i = 0; t->lines[row].parent && i < t->n; i++)
		if (t->lines[i].self == t->lines[row].parent && i != row)
			return lines[i];
	return NULL;
}

static int add_lines(const struct table *t, size_t width, struct libscols_table *tb)
{
	autofree struct libscols_line **lines = calloc(t->n + 1, sizeof(struct libscols_line *));

	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		lines[i] = scols_table_new_line(tb, NULL);
		if (!lines[i] || fill_line(t, &t->lines[i], width, lines[i]) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < t->n; i++) {
		struct libscols_line *parent = t->tree ? parent_of(t, i, lines) : NULL;

		if (parent && scols_line_add_child(parent, lines[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int print_columns(const struct table *t, struct libscols_table *tb, FILE *out, bool terminal)
{
	bool wraps = terminal && !t->o->raw;
	size_t width = 0;
	int r = 0;

	(void)scols_table_enable_raw(tb, t->o->raw);
	(void)scols_table_enable_noheadings(tb, t->o->no_headings || t->o->quiet);
	(void)scols_table_enable_colors(tb, wants_colour(t->o, terminal));
	(void)scols_table_set_termforce(tb,
					terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	(void)scols_table_set_stream(tb, out);
	r = add_columns(t, tb, terminal);
	if (wraps) /* a third of the terminal, less what stands between */
		width = scols_table_get_termwidth(tb) * 3 / 10;
	if (r == 0)
		r = add_lines(t, width, tb);
	if (r == 0 && scols_print_table(tb) < 0)
		r = -EIO;
	return r == 0 && ferror(out) ? -EIO : r;
}

int table_print(const struct table *t, FILE *out, bool terminal, struct ctr_error *err)
{
	struct libscols_table *tb;
	int r;

	if (t->o->json)
		return print_json(t, out, err);
	tb = scols_new_table();
	if (!tb)
		return err_sys(err, ENOMEM, "table", "print");
	r = print_columns(t, tb, out, terminal);
	scols_unref_table(tb);
	return r < 0 ? err_sys(err, r, "table", "print") : 0;
}

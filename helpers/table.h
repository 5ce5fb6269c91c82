/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "options.h"
#include "str.h"

/*
 * Tables of the commands: typed cells, the column grammar of util-linux (-o LIST, +LIST), filters,
 * sorting; printed by libsmartcols for people and raw, by json-c as JSON.
 */

#define TABLE_ABSENT UINT64_MAX /* a figure that is not there: CTR_ABSENT */

enum table_kind {
	TABLE_TEXT,
	TABLE_NUMBER,
	TABLE_SIZE,    /* bytes */
	TABLE_SPAN,    /* µs */
	TABLE_TIME,    /* µs of CLOCK_REALTIME */
	TABLE_PERCENT, /* 1/100 % */
};

enum {
	TABLE_DEFAULT = 1, /* shown when no -o is given */
	TABLE_CUT = 2,	   /* a terminal may cut it */
	TABLE_COLOUR = 4,  /* coloured by table_colour */
	TABLE_TREE = 8,	   /* drawn as a tree where rows have parents */
	TABLE_WRAP = 16,   /* a terminal may break it */
};

/** struct table_column - one column */
struct table_column {
	const char *name;   /* as -o knows it */
	const char *header; /* NULL: name */
	const char *key;    /* in JSON, and of show */
	int kind;	    /* enum table_kind */
	int flags;
	const char *help;
};

enum { TABLE_COLUMNS_MAX = 64 };

/** struct table_model - the columns of a verb */
struct table_model {
	const char *name; /* of the array in JSON */
	const struct table_column *columns;
	size_t n;				 /* at most TABLE_COLUMNS_MAX */
	const char *(*colour)(const char *text); /* of a TABLE_COLOUR cell; NULL: none */
};

/** struct table_options - the flags that all tables share */
struct table_options {
	bool json, raw, no_headings, all, quiet, uncut, bytes, no_pager;
	const char *output, *sort, *color;
	struct strv filter;
};

/** table_option_rows - their rows for struct options_line */
struct option_group table_option_group(struct table_options *o);

void table_options_done(struct table_options *o);

struct table;

/**
 * table_new - an empty table
 *
 * -EINVAL with a did-you-mean for columns of -o, --sort or -f that are none, bad --color.
 */
int table_new(const struct table_model *model, const struct table_options *o, struct table **ret,
	      struct ctr_error *err) ATTR_WARN_UNUSED;
void table_free(struct table *t);

static inline void cleanup_table(struct table **t)
{
	table_free(*t);
}
#define autotable __attribute__((cleanup(cleanup_table)))

/** table_wants - is the column shown, filtered or sorted by? (else its cells need not be found) */
bool table_wants(const struct table *t, size_t column);

/** table_show - show one more column than the options say */
void table_show(struct table *t, size_t column);

/** table_draw_tree - draw TABLE_TREE columns as one; else rows stand in their order */
void table_draw_tree(struct table *t);

/** table_row - begin a row. -ENOMEM is remembered: table_print() tells */
void table_row(struct table *t);

/** table_text, table_number - fill a cell of the row; NULL, TABLE_ABSENT: there is none */
void table_text(struct table *t, size_t column, const char *text);
void table_number(struct table *t, size_t column, uint64_t number);

/** table_identify - for TABLE_TREE: number of this row, and of its parent (0: none) */
void table_identify(struct table *t, uint64_t self, uint64_t parent);

/** table_finish - drop what the filters exclude, sort. To be called once, before printing */
int table_finish(struct table *t, struct ctr_error *err) ATTR_WARN_UNUSED;

/** table_rows - how many are left */
size_t table_rows(const struct table *t);

/** table_print - as the options say; nothing of it is cut or coloured unless terminal. 0, -errno */
int table_print(const struct table *t, FILE *out, bool terminal,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/* What table_print.c needs to see */

struct table_cell {
	char *text;	 /* NULL: absent */
	uint64_t number; /* TABLE_ABSENT: absent */
};

struct table_line {
	struct table_cell *cells; /* one a column of the model */
	uint64_t self, parent;
};

struct table {
	const struct table_model *model;
	const struct table_options *o;
	size_t shown[TABLE_COLUMNS_MAX], nshown;
	struct table_line *lines;
	size_t n;
	bool failed; /* out of memory */
	bool tree;
};

/** table_column_find - number of a column by name or key, any case. -EINVAL */
int table_column_find(const struct table_model *model, const char *name, size_t *ret,
		      struct ctr_error *err) ATTR_WARN_UNUSED;

/** table_format - a cell as people read it (bytes: sizes as plain numbers); "" when absent */
void table_format(const struct table_column *c, const struct table_cell *cell, bool bytes,
		  char *dst, size_t size);

/** table_format_raw - the same for programs: numbers as in JSON */
void table_format_raw(const struct table_column *c, const struct table_cell *cell, char *dst,
		      size_t size);

/** table_columns_help - the columns, for --help */
void table_columns_help(const struct table_model *model, FILE *out);

/** table_keys_help - the same by their keys, for a verb that prints key=value or JSON */
void table_keys_help(const struct table_model *model, FILE *out);

#endif

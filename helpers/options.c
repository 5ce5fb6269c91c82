/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "num.h"
#include "parse.h"
#include "str.h"

enum { ROWS_MAX = 64, FIRST_CODE = 256, COUNT_MAX = 1000000 };

/* All groups side by side, as getopt_long wants them. Code FIRST_CODE + i is row i. */
struct flat {
	const struct option_row *row[ROWS_MAX];
	void *base[ROWS_MAX];
	struct option longs[ROWS_MAX + 2];
	char shorts[3 * ROWS_MAX + 4];
	size_t n;
};

static int has_arg(const struct option_row *row)
{
	if (row->type == OPTION_FLAG)
		return no_argument;
	return row->type == OPTION_OPTIONAL_TEXT ? optional_argument : required_argument;
}

static void flatten(const struct options_line *line, struct flat *f)
{
	char *s = f->shorts;

	*f = (struct flat){.n = 0};
	if (line->stop_early)
		*s++ = '+';
	*s++ = ':'; /* a missing value is told apart from an unknown option */
	*s++ = 'h';
	for (size_t g = 0; g < OPTIONS_GROUPS; g++) {
		for (size_t i = 0; i < line->groups[g].n && f->n < ROWS_MAX; i++) {
			const struct option_row *row = &line->groups[g].rows[i];

			f->longs[f->n] =
			    (struct option){row->name, has_arg(row), NULL, FIRST_CODE + (int)f->n};
			f->row[f->n] = row;
			f->base[f->n++] = line->groups[g].base;
			if (!row->letter)
				continue;
			*s++ = row->letter;
			for (int colons = has_arg(row); colons > 0; colons--)
				*s++ = ':';
		}
	}
	f->longs[f->n] = (struct option){"help", no_argument, NULL, 'h'};
}

static size_t find(const struct flat *f, int code)
{
	size_t i = code >= FIRST_CODE ? (size_t)code - FIRST_CODE : 0;

	while (code < FIRST_CODE && i < f->n && f->row[i]->letter != code)
		i++;
	return i;
}

static int bad_value(const struct option_row *row, const char *value, struct ctr_error *err)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "bad value '%s' of --%s; it takes %s",
		       value, row->name, row->arg);
}

int options_time(const char *text, uint64_t *ret)
{
	const char *dot = strchr(text, '.');
	uint64_t whole = 0, us = 0, unit = 1000000;
	char seconds[16];

	if (!dot) {
		int r = num_usec(text, &us);

		if (r == 0 && us == UINT64_MAX)
			return -ERANGE;
		if (r == 0)
			*ret = us;
		return r;
	}
	if (str_format(seconds, sizeof(seconds), "%.*s", (int)(dot - text), text) < 0 ||
	    num_u64(seconds, &whole) < 0 || !dot[1] || strlen(dot + 1) > 6)
		return -EINVAL;
	for (const char *c = dot + 1; *c; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
		unit /= 10;
		us += (uint64_t)(*c - '0') * unit;
	}
	if (whole > UINT32_MAX)
		return -ERANGE;
	*ret = whole * 1000000 + us;
	return 0;
}

static int store(const struct option_row *row, void *base, const char *value, struct ctr_error *err)
{
	void *field = (char *)base + row->offset;
	uint64_t us;
	int n;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_LIST:
		if (strv_add(field, value) < 0)
			return err_sys(err, ENOMEM, "usage", "read --%s", row->name);
		return 0;
	case OPTION_COUNT:
		if (num_int_in(value, 1, COUNT_MAX, &n) < 0)
			return bad_value(row, value, err);
		*(unsigned int *)field = (unsigned int)n;
		return 0;
	case OPTION_TIME:
		if (options_time(value, &us) < 0)
			return bad_value(row, value, err);
		*(uint64_t *)field = us;
		return 0;
	default:
		*(const char **)field = value ? value : "";
		return 0;
	}
}

static int unknown(const struct flat *f, char **argv, struct ctr_error *err)
{
	const char *names[ROWS_MAX + 2] = {NULL}, *word = argv[optind - 1], *near = NULL;
	char given[64];

	if (optopt >= FIRST_CODE || optopt == 'h')
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "option '%s' takes no value",
			       word);
	if (optopt)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "unknown option '-%c'", optopt);
	for (size_t i = 0; f->longs[i].name; i++)
		names[i] = f->longs[i].name;
	if (strlen(word) < sizeof(given) &&
	    str_format(given, sizeof(given), "%.*s", (int)strcspn(word + 2, "="), word + 2) == 0)
		near = parse_suggest(given, names);
	if (near)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage",
			       "unknown option '%s'; did you mean '--%s'?", word, near);
	return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "unknown option '%s'", word);
}

static int missing(const struct flat *f, char **argv, struct ctr_error *err)
{
	size_t i = find(f, optopt);

	return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "option '%s' needs a value%s%s",
		       argv[optind - 1], i < f->n ? ": " : "", i < f->n ? f->row[i]->arg : "");
}

int options_parse(const struct options_line *line, int argc, char **argv, int *ret_rest,
		  struct ctr_error *err)
{
	bool help = false;
	struct flat f;
	int c, r = 0;

	flatten(line, &f);
	optind = 0; /* glibc: start over; verbs are parsed after the program's own options */
	opterr = 0;
	while (r == 0 && (c = getopt_long(argc, argv, f.shorts, f.longs, NULL)) != -1) {
		size_t i = find(&f, c);

		if (c == 'h')
			help = true;
		else if (c == ':')
			r = missing(&f, argv, err);
		else if (i < f.n)
			r = store(f.row[i], f.base[i], optarg, err);
		else
			r = unknown(&f, argv, err);
	}
	if (r < 0)
		return r;
	*ret_rest = optind;
	return help ? OPTIONS_HELP : 0;
}

static void print_row(const struct option_row *row, FILE *out)
{
	bool optional = row->type == OPTION_OPTIONAL_TEXT;
	char letter[5] = "    ", left[64];

	if (row->letter)
		(void)!str_format(letter, sizeof(letter), "-%c, ", row->letter);
	if (str_format(left, sizeof(left), "%s--%s%s%s%s%s", letter, row->name,
		       optional	  ? "["
		       : row->arg ? " "
				  : "",
		       optional ? "=" : "", row->arg ? row->arg : "", optional ? "]" : "") == 0)
		(void)fprintf(out, "  %-30s %s\n", left, row->help);
}

void options_help(const struct options_line *line, FILE *out)
{
	static const struct option_row help = {"help", 'h', OPTION_FLAG, 0, NULL, "this text"};

	for (size_t g = 0; g < OPTIONS_GROUPS; g++)
		for (size_t i = 0; i < line->groups[g].n; i++)
			print_row(&line->groups[g].rows[i], out);
	print_row(&help, out);
}

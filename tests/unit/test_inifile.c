/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "inifile.h"
#include "str.h"

struct got {
	char text[4096];
	unsigned int problems;
};

static int on_section(void *ctx, const char *section, unsigned int line, struct ctr_error *err)
{
	struct got *g = ctx;
	size_t n = strlen(g->text);

	if (strcmp(section, "Refused") == 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "test", "refused");
	return str_format(g->text + n, sizeof(g->text) - n, "%u[%s] ", line, section);
}

static int on_item(void *ctx, const struct inifile_item *it, struct ctr_error *err ATTR_UNUSED)
{
	struct got *g = ctx;
	size_t n = strlen(g->text);

	return str_format(g->text + n, sizeof(g->text) - n, "%u%s%s.%s=%s ", it->line,
			  it->continued ? "+" : ":", it->section, it->key, it->value);
}

static bool on_problem(void *ctx, unsigned int line ATTR_UNUSED, const struct ctr_error *why)
{
	struct got *g = ctx;

	assert_true(why->text[0] != '\0');
	g->problems++;
	return true;
}

static int parse(const char *text, size_t len, struct got *g, unsigned int *line)
{
	struct inifile ini = {text, len, g, on_section, on_item, NULL};

	*g = (struct got){{0}, 0};
	*line = 0;
	return inifile_parse(&ini, line, NULL);
}

#define T(s)  s, sizeof(s) - 1
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static void delivers_what_is_written(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} rows[] = {
	    {T(""), ""},
	    {T("\n\n# x\n  ; y\n"), ""},
	    {T("[A]\nk=v\n"), "1[A] 2:A.k=v "},
	    {T("[A]\nk = v w \n[B c]\nk=\n"), "1[A] 2:A.k=v w 3[B c] 4:B c.k= "},
	    {T("[A]\nk=v"), "1[A] 2:A.k=v "},
	    {T("[A]\nk=v\n w\n\n# c\n\tx\n"), "1[A] 2:A.k=v 3+A.k=w 6+A.k=x "},
	    {T("[A]\nk=a;b=c:d\n"), "1[A] 2:A.k=a;b=c:d "},
	    {T("[A]\n# " FIFTY FIFTY FIFTY FIFTY FIFTY "\nk=v\n"), "1[A] 3:A.k=v "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int line;
		struct got g;

		assert_int_equal(parse(rows[i].text, rows[i].len, &g, &line), 0);
		assert_string_equal(g.text, rows[i].want);
	}
}

/* What libinih 55 reads as something else, and what is no INI; the line that is to blame. */
static void refuses_what_would_be_misread(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		unsigned int line;
	} rows[] = {
	    {T("[A]\nk=" FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY "\n"), 2},
	    {T("[A]\nk=" FIFTY FIFTY FIFTY FIFTY "x=y\n"), 2},
	    {T("[" FIFTY "]\nk=v\n"), 1},
	    {T("[A]\nk=\"v ; w\"\n"), 2},
	    {T("[A]\nk=v\t;w\n"), 2},
	    {T("[A] ; x\nk=v\n"), 1},
	    {T("[A]\nk=v\0w\n"), 2},
	    {T("[A]\n#\0\n"), 2},
	    {T("[A]\nk=v\x1b[0m\n"), 2},
	    {T("[A]\nk=v\r\n"), 2},
	    {T("\xef\xbb\xbf[A]\nk=v\n"), 1},
	    {T("[A\nk=v\n"), 1},
	    {T("[]\n"), 1},
	    {T("[A]x\n"), 1},
	    {T("[A][B]\n"), 1},
	    {T("[[A]]\n"), 1},
	    {T("k=v\n"), 1},
	    {T("[A]\nk\n"), 2},
	    {T("[A]\nk: v\n"), 2},
	    {T("[A]\n=v\n"), 2},
	    {T("[A]\n k=v\n"), 2},
	    {T("[A]\nk=v\n[B]\n w\n"), 4},
	    {T("[A]\n[Refused]\n"), 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int line;
		struct got g;

		assert_int_equal(parse(rows[i].text, rows[i].len, &g, &line), -EINVAL);
		assert_int_equal(line, rows[i].line);
	}
}

/* 198 bytes fit, 199 do not; nothing is cut in between */
static void knows_the_longest_line(void **state)
{
	char text[256] = "[A]\nk=";
	unsigned int line;
	struct got g;

	(void)state;
	memset(text + 6, 'v', INIFILE_LINE_MAX - 2);
	assert_int_equal(parse(text, strlen(text), &g, &line), 0);
	assert_int_equal(strlen(g.text), strlen("1[A] 2:A.k= ") + INIFILE_LINE_MAX - 2);
	text[strlen(text)] = 'v';
	assert_int_equal(parse(text, strlen(text), &g, &line), -EINVAL);
}

/* After a header that is refused nothing lands in the section before it. */
static void loses_no_setting_to_another_section(void **state)
{
	static const char text[] = "[A]\nk=1\n[b\nk=2\n l\n[Refused]\nk=3\n[C]\nk=4\n";
	struct got g = {{0}, 0};
	struct inifile ini = {text, sizeof(text) - 1, &g, on_section, on_item, on_problem};

	(void)state;
	assert_int_equal(inifile_parse(&ini, NULL, NULL), -EINVAL);
	assert_string_equal(g.text, "1[A] 2:A.k=1 8[C] 9:C.k=4 ");
	assert_int_equal(g.problems, 2);
}

static void bounds_what_it_reads(void **state)
{
	size_t len = INIFILE_TEXT_MAX + 1;
	char *text = malloc(len);
	unsigned int line;
	struct got g;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	assert_int_equal(parse(text, len, &g, &line), -EFBIG);
	assert_int_equal(parse(text, len - 1, &g, &line), -EINVAL);
	assert_int_equal(line, 1);
	free(text);
}

static void checks_values_of_the_api(void **state)
{
	(void)state;
	assert_int_equal(inifile_check_value("k", "a b;c", NULL), 0);
	assert_int_equal(inifile_check_value("k", "", NULL), 0);
	assert_int_equal(inifile_check_value("k", "a\n[Exec]", NULL), -EINVAL);
	assert_int_equal(inifile_check_value("k", "a ;b", NULL), -EINVAL);
	assert_int_equal(inifile_check_value("k", ";b", NULL), -EINVAL);
	assert_int_equal(inifile_check_value("k", " a", NULL), -EINVAL);
	assert_int_equal(inifile_check_value("k", FIFTY FIFTY FIFTY FIFTY, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delivers_what_is_written),
	    cmocka_unit_test(refuses_what_would_be_misread),
	    cmocka_unit_test(knows_the_longest_line),
	    cmocka_unit_test(loses_no_setting_to_another_section),
	    cmocka_unit_test(bounds_what_it_reads),
	    cmocka_unit_test(checks_values_of_the_api),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "table.h"

enum { ID, STATE, MEM, SINCE, SHARE, SPAN, MORE, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [ID] = {"ID", NULL, "id", TABLE_TEXT, TABLE_DEFAULT, "name"},
    [STATE] = {"STATE", NULL, "state", TABLE_TEXT, TABLE_DEFAULT | TABLE_COLOUR, "state"},
    [MEM] = {"MEM", "MEMORY", "mem_bytes", TABLE_SIZE, TABLE_DEFAULT, "memory"},
    [SINCE] = {"SINCE", NULL, "since", TABLE_TIME, 0, "since"},
    [SHARE] = {"CPU%", NULL, "cpu_centipercent", TABLE_PERCENT, 0, "share"},
    [SPAN] = {"CPU", NULL, "cpu_us", TABLE_SPAN, 0, "time"},
    [MORE] = {"MORE", NULL, "more", TABLE_TEXT, TABLE_TREE, "more"},
};

static const char *colour(const char *text)
{
	return strcmp(text, "running") == 0 ? "green" : NULL;
}

static const struct table_model model = {"things", columns, COLUMNS, colour};

static void fill(struct table *t)
{
	table_row(t);
	table_text(t, ID, "b-1");
	table_text(t, STATE, "running");
	table_number(t, MEM, 3 * 1024 * 1024 + 512 * 1024);
	table_number(t, SINCE, UINT64_C(1700000000) * 1000000);
	table_number(t, SHARE, 1234);
	table_number(t, SPAN, 4200000);
	table_text(t, MORE, "two words\x1b[2J");
	table_row(t);
	table_text(t, ID, "a-1");
	table_text(t, STATE, "paused");
}

/* The table of two rows as text; the caller frees it. */
static char *print(const struct table_options *o, bool terminal)
{
	struct table *t = NULL;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(table_new(&model, o, &t, NULL), 0);
	fill(t);
	assert_int_equal(table_finish(t, NULL), 0);
	assert_int_equal(table_print(t, f, terminal, NULL), 0);
	assert_int_equal(fclose(f), 0);
	table_free(t);
	return text;
}

static void expect(const struct table_options *o, const char *want)
{
	char *text = print(o, false);

	assert_string_equal(text, want);
	free(text);
}

static void prints_for_people(void **state)
{
	(void)state;
	expect(&(const struct table_options){0}, "ID  STATE   MEMORY\n"
						 "b-1 running   3.5M\n"
						 "a-1 paused       -\n");
	expect(&(const struct table_options){.no_headings = true, .bytes = true},
	       "b-1 running 3670016\n"
	       "a-1 paused        -\n");
	expect(&(const struct table_options){.quiet = true}, "b-1\na-1\n");
	expect(&(const struct table_options){.output = "cpu%,cpu"}, " CPU%  CPU\n"
								    "12.3% 4.2s\n"
								    "    -    -\n");
}

/* MUST-11: control bytes of a command line do not reach the terminal */
static void prints_raw(void **state)
{
	(void)state;
	expect(&(const struct table_options){.raw = true, .output = "+MORE"},
	       "ID STATE MEMORY MORE\n"
	       "b-1 running 3.5M two\\x20words\\x1b[2J\n"
	       "a-1 paused - -\n");
}

static void chooses_columns(void **state)
{
	static const struct {
		const char *output, *text;
	} bad[] = {
	    {"STAT", "unknown column 'STAT'; did you mean 'STATE'?"},
	    {"ID,nonsense", "unknown column 'nonsense'; --help lists them"},
	    {"", "-o names no column"},
	};

	(void)state;
	expect(&(const struct table_options){.output = "state,ID", .no_headings = true},
	       "running b-1\npaused  a-1\n");
	expect(&(const struct table_options){.output = "mem_bytes"}, "MEMORY\n  3.5M\n     -\n");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct table_options o = {.output = bad[i].output};
		struct ctr_error err = {0};
		struct table *t = NULL;

		assert_int_equal(table_new(&model, &o, &t, &err), -EINVAL);
		assert_string_equal(err.text, bad[i].text);
		assert_null(t);
	}
}

static void filters_and_sorts(void **state)
{
	static const struct {
		char *filter;
		const char *sort, *ids;
	} rows[] = {
	    {NULL, "ID", "a-1\nb-1\n"},
	    {NULL, "-ID", "b-1\na-1\n"},
	    {NULL, "mem", "a-1\nb-1\n"},
	    {NULL, "-mem", "b-1\na-1\n"},
	    {"STATE=pau*", NULL, "a-1\n"},
	    {"state=RUNNING", NULL, "b-1\n"},
	    {"MEM=3670016", NULL, "b-1\n"},
	    {"MEM=", NULL, "a-1\n"},
	    {"ID=c*", NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *filter = rows[i].filter;
		struct table_options o = {.quiet = true, .sort = rows[i].sort};

		if (filter)
			o.filter = (struct strv){&filter, 1};
		expect(&o, rows[i].ids);
	}
}

/* --output-all is more than what -o names, not nothing at all */
static void all_columns_win(void **state)
{
	char *both = print(&(struct table_options){.all = true, .output = "ID"}, false);
	char *all = print(&(struct table_options){.all = true}, false);

	(void)state;
	assert_string_equal(both, all);
	free(both);
	free(all);
}

static void refuses_bad_flags(void **state)
{
	char *bad_filter = (char[]){"STATE"}, *no_column = (char[]){"STAT=x"};
	const struct table_options all[] = {
	    {.sort = "-IDD"},
	    {.color = "sometimes"},
	    {.filter = {&bad_filter, 1}},
	    {.filter = {&no_column, 1}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct ctr_error err = {0};
		struct table *t = NULL;

		assert_int_equal(table_new(&model, &all[i], &t, &err), -EINVAL);
		assert_string_equal(err.stage, "usage");
	}
}

static void json_has_a_version_integers_and_null(void **state)
{
	const struct table_options o = {.json = true, .all = true};
	char *text = print(&o, false);
	struct json_object *top = json_tokener_parse(text), *things, *row, *v;

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_non_null(top);
	assert_true(json_object_object_get_ex(top, "version", &v));
	assert_int_equal(json_object_get_int(v), 1);
	assert_true(json_object_object_get_ex(top, "things", &things));
	assert_int_equal(json_object_array_length(things), 2);
	row = json_object_array_get_idx(things, 0);
	assert_int_equal(json_object_object_length(row), COLUMNS);
	assert_true(json_object_object_get_ex(row, "mem_bytes", &v));
	assert_true(json_object_is_type(v, json_type_int));
	assert_int_equal(json_object_get_int64(v), 3670016);
	assert_true(json_object_object_get_ex(row, "cpu_centipercent", &v));
	assert_int_equal(json_object_get_int64(v), 1234);
	assert_true(json_object_object_get_ex(row, "since", &v));
	assert_true(json_object_is_type(v, json_type_string));
	row = json_object_array_get_idx(things, 1);
	assert_true(json_object_object_get_ex(row, "mem_bytes", &v));
	assert_null(v); /* null, and the key is there */
	json_object_put(top);
	free(text);
}

static void colours_only_where_asked(void **state)
{
	char *text;

	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	text = print(&(const struct table_options){0}, true);
	assert_non_null(strstr(text, "\033["));
	free(text);
	text = print(&(const struct table_options){0}, false);
	assert_null(strchr(text, '\033'));
	free(text);
	text = print(&(const struct table_options){.color = "always"}, false);
	assert_non_null(strstr(text, "\033["));
	free(text);
	setenv("NO_COLOR", "1", 1);
	text = print(&(const struct table_options){0}, true);
	assert_null(strchr(text, '\033'));
	free(text);
}

static void draws_a_tree(void **state)
{
	static const struct table_options o = {.output = "MORE", .no_headings = true};
	struct table *t = NULL;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(table_new(&model, &o, &t, NULL), 0);
	table_draw_tree(t);
	table_row(t);
	table_text(t, MORE, "child");
	table_identify(t, 12, 11);
	table_row(t);
	table_text(t, MORE, "parent");
	table_identify(t, 11, 1);
	assert_int_equal(table_finish(t, NULL), 0);
	assert_int_equal(table_print(t, f, false, NULL), 0);
	assert_int_equal(fclose(f), 0);
	assert_true(strncmp(text, "parent\n", 7) == 0);
	assert_non_null(strstr(text, "-child\n"));
	free(text);
	table_free(t);
}

static void knows_what_is_wanted(void **state)
{
	char *filter = (char[]){"CPU=*"};
	const struct table_options o = {.output = "ID", .sort = "-since", .filter = {&filter, 1}};
	struct table *t = NULL;

	(void)state;
	assert_int_equal(table_new(&model, &o, &t, NULL), 0);
	assert_true(table_wants(t, ID) && table_wants(t, SINCE) && table_wants(t, SPAN));
	assert_false(table_wants(t, MEM));
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prints_for_people),
	    cmocka_unit_test(prints_raw),
	    cmocka_unit_test(chooses_columns),
	    cmocka_unit_test(all_columns_win),
	    cmocka_unit_test(filters_and_sorts),
	    cmocka_unit_test(refuses_bad_flags),
	    cmocka_unit_test(json_has_a_version_integers_and_null),
	    cmocka_unit_test(colours_only_where_asked),
	    cmocka_unit_test(draws_a_tree),
	    cmocka_unit_test(knows_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

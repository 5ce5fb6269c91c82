/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>

#include "options.h"
#include "str.h"

struct own {
	bool json, all;
	const char *output, *every;
	struct strv filter;
	unsigned int count;
	uint64_t delay;
};

static const struct option_row rows[] = {
    {"json", 'J', OPTION_FLAG, offsetof(struct own, json), NULL, "JSON"},
    {"all", 'a', OPTION_FLAG, offsetof(struct own, all), NULL, "all"},
    {"output", 'o', OPTION_TEXT, offsetof(struct own, output), "LIST", "columns"},
    {"watch", 'w', OPTION_OPTIONAL_TEXT, offsetof(struct own, every), "SEC", "again"},
    {"filter", 'f', OPTION_LIST, offsetof(struct own, filter), "KEY=GLOB", "filter"},
    {"iterations", 0, OPTION_COUNT, offsetof(struct own, count), "N", "times"},
    {"delay", 'd', OPTION_TIME, offsetof(struct own, delay), "SEC", "pause"},
};

enum { WORDS = 10 };

static int parse(bool early, const char *const *words, struct own *own, int *rest,
		 struct ctr_error *err)
{
	const struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), own}},
					  .stop_early = early};
	char *argv[WORDS + 1] = {NULL};
	int argc = 0, r;

	for (; words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	/* getopt moves the words about: the caller looks at what was stored */
	r = options_parse(&line, argc, argv, rest, err);
	if (r == 0)
		*rest = argc - *rest;
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return r;
}

static void reads_every_type(void **state)
{
	struct own own = {0};
	int rest;

	(void)state;
	assert_int_equal(parse(false,
			       (const char *const[]){"list", "-J", "ID", "--iterations=3", "-d",
						     "1500ms", "-fa=b", "-fc", "ID2", NULL},
			       &own, &rest, NULL),
			 0);
	assert_true(own.json && !own.all);
	assert_int_equal(own.count, 3);
	assert_int_equal(own.delay, 1500000);
	assert_int_equal(own.filter.n, 2);
	assert_string_equal(own.filter.v[1], "c");
	assert_int_equal(rest, 2);
	strv_done(&own.filter);
}

static void stops_early_where_a_command_follows(void **state)
{
	struct own own = {0};
	int rest;

	(void)state;
	assert_int_equal(
	    parse(true, (const char *const[]){"exec", "-J", "ID", "-a", NULL}, &own, &rest, NULL),
	    0);
	assert_true(own.json && !own.all);
	assert_int_equal(rest, 2);
}

static void tells_what_is_wrong(void **state)
{
	static const struct {
		const char *words[4], *text;
	} bad[] = {
	    {{"x", "--jsno"}, "unknown option '--jsno'; did you mean '--json'?"},
	    {{"x", "--quux"}, "unknown option '--quux'"},
	    {{"x", "-x"}, "unknown option '-x'"},
	    {{"x", "--all", "-Jx"}, "unknown option '-x'"},
	    {{"x", "-o"}, "option '-o' needs a value: LIST"},
	    {{"x", "--output"}, "option '--output' needs a value: LIST"},
	    {{"x", "--json=yes"}, "option '--json=yes' takes no value"},
	    {{"x", "--iterations", "0"}, "bad value '0' of --iterations; it takes N"},
	    {{"x", "--iterations", "1x"}, "bad value '1x' of --iterations; it takes N"},
	    {{"x", "--delay=infinity"}, "bad value 'infinity' of --delay; it takes SEC"},
	    {{"x", "--\x1b[2J"}, "unknown option '--\\x1b[2J'"}, /* MUST-11 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ctr_error err = {0};
		struct own own = {0};
		int rest;

		assert_int_equal(parse(false, bad[i].words, &own, &rest, &err), -EINVAL);
		assert_string_equal(err.text, bad[i].text);
		assert_string_equal(err.stage, "usage");
	}
}

static void value_may_be_left_out(void **state)
{
	struct own own = {0};
	int rest;

	(void)state;
	assert_int_equal(
	    parse(false, (const char *const[]){"x", "--watch", "5", NULL}, &own, &rest, NULL), 0);
	assert_string_equal(own.every, "");
	assert_int_equal(rest, 1); /* "5" is no value of it */
}

static void reads_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} t[] = {
	    {"2", 2000000},	  {"0.5", 500000},    {"1.25", 1250000}, {"0.000001", 1},
	    {"500ms", 500000},	  {"1min", 60000000}, {"10.", 0},	 {".5", 0},
	    {"1.2.3", 0},	  {"1.0000001", 0},   {"-1", 0},	 {"infinity", 0},
	    {"99999999999.5", 0}, {"0.5s", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t us = 0;
		int r = options_time(t[i].text, &us);

		assert_int_equal(us, t[i].us);
		assert_true((r == 0) == (t[i].us != 0));
	}
}

static void help_is_asked_for(void **state)
{
	struct own own = {0};
	int rest;

	(void)state;
	assert_int_equal(parse(false, (const char *const[]){"x", "-h", NULL}, &own, &rest, NULL),
			 OPTIONS_HELP);
	assert_int_equal(
	    parse(false, (const char *const[]){"x", "-J", "--help", NULL}, &own, &rest, NULL),
	    OPTIONS_HELP);
}

static void help_lists_every_option(void **state)
{
	struct own own = {0};
	const struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &own}}};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	options_help(&line, f);
	assert_int_equal(fclose(f), 0);
	assert_non_null(strstr(text, "-o, --output LIST"));
	assert_non_null(strstr(text, "-w, --watch[=SEC]"));
	assert_non_null(strstr(text, "    --iterations N"));
	assert_non_null(strstr(text, "-h, --help"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_type),
	    cmocka_unit_test(stops_early_where_a_command_follows),
	    cmocka_unit_test(tells_what_is_wrong),
	    cmocka_unit_test(reads_times),
	    cmocka_unit_test(value_may_be_left_out),
	    cmocka_unit_test(help_is_asked_for),
	    cmocka_unit_test(help_lists_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

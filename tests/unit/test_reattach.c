/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "reattach.h"
#include "str.h"

static void asks_for_plain_login_shells(void **state)
{
	static const struct {
		const char *argv[4];
		bool want;
	} rows[] = {
	    {{"-bash", NULL}, true},
	    {{"bash", NULL}, true},
	    {{"bash", "-l", NULL}, true},
	    {{"sh", "--login", "-i", NULL}, true},
	    {{"bash", "-c", "ls", NULL}, false},
	    {{"-bash", "-lc", "ls", NULL}, false},
	    {{"/bin/sh", "script", NULL}, false},
	    {{NULL}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(reattach_wanted(rows[i].argv), rows[i].want);
}

static void understands_an_answer(void **state)
{
	static const struct proto_list list = {.n = 3,
					       .rows = {{.name = 1, .since_us = 10},
							{.name = 4, .since_us = 30},
							{.name = 2, .since_us = 20}}};
	static const struct {
		const char *line;
		int want;
	} rows[] = {
	    {"\n", 4},	    {"", 4},	      {"1\n", 1},	{"2\r\n", 2},
	    {"n\n", 0},	    {"3\n", -EINVAL}, {"x\n", -EINVAL}, {"-1", -EINVAL},
	    {"0", -EINVAL}, {"new", -EINVAL}, {"1 2", -EINVAL}, {"99999999999999999999", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(reattach_answer(rows[i].line, &list), rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asks_for_plain_login_shells),
	    cmocka_unit_test(understands_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "crlog.h"

static void the_line_that_matters(void **state)
{
	static const struct {
		const char *log, *want; /* NULL: none */
	} t[] = {
	    {"", NULL},
	    {"(00.1) pie: all well\n", NULL},
	    {"(00.1) Warn  (criu/a.c:1): careful\n", NULL},
	    {"(00.1) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: no\n",
	     NULL},
	    {"(00.1) Error (criu/a.c:1): first\n(00.2) Error (criu/b.c:2): second\n", "first"},
	    {"(00.1) Error (criu/util.c:1): rlimit: Can't setup RLIMIT_NOFILE for self: no\n"
	     "(00.2)     12: Error (criu/files.c:7): Can't open /x",
	     "Can't open /x"},
	    {"(00.2) Error (criu/b.c:2): name \033[2J\n", "name \\x1b[2J"},
	};
	char got[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(crlog_reason(t[i].log, got, sizeof(got)), t[i].want != NULL);
		if (t[i].want)
			assert_string_equal(got, t[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_line_that_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>

#include "cleanup.h"
#include "envlist.h"

/* Order: the place of the first of equal names, the value of the last; then the home */
static const struct {
	const char *env[5], *want[6];
} rows[] = {
    {{NULL}, {"HOME=/h"}},
    {{"A=1"}, {"A=1", "HOME=/h"}},
    {{"A=1", "B=2", "A=3"}, {"A=3", "B=2", "HOME=/h"}},
    {{"HOME=/x"}, {"HOME=/x"}},
    {{"HOME="}, {"HOME="}},
    {{"HOMER=1", "HOM=2"}, {"HOMER=1", "HOM=2", "HOME=/h"}},
    {{"A", "A=1"}, {"A=1", "HOME=/h"}},
    {{"AB=1", "A=2", "AB=3"}, {"AB=3", "A=2", "HOME=/h"}},
};

static void settles_an_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree const char **got = envlist_make(rows[i].env, "HOME=/h");
		size_t n = 0;

		assert_non_null(got);
		for (; rows[i].want[n]; n++)
			if (!got[n] || strcmp(got[n], rows[i].want[n]) != 0)
				fail_msg("row %zu: %s", i, got[n] ? got[n] : "(end)");
		assert_null(got[n]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settles_an_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

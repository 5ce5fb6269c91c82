/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgpids.h"

static void reads_pids(void **state)
{
	static const struct {
		const char *text;
		int r;
		size_t n;
	} t[] = {
	    {"", 0, 0},
	    {"1\n22\n333\n", 0, 3},
	    {"5\n0\n7", 0, 2},
	    {"x\n", -EBADMSG, 0},
	    {"1\n-2\n", -EBADMSG, 1},
	    {"99999999999\n", -EBADMSG, 0},
	    {"1\n\n2\n", -EBADMSG, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		autocgpids struct cgpids p = {0};

		assert_int_equal(cgpids_add_text(&p, t[i].text), t[i].r);
		assert_int_equal(p.n, t[i].n);
	}
}

static void sorts_and_joins(void **state)
{
	static const pid_t want[] = {1, 2, 3, 9, 70};
	autocgpids struct cgpids p = {0};

	(void)state;
	cgpids_sort(&p);
	assert_int_equal(p.n, 0);
	assert_int_equal(cgpids_add_text(&p, "9\n1\n3\n"), 0);
	assert_int_equal(cgpids_add_text(&p, "3\n70\n2\n1\n9\n"), 0);
	cgpids_sort(&p);
	assert_int_equal(p.n, ARRAY_SIZE(want));
	assert_memory_equal(p.v, want, sizeof(want));
}

static void grows(void **state)
{
	autocgpids struct cgpids p = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(cgpids_add_text(&p, "4\n"), 0);
	assert_int_equal(p.n, 1000);
	cgpids_sort(&p);
	assert_int_equal(p.n, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_pids),
	    cmocka_unit_test(sorts_and_joins),
	    cmocka_unit_test(grows),
	};

	return cmocka_run_group_tests_name("cgpids", tests, NULL, NULL);
}

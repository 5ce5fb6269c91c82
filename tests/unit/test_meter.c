/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdbool.h>
#include <unistd.h>

#include "meter.h"

static void a_line_after_a_second(void **state)
{
	static const struct {
		struct ctr_progress p;
		const char *want; /* NULL: nothing yet */
	} rows[] = {
	    {{CTR_PHASE_WRITING, 1 << 20, 999999}, NULL},
	    {{CTR_PHASE_WRITING, 1 << 20, 1000000}, "a-1: writing, 1.0M, 1.0s"},
	    {{CTR_PHASE_SIGNING, 3 << 29, 4200000}, "a-1: signing, 1.5G, 4.2s"},
	    {{CTR_PHASE_CHECKING, 0, 2000000}, "a-1: checking, 0B, 2.0s"},
	    {{(enum ctr_phase)99, 0, 2000000}, "a-1: unknown, 0B, 2.0s"},
	};
	char line[METER_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(meter_line("a-1", &rows[i].p, line), rows[i].want != NULL);
		if (rows[i].want)
			assert_string_equal(line, rows[i].want);
	}
}

/* Standard error of a test is no terminal: nothing is shown, so nothing has to go. */
static void nothing_without_a_terminal(void **state)
{
	const struct ctr_progress p = {CTR_PHASE_WRITING, 1, 5000000};
	struct meter m = {.name = "a-1"};

	(void)state;
	meter_show(&m, &p);
	assert_false(m.shown && !isatty(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_after_a_second),
	    cmocka_unit_test(nothing_without_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

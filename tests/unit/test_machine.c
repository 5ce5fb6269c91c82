/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg.h"
#include "machine.h"

/* Every operation in every status; columns in the order of enum ctr_status. */
static const struct {
	enum machine_op op;
	int code[6];
} table[] = {
    {MACHINE_START, {6, 15, 4, 4, 0, 0}},	 {MACHINE_SIGNAL, {6, 15, 0, 0, 0, 0}},
    {MACHINE_PROCESSES, {6, 15, 0, 0, 0, 0}},	 {MACHINE_STATS, {6, 15, 0, 0, 0, 0}},
    {MACHINE_SET, {6, 15, 0, 0, 0, 0}},		 {MACHINE_PAUSE, {6, 15, 0, 0, 0, 0}},
    {MACHINE_RESUME, {7, 15, 0, 0, 7, 7}},	 {MACHINE_DESTROY, {0, 0, 5, 5, 0, 5}},
    {MACHINE_DESTROY_FORCE, {0, 0, 0, 0, 0, 0}}, {MACHINE_CHECKPOINT, {6, 15, 4, 4, 0, 0}},
    {MACHINE_PRE_DUMP, {6, 15, 4, 4, 0, 0}},	 {MACHINE_RESTORE, {6, 0, 5, 5, 5, 5}},
};

static void every_operation_in_every_status(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(table), MACHINE_OPS);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		for (int s = 0; s < 6; s++) {
			struct ctr_error e = {0};
			int r = machine_check(table[i].op, (enum ctr_status)s, "c1", &e);

			assert_int_equal(e.code, table[i].code[s]);
			assert_true((r == 0) == (table[i].code[s] == 0));
			assert_int_equal(r, -e.errnum);
			if (r < 0)
				assert_non_null(
				    strstr(e.text, ctr_status_name((enum ctr_status)s)));
		}
	}
}

static void derives_the_status(void **state)
{
	static const struct {
		struct machine_facts f;
		enum ctr_status s;
	} t[] = {
	    {{false, false, CG_THAWED, true}, CTR_STOPPED},
	    {{false, true, CG_THAWED, true}, CTR_CHECKPOINTED},
	    {{true, true, CG_THAWED, true}, CTR_RUNNING},
	    {{true, false, CG_FROZEN, true}, CTR_PAUSED},
	    {{true, false, CG_FREEZING, true}, CTR_PAUSING},
	    {{true, false, CG_THAWED, false}, CTR_CREATED},
	    {{true, false, CG_FROZEN, false}, CTR_PAUSED},
	    {{true, false, CG_THAWED, true}, CTR_RUNNING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(machine_status(&t[i].f), t[i].s);
	assert_string_equal(ctr_status_name((enum ctr_status)9), "unknown");
}

static void knows_what_a_pause_matters_to(void **state)
{
	(void)state;
	for (int op = 0; op < MACHINE_OPS; op++) {
		int paused = machine_check(op, CTR_PAUSED, "c1", NULL);
		bool same = paused == machine_check(op, CTR_PAUSING, "c1", NULL) &&
			    paused == machine_check(op, CTR_RUNNING, "c1", NULL) &&
			    paused == machine_check(op, CTR_CREATED, "c1", NULL);

		assert_int_equal(machine_minds_pause(op), !same);
	}
	assert_false(machine_minds_pause(MACHINE_STATS));
	assert_true(machine_minds_pause(MACHINE_START));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_operation_in_every_status),
	    cmocka_unit_test(derives_the_status),
	    cmocka_unit_test(knows_what_a_pause_matters_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgfreeze.h"

static void reads_the_state_of_v1(void **state)
{
	(void)state;
	assert_int_equal(cgfreeze_state_v1("THAWED\n"), CG_THAWED);
	assert_int_equal(cgfreeze_state_v1("FREEZING\n"), CG_FREEZING);
	assert_int_equal(cgfreeze_state_v1("FROZEN\n"), CG_FROZEN);
	assert_int_equal(cgfreeze_state_v1("FROZEN"), -EBADMSG);
	assert_int_equal(cgfreeze_state_v1(""), -EBADMSG);
}

static void reads_the_state_of_v2(void **state)
{
	static const struct {
		const char *freeze, *events;
		int state;
	} t[] = {
	    {"0\n", "populated 1\nfrozen 0\n", CG_THAWED},
	    {"1\n", "populated 1\nfrozen 0\n", CG_FREEZING},
	    {"1\n", "populated 1\nfrozen 1\n", CG_FROZEN},
	    {"0\n", "populated 0\nfrozen 1\n", CG_FROZEN}, /* by a group above */
	    {"", "populated 1\nfrozen 0\n", -EBADMSG},
	    {"1\n", "populated 1\n", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(cgfreeze_state_v2(t[i].freeze, t[i].events), t[i].state);
}

static void knows_nothing_frozen_of_callers(void **state)
{
	static const struct cg_facts facts = {.layout = CG_HYBRID, .n = 0};
	struct cg cg = {.facts = &facts, .inherit = true};
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(cg_frozen(&cg), CG_THAWED);
	assert_int_equal(cg_freeze(&cg, 10, &err), -ENOTSUP);
	assert_int_equal(err.code, CTR_E_UNSUPPORTED);
	assert_int_equal(cg_kill(&cg, 10, NULL), 0);
	assert_int_equal(cg_remove(&cg, NULL), 0);
	assert_int_equal(cg_has(&cg, 1), 1);
	assert_int_equal(cg_clone_fd(&cg), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_state_of_v1),
	    cmocka_unit_test(reads_the_state_of_v2),
	    cmocka_unit_test(knows_nothing_frozen_of_callers),
	};

	return cmocka_run_group_tests_name("cgfreeze", tests, NULL, NULL);
}

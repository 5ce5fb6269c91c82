/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "criurun.h"

static void what_a_kernel_has_decides(void **state)
{
	static const struct {
		int bits, want;
	} rows[] = {
	    {0, -ENOTSUP},
	    {CRIURUN_LAZY, -ENOTSUP},
	    {CRIURUN_TRACK, 0},
	    {CRIURUN_TRACK | CRIURUN_LAZY, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};

		assert_int_equal(criurun_need_tracking(rows[i].bits, &err), rows[i].want);
		assert_int_equal(err.code, rows[i].want ? CTR_E_UNSUPPORTED : CTR_OK);
		assert_true((strstr(err.text, "CONFIG_MEM_SOFT_DIRTY") != NULL) == (err.code != 0));
	}
}

static void no_criu_is_said(void **state)
{
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(criurun_features("/no/such/criu", &err), -ENOTSUP);
	assert_int_equal(err.code, CTR_E_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_kernel_has_decides),
	    cmocka_unit_test(no_criu_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "sdbus.h"

/* Debian's procps and apt pull in the library, so every machine that builds has it. */
static void finds_all_functions(void **state)
{
	struct ctr_error err = {0};
	struct sdbus b = {0};
	void *const *f = (void *const *)&b;

	(void)state;
	if (sdbus_load(&b, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(b) / sizeof(*f); i++)
		assert_non_null(f[i]);
	sdbus_unload(&b);
	assert_null(b.lib);
	sdbus_unload(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_all_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

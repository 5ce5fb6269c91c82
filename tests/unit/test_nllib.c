/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "nllib.h"

static void finds_all_functions(void **state)
{
	struct ctr_error err = {0};
	struct nllib l = {0};
	void *const *f = (void *const *)&l;

	(void)state;
	if (nllib_open(&l, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(l) / sizeof(*f); i++)
		assert_non_null(f[i]);
	nllib_close(&l);
	assert_null(l.route);
	nllib_close(&l);
}

static void tells_the_kernels_reason(void **state)
{
	struct nllib l = {0};
	struct ctr_error err;

	(void)state;
	assert_int_equal(nllib_errno(0), 0);
	assert_int_equal(nllib_errno(-NLE_EXIST), -EEXIST);
	assert_int_equal(nllib_errno(-NLE_OBJ_NOTFOUND), -ENOENT);
	assert_int_equal(nllib_errno(-9999), -EIO);
	assert_int_equal(nllib_open(&l, &err), 0);
	assert_int_equal(nllib_fail(&l, &err, -NLE_PERM, "make %s", "x"), -EPERM);
	assert_string_equal(err.text, "make x: Operation not permitted");
	nllib_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_all_functions),
	    cmocka_unit_test(tells_the_kernels_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

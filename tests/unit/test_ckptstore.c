/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "ckptstore.h"

static void a_link_names_a_store(void **state)
{
	static const struct {
		const char *target, *store;
	} rows[] = {
	    {"/srv/big/checkpoints/a-1", "/srv/big"},
	    {"/srv/checkpoints/checkpoints/a-1", "/srv/checkpoints"},
	    {"/checkpoints/a-1", NULL},
	    {"/srv/big/checkpoints/a-2", NULL},
	    {"/srv/big/checkpoints/xa-1", NULL},
	    {"srv/big/checkpoints/a-1", NULL},
	    {"/srv/../big/checkpoints/a-1", NULL},
	    {"/srv/big/a-1", NULL},
	    {"", NULL},
	};
	char store[PATH_MAX], target[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(ckptstore_split(rows[i].target, "a-1", store),
				 rows[i].store ? 0 : -EBADMSG);
		if (!rows[i].store)
			continue;
		assert_string_equal(store, rows[i].store);
		assert_int_equal(ckptstore_target(store, "a-1", target), 0);
		assert_string_equal(target, rows[i].target);
	}
}

/* MUST-8, MUST-10: whoever can write above it could put another one there */
static void folders_above_are_roots(void **state)
{
	char path[] = "/tmp/test_store.XXXXXX";
	struct ctr_error err;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(ckptstore_open(path, true, &err), -EPERM);
	assert_int_equal(ckptstore_open("tmp/x", true, &err), -EINVAL);
	assert_int_equal(ckptstore_open("/", true, &err), -EINVAL);
	assert_int_equal(ckptstore_open("/no/such/folder", true, &err), -ENOENT);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_link_names_a_store),
	    cmocka_unit_test(folders_above_are_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

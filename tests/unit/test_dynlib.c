/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <dlfcn.h>
#include <unistd.h>

#include "attr.h"
#include "dynlib.h"

struct some {
	int before;
	__typeof__(getpid) *pid;
	__typeof__(getuid) *uid;
};

static void finds_all_or_names_one(void **state)
{
	static const struct dynlib_function all[] = {{"getpid", offsetof(struct some, pid)},
						     {"getuid", offsetof(struct some, uid)}},
					    lacking[] = {
						{"getpid", offsetof(struct some, pid)},
						{"no_such_function", offsetof(struct some, uid)}};
	void *lib = dlopen("libc.so.6", RTLD_NOW | RTLD_LOCAL);
	struct some s = {.before = 7};

	(void)state;
	assert_non_null(lib);
	assert_null(dynlib_find(lib, all, ARRAY_SIZE(all), &s));
	assert_int_equal(s.before, 7);
	assert_int_equal(s.pid(), getpid());
	assert_int_equal(s.uid(), getuid());
	assert_string_equal(dynlib_find(lib, lacking, ARRAY_SIZE(lacking), &s), "no_such_function");
	assert_null(dynlib_find(lib, NULL, 0, &s));
	(void)dlclose(lib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_all_or_names_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

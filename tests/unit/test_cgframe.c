/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgframe.h"
#include "str.h"

static void looks_into_each_hierarchy(void **state)
{
	struct cg_facts f = {
	    .layout = CG_HYBRID, .n = 2, .h = {{.controllers = "pids"}, {.v2 = true}}};
	char top[] = "/tmp/cgframe.XXXXXX", dir[64];

	(void)state;
	assert_non_null(mkdtemp(top));
	assert_int_equal(str_copy(f.h[0].mount, sizeof(f.h[0].mount), top), 0);
	assert_int_equal(str_copy(f.h[1].mount, sizeof(f.h[1].mount), "/nonexistent"), 0);
	assert_int_equal(str_format(dir, sizeof(dir), "%s/" CGFRAME_TOP, top), 0);
	assert_false(cgframe_is_there(&f));
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_true(cgframe_is_there(&f)); /* the v2 tree holds nobody here */
	f.layout = CG_V2;
	assert_false(cgframe_is_there(&f));
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(rmdir(top), 0);
}

static void says_what_the_library_says(void **state)
{
	const struct cg_facts f = {
	    .layout = CG_V1, .n = 1, .h = {{.mount = "/none", .controllers = "nosuch"}}};
	struct ctr_error err = {0};

	(void)state;
	assert_true(cgframe_make(&f, &err) < 0);
	assert_non_null(strstr(err.text, "libcgroup"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(looks_into_each_hierarchy),
	    cmocka_unit_test(says_what_the_library_says),
	};

	return cmocka_run_group_tests_name("cgframe", tests, NULL, NULL);
}

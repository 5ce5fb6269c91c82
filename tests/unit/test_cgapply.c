/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgapply.h"

static void tells_what_was_there(void **state)
{
	static const struct {
		const char *undo, *text, *old;
	} t[] = {
	    {NULL, "512\n", "512"},
	    {NULL, "max 100000\n", "max 100000"},
	    {NULL, "default 100\n8:0 50\n", "default 100"},
	    {NULL, "\n", "\n"}, /* an empty cpuset of v2 */
	    {NULL, "", "\n"},
	    {"8:0 0", "7:0 5\n8:0 1024\n", "8:0 1024"},
	    {"8:0 0", "18:0 5\n8:01 6\n", "8:0 0"},
	    {"8:0 0", "", "8:0 0"},
	    {"8:0 rbps=max", "8:0 rbps=1 wbps=max riops=5 wiops=max\n",
	     "8:0 rbps=1 wbps=max riops=5 wiops=max"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char undo[32] = "", old[64] = "";
		struct cgset_item item = {.undo = t[i].undo ? undo : NULL};

		assert_int_equal(str_copy(undo, sizeof(undo), t[i].undo ? t[i].undo : ""), 0);
		assert_int_equal(cgapply_old(&item, t[i].text, old, sizeof(old)), 0);
		assert_string_equal(old, t[i].old);
	}
}

static void refuses_what_is_no_disk(void **state)
{
	static const struct {
		const char *path, *text;
	} t[] = {
	    {"/dev/null", "not a block device"},
	    {"/etc/passwd", "not a block device"},
	    {"/dev/no-such-disk", "No such file"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ctr_error err = {0};
		char dev[32] = "same";

		assert_true(cgapply_device(t[i].path, dev, sizeof(dev), &err) < 0);
		assert_int_equal(err.code, CTR_E_CONFIG);
		assert_non_null(strstr(err.text, t[i].path));
		assert_non_null(strstr(err.text, t[i].text));
		assert_string_equal(dev, "same");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_what_was_there),
	    cmocka_unit_test(refuses_what_is_no_disk),
	};

	return cmocka_run_group_tests_name("cgapply", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "folder.h"

static int set_up(void **state)
{
	static struct folder f;

	folder_make(&f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	folder_remove(*state);
	return 0;
}

static void paths(void **state)
{
	static const struct {
		const char *path;
		bool plain;
	} t[] = {
	    {"a", true},
	    {"images/pages-1.img", true},
	    {"images/tmpfs-dev-73.tar.gz.img", true},
	    {"_x/a:b@c+d=e", true},
	    {"1/2/3/4/5/6/7/8", true},
	    {"1/2/3/4/5/6/7/8/9", false},
	    {"", false},
	    {"/", false},
	    {"/a", false},
	    {"a/", false},
	    {"a//b", false},
	    {".", false},
	    {"..", false},
	    {"a/..", false},
	    {"a/../b", false},
	    {".a", false},
	    {"a/.b", false},
	    {"-a", false},
	    {"a b", false},
	    {"a\n", false},
	    {"a\\b", false},
	    {"\303\244", false},
	};
	char longest[TREE_PATH_MAX + 2] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(tree_path_is_plain(t[i].path), t[i].plain);
	memset(longest, 'x', TREE_PATH_MAX);
	assert_true(tree_path_is_plain(longest));
	longest[TREE_PATH_MAX] = 'x';
	assert_false(tree_path_is_plain(longest));
}

static void links(void **state)
{
	static const struct {
		const char *path, *target;
		bool plain;
	} t[] = {
	    {"images/parent", "../pre-1", true},
	    {"a/b/parent", "../c", true},
	    {"parent", "../pre-1", false}, /* leaves the checkpoint */
	    {"images/parents", "../pre-1", false},
	    {"images/parent", "pre-1", false},
	    {"images/parent", "../..", false},
	    {"images/parent", "../pre-1/..", false},
	    {"images/parent", "../../pre-1", false},
	    {"images/parent", "..", false},
	    {"images/parent", "../", false},
	    {"images/parent", "/etc", false},
	    {"images/parent", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(tree_link_is_plain(t[i].path, t[i].target), t[i].plain);
}

static void deep_and_long(void **state)
{
	struct folder *f = *state;
	autotree struct tree t = {0};
	struct ctr_error e;
	char name[CKPTDIR_NAME], deep[40] = "a";
	autofd int fd = -1;

	fd = ckptdir_new(f->fd, name, NULL);
	for (size_t i = 0; i < TREE_DEPTH_MAX; i++) {
		assert_int_equal(mkdirat(fd, deep, 0700), 0);
		if (i + 1 == TREE_DEPTH_MAX)
			break;
		assert_int_equal(tree_scan(fd, TREE_STRICT, &t, &e), 0);
		assert_int_equal(t.n, i + 1);
		memcpy(deep + strlen(deep), "/a", 3);
	}
	assert_int_equal(tree_scan(fd, TREE_STRICT, &t, &e), -EINVAL);
	assert_int_equal(e.code, CTR_E_IMAGE);
	assert_int_equal(t.n, TREE_DEPTH_MAX - 1); /* untouched */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths),
	    cmocka_unit_test(links),
	    cmocka_unit_test_setup_teardown(deep_and_long, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

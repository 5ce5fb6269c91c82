/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"
#include "str.h"

static void knows_clean_paths(void **state)
{
	(void)state;
	assert_true(path_is_clean("/"));
	assert_true(path_is_clean("/a/b.c/..d"));
	assert_false(path_is_clean(""));
	assert_false(path_is_clean("a"));
	assert_false(path_is_clean("/a/"));
	assert_false(path_is_clean("//a"));
	assert_false(path_is_clean("/a/../b"));
	assert_false(path_is_clean("/./b"));
	assert_false(path_is_clean("/a\n"));
}

struct tree {
	char top[64];
	int root;
};

static int setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	*state = t;
	if (str_copy(t->top, sizeof(t->top), "/tmp/pam_container-test-XXXXXX") < 0)
		return -1;
	if (!mkdtemp(t->top))
		return -1;
	t->root = open(t->top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->root < 0 || mkdirat(t->root, "real", 0755) < 0 ||
		       symlinkat("/etc", t->root, "abs") < 0 ||
		       symlinkat("../../../../etc", t->root, "up") < 0 ||
		       symlinkat("/proc/self/root", t->root, "magic") < 0 ||
		       symlinkat("/real", t->root, "inside") < 0 ||
		       symlinkat("loop", t->root, "loop") < 0
		   ? -1
		   : 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"abs", "up", "magic", "inside", "loop", "real/x/f"};
	static const char *const dirs[] = {"real/x/y", "real/x", "real"};
	struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(t->root, names[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		unlinkat(t->root, dirs[i], AT_REMOVEDIR);
	close(t->root);
	rmdir(t->top);
	free(t);
	return 0;
}

/* MUST-5: no link leads out of the root */
static void stays_inside(void **state)
{
	struct tree *t = *state;

	assert_int_equal(path_open_in(t->root, "/abs/passwd", O_PATH), -ENOENT);
	assert_int_equal(path_open_in(t->root, "/up/passwd", O_PATH), -ENOENT);
	assert_int_equal(path_open_in(t->root, "/magic/etc", O_PATH), -ENOENT);
	assert_int_equal(path_open_in(t->root, "/loop", O_PATH), -ELOOP);
	assert_int_equal(path_open_nolinks(t->root, "/inside", O_PATH), -ELOOP);
	assert_true(path_make_in(t->root, "/abs/made", true, 0755) < 0);
	assert_true(access("/etc/made", F_OK) < 0);
}

static void makes_below_links_that_stay_inside(void **state)
{
	struct tree *t = *state;
	int fd = path_make_in(t->root, "/inside/x/y", true, 0700);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	close(fd);
	fd = path_make_in(t->root, "/real/x/f", false, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(path_make_in(t->root, "/real/x/f/g", true, 0600), -ENOTDIR);
	assert_int_equal(path_make_in(t->root, "/real/../x", true, 0600), -EINVAL);
}

/* MUST-5: in a folder that others can write, a link leads nowhere */
static void follows_links_of_root_alone(void **state)
{
	struct tree *t = *state;
	int fd = path_make_in(t->root, "/real/x/y", true, 0755);
	static const char *const good[] = {"/inside/x/y", "/inside/../inside/./x", "/real/x/y"};
	static const struct {
		const char *path;
		int result;
	} bad[] = {{"/abs/passwd", -ENOENT},
		   {"/up/passwd", -ENOENT},
		   {"/loop", -ELOOP},
		   {"/inside/none", -ENOENT},
		   {"/inside/x/y/z", -ENOENT}};

	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		fd = path_open_ours(t->root, good[i], O_PATH);
		assert_true(fd >= 0);
		close(fd);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(path_open_ours(t->root, bad[i].path, O_PATH), bad[i].result);
	assert_int_equal(chmod(t->top, 0777), 0);
	assert_int_equal(path_open_ours(t->root, good[0], O_PATH), -ELOOP);
	assert_int_equal(path_make_in(t->root, "/inside/x/f", false, 0600), -ELOOP);
	fd = path_open_ours(t->root, good[2], O_PATH);
	assert_true(fd >= 0);
	close(fd);
}

/* MUST-8: a folder others can write makes the file untrusted */
static void trusts_only_what_root_alone_can_write(void **state)
{
	struct ctr_error e;
	int fd = -1;

	(void)state;
	assert_int_equal(path_open_trusted("/etc/passwd", S_IFREG, &fd, &e), 0);
	close(fd);
	assert_int_equal(path_open_trusted("/etc", S_IFREG, &fd, &e), -EPERM);
	assert_int_equal(path_open_trusted("/tmp", S_IFDIR, &fd, &e), -EPERM);
	assert_non_null(strstr(e.text, "/tmp"));
	assert_int_equal(path_open_trusted("/etc/../etc/passwd", S_IFREG, &fd, &e), -EINVAL);
	assert_int_equal(path_open_trusted("/etc/no such file", S_IFREG, &fd, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_clean_paths),
	    cmocka_unit_test_setup_teardown(stays_inside, setup, teardown),
	    cmocka_unit_test_setup_teardown(makes_below_links_that_stay_inside, setup, teardown),
	    cmocka_unit_test_setup_teardown(follows_links_of_root_alone, setup, teardown),
	    cmocka_unit_test(trusts_only_what_root_alone_can_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "folder.h"
#include "packed.h"

/** struct two - a checkpoint, and one in the making */
struct two {
	struct folder f;
	struct zstdlib l;
	char names[3][CKPTDIR_NAME];
	int fds[3];
};

static int set_up(void **state)
{
	static struct two t;

	folder_make(&t.f);
	assert_int_equal(zstdlib_open(&t.l, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t.fds); i++) {
		t.fds[i] = ckptdir_new(t.f.fd, t.names[i], NULL);
		assert_true(t.fds[i] >= 0);
	}
	folder_fill(t.fds[0]);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct two *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(t->fds); i++)
		(void)close(t->fds[i]);
	zstdlib_close(&t->l);
	folder_remove(&t->f);
	return 0;
}

static void scan(int dirfd, struct tree *ret)
{
	assert_int_equal(tree_scan(dirfd, TREE_SETTLE, ret, NULL), 0);
}

static void assert_same_file(int a, int b, const char *path)
{
	autofree char *left = NULL, *right = NULL;
	autofd int x = openat(a, path, O_RDONLY), y = openat(b, path, O_RDONLY);
	size_t n = 0, m = 1;

	assert_int_equal(fd_read_dup(x, 1 << 20, &left, &n), 0);
	assert_int_equal(fd_read_dup(y, 1 << 20, &right, &m), 0);
	assert_int_equal(n, m);
	assert_memory_equal(left, right, n);
}

static void a_folder_comes_back(void **state)
{
	struct two *t = *state;
	autotree struct tree before = {0}, small = {0}, after = {0};
	struct stat st;

	scan(t->fds[0], &before);
	assert_int_equal(packed_make(t->fds[0], &before, t->fds[1], &t->l, NULL), 1);
	assert_int_equal(faccessat(t->fds[1], "images/pages-1.img", F_OK, 0), -1);
	assert_int_equal(fstatat(t->fds[1], "images/pages-1.img.zst", &st, 0), 0);
	assert_true(st.st_size < 100000);
	assert_int_equal(faccessat(t->fds[1], "pre-1/pages-1.img", F_OK, 0), 0); /* small */
	scan(t->fds[1], &small);
	assert_int_equal(small.n, before.n + 1);
	assert_int_equal(packed_undo(t->fds[1], &small, t->fds[2], &t->l, NULL), 0);
	scan(t->fds[2], &after);
	assert_int_equal(after.n, before.n);
	for (size_t i = 0; i < before.n; i++) {
		assert_string_equal(after.v[i].path, before.v[i].path);
		assert_int_equal(after.v[i].size, before.v[i].size);
		if (before.v[i].type == TREE_FILE)
			assert_same_file(t->fds[0], t->fds[2], before.v[i].path);
	}
}

/* A list that says less than there is; the tags are another's business. */
static void sizes_are_kept_to(void **state)
{
	static const struct {
		const char *list;
		int errnum;
	} rows[] = {
	    {"65536 images/pages-1.img\n", -EFBIG},
	    {"299999 images/pages-1.img\n", -EFBIG},
	    {"300001 images/pages-1.img\n", -EBADMSG},
	    {"18446744073709551615 images/pages-1.img\n", -EBADMSG},
	};
	struct two *t = *state;
	autotree struct tree before = {0};
	struct ctr_error err;

	scan(t->fds[0], &before);
	assert_int_equal(packed_make(t->fds[0], &before, t->fds[1], &t->l, NULL), 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[CKPTDIR_NAME];
		autofd int to = ckptdir_new(t->f.fd, name, NULL);
		autotree struct tree small = {0};
		struct stat st;

		folder_put(t->fds[1], PACKED_LIST, rows[i].list, strlen(rows[i].list));
		scan(t->fds[1], &small);
		assert_int_equal(packed_undo(t->fds[1], &small, to, &t->l, &err), rows[i].errnum);
		assert_int_equal(err.code, CTR_E_IMAGE);
		assert_int_equal(fstatat(to, "images/pages-1.img", &st, 0), 0);
		assert_true(st.st_size <= 300000);
	}
}

static void lists_are_exact(void **state)
{
	static const char *const good[] = {"70000 upper.tar\n", "70000 images/pages-1.img\n",
					   "70000 images/pages-1.img\n70000 upper.tar\n"};
	static const char *const bad[] = {
	    "",
	    "\n",
	    "70000 images/pages-2.img\n", /* there plain too */
	    "70000 images/pages-3.img\n", /* not there */
	    "70000 images/core-1.img\n",  /* never compressed */
	    "1 images/pages-1.img\n",	  /* too small for it */
	    "-1 images/pages-1.img\n",
	    "70000\n",
	    "70000 ../pages-1.img\n",
	    "70000 /images/pages-1.img\n",
	    "70000 upper.tar\n70000 upper.tar\n",
	    "70000 upper.tar\n70000 images/pages-1.img\n",
	};
	static const char *const paths[] = {"images/core-1.img.zst", "images/pages-1.img.zst",
					    "images/pages-2.img", "images/pages-2.img.zst",
					    "upper.tar.zst"};
	autotree struct tree is = {0}, list = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct tree_entry *e = tree_add(&is);

		e->type = TREE_FILE;
		assert_int_equal(str_copy(e->path, sizeof(e->path), paths[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		autofree char *text = NULL;

		assert_int_equal(packed_parse(good[i], &is, &list, NULL), 0);
		text = packed_format(&list);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(packed_parse(bad[i], &is, &list, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_folder_comes_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(sizes_are_kept_to, set_up, tear_down),
	    cmocka_unit_test(lists_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

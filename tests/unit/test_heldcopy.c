/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "heldcopy.h"
#include "str.h"
#include "tree.h"

static void the_same_by_its_inode(void **state)
{
	static const struct {
		const char *want, *have;
		bool same;
	} t[] = {
	    {"3 fd/4 100600 7 8 99 r /f", "3 fd/4 100600 7 8 99 r /f", true},
	    {"3 fd/4 100600 7 8 99 r /f", "3 fd/4 100600 7 8 99 r /other name", true},
	    {"3 fd/4 100600 7 8 99", "3 fd/4 100600 7 8 99 r /f", true}, /* of before */
	    {"3 fd/4 100600 7 8 99 r /f", "3 fd/4 100600 7 8 9 r /f", false},
	    {"3 fd/4 100600 7 8 9 r /f", "3 fd/4 100600 7 8 99 r /f", false},
	    {"3 fd/4 100600 7 8 99", "3 fd/4 100600 7 8", false},
	    {"", "3 fd/4 100600 7 8 99 r /f", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(heldcopy_is_same(t[i].want, t[i].have), t[i].same);
}

/* MUST-10: user 7's own file or folder, by its name; nothing that gives him more than he has */
static void what_is_the_users_own(void **state)
{
	static const struct {
		const char *want, *have;
		bool good;
	} t[] = {
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/4 100600 7 8 1 r /h/f", true},
	    {"3 fd/4 100600 7 8 99 r /h/a b", "3 fd/4 100600 7 8 1 r /h/a b", true},
	    {"3 cwd 40755 7 8 99 r /h", "3 cwd 40755 7 8 1 r /h", true},
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/4 100600 7 8 1 r /etc/f", false}, /* by a link */
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/4 100600 7 8 1 r /h/f (deleted)", false},
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/5 100600 7 8 1 r /h/f", false},
	    {"3 fd/4 100600 7 8 99 r /h/f", "4 fd/4 100600 7 8 1 r /h/f", false},
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/4 104755 7 8 1 r /h/f", false},
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/4 100600 0 8 1 r /h/f", false},
	    {"3 fd/4 100600 7 8 99 r /h/f", "3 fd/4 100600 7 0 1 r /h/f", false},
	    {"3 fd/4 100600 9 8 99 r /h/f", "3 fd/4 100600 9 8 1 r /h/f", false}, /* another's */
	    {"3 fd/4 100600 0 0 99 r /h/f", "3 fd/4 100600 0 0 1 r /h/f",
	     false}, /* no root to look at */
	    {"3 fd/4 10600 7 8 99 r /h/p", "3 fd/4 10600 7 8 1 r /h/p", false}, /* a FIFO */
	    {"3 fd/4 20600 7 8 99 r /h/c", "3 fd/4 20600 7 8 1 r /h/c", false}, /* a device */
	    {"3 fd/4 100600 7 8 99 r -", "3 fd/4 100600 7 8 1 r -", false},	/* not known */
	    {"3 fd/4 100600 7 8 99", "3 fd/4 100600 7 8 1 r /h/f", false},	/* of before */
	};
	const struct heldcopy alices = {.root = -1, .user = 7}, nobodys = {.root = -1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(heldcopy_is_as_good(&alices, t[i].want, t[i].have), t[i].good);
		assert_false(heldcopy_is_as_good(&nobodys, t[i].want, t[i].have));
	}
}

static bool roots_for(int root, const char *path, mode_t mode, uint64_t inode, const char *access)
{
	const struct heldcopy c = {.root = root, .user = 7};
	char want[256], have[256];

	assert_int_equal(str_format(want, sizeof(want), "3 exe %o 0 0 1 r %s", mode, path), 0);
	assert_int_equal(str_format(have, sizeof(have), "3 exe %o 0 0 %" PRIu64 " %s %s", mode,
				    inode, access, path),
			 0);
	return heldcopy_is_as_good(&c, want, have);
}

static bool roots(int root, const char *path, mode_t mode, uint64_t inode)
{
	return roots_for(root, path, mode, inode, "r");
}

static const char *line_of(int dir, const char *name, char line[128])
{
	struct stat st;

	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	assert_int_equal(str_format(line, 128, "1 cwd %o 0 0 %" PRIu64 " r /%s", st.st_mode,
				    (uint64_t)st.st_ino, name),
			 0);
	return line;
}

/* MUST-10: a path that only root can change, from the container's root on */
static void what_only_root_can_put_there(void **state)
{
	char path[] = "/run/test_heldcopy.XXXXXX";
	autofd int dir = -1, file = -1;
	struct stat st, top;
	char line[128];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(path));
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0 && fchmodat(AT_FDCWD, path, 0755, 0) == 0);
	assert_int_equal(mkdirat(dir, "bin", 0755), 0);
	assert_int_equal(fchmodat(dir, "bin", 0755, 0), 0);
	file = openat(dir, "bin/vim", O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(file >= 0 && fchmod(file, 0755) == 0);
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(fstatat(AT_FDCWD, path, &top, 0), 0);
	assert_int_equal(symlinkat("bin", dir, "sbin"), 0);

	assert_true(roots(dir, "/bin/vim", 0100755, st.st_ino));
	assert_true(roots(dir, "/", 040755, top.st_ino));
	assert_false(roots(dir, "/bin/vim", 0100755, st.st_ino + 1));
	assert_false(roots(dir, "/sbin/vim", 0100755, st.st_ino));
	assert_false(roots(dir, "/bin/none", 0100755, st.st_ino));
	assert_false(roots_for(dir, "/bin/vim", 0100755, st.st_ino, "w"));
	assert_false(roots(dir, "/bin/vim", 0100700, st.st_ino)); /* which he could not read */
	assert_int_equal(fchmodat(dir, "bin", 0700, 0), 0);	  /* nor reach */
	assert_false(roots(dir, "/bin/vim", 0100755, st.st_ino));
	assert_true(heldcopy_is_as_good(&(struct heldcopy){.root = dir, .roots = true},
					"1 cwd 40700 0 0 7 r /bin", line_of(dir, "bin", line)));
	assert_int_equal(fchmodat(dir, "bin", 0755, 0), 0);
	for (size_t i = 0; i < 2; i++) { /* the folder, then the file, is others' to write to */
		const char *name = i == 0 ? "bin" : "bin/vim";

		for (mode_t w = 02; w <= 020; w *= 010) {
			assert_int_equal(fchmodat(dir, name, 0755 | w, 0), 0);
			assert_false(roots(dir, "/bin/vim", 0100755, st.st_ino));
		}
		assert_int_equal(fchmodat(dir, name, 0755, 0), 0);
		assert_int_equal(fchownat(dir, name, 7, 0, 0), 0);
		assert_false(roots(dir, "/bin/vim", 0100755, st.st_ino));
		assert_int_equal(fchownat(dir, name, 0, 0, 0), 0);
	}
	assert_int_equal(fchmodat(AT_FDCWD, path, 0777, 0), 0);
	assert_false(roots(dir, "/bin/vim", 0100755, st.st_ino));
	assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_by_its_inode),
	    cmocka_unit_test(what_is_the_users_own),
	    cmocka_unit_test(what_only_root_can_put_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

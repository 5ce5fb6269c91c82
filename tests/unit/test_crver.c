/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "crver.h"
#include "folder.h"

/* A program that is no criu: only a file that knows it can answer. */
static void known(int dir, const char *program, const char *version)
{
	char text[512];
	struct stat st;

	assert_int_equal(stat(program, &st), 0);
	assert_int_equal(str_format(text, sizeof(text), "%llu %llu %llu %lld.%09ld %lld.%09ld %s",
				    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
				    (unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec,
				    st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec,
				    st.st_ctim.tv_nsec, version),
			 0);
	folder_put(dir, "criu", text, strlen(text));
}

static int ask(int dir, const char *program, char ret[32])
{
	struct crver v = {.rootfd = -1};
	int r = crver_ask(dir, program, &v, NULL);

	if (r == 0)
		r = crver_hear(&v, ret, NULL);
	crver_forget(&v);
	return r;
}

static void asked_once(void **state)
{
	char path[] = "/tmp/test_crver.XXXXXX", program[64], got[32] = "";
	autofd int dir = -1;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(str_format(program, sizeof(program), "%s/program", path), 0);
	folder_put(dir, "program", "#!/bin/false\n", 13);
	assert_int_equal(fchmodat(dir, "program", 0755, 0), 0);
	assert_true(ask(dir, program, got) < 0);
	assert_int_equal(faccessat(dir, "criu", F_OK, 0), -1);
	known(dir, program, "4.1.1");
	assert_int_equal(ask(dir, program, got), 0);
	assert_string_equal(got, "4.1.1");
	known(dir, program, "");
	assert_true(ask(dir, program, got) < 0);
	known(dir, program, "4.1.1");
	folder_put(dir, "program", "#!/bin/true\n\n", 13);
	assert_true(ask(dir, program, got) < 0);
	folder_put(dir, "criu", "x", 1);
	assert_true(ask(dir, program, got) < 0);
	assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

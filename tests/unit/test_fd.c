/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"

static void replaces_files_whole(void **state)
{
	char top[] = "/tmp/pam_container-test-XXXXXX", buf[16];
	int dir;

	(void)state;
	assert_non_null(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(fd_replace_file_at(dir, "f", "one", 3, 0600), 0);
	assert_int_equal(fd_replace_file_at(dir, "f", "two", 3, 0600), 0);
	assert_int_equal(fd_read_file_at(dir, "f", buf, sizeof(buf)), 3);
	assert_string_equal(buf, "two");
	assert_int_equal(fd_read_file_at(dir, "f", buf, 3), -EFBIG);
	assert_int_equal(fd_write_file_at(dir, "absent", "x"), -ENOENT);
	assert_int_equal(unlinkat(dir, "f", 0), 0);
	close(dir);
	assert_int_equal(rmdir(top), 0); /* no temporary file is left */
}

static void memfds_are_sealed(void **state)
{
	char buf[8];
	int fd = fd_memfd("t", "abc", 3);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, buf, sizeof(buf)), 3);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
}

/* Sizes around those at which the buffer grows; one byte more than allowed is refused. */
static void reads_what_fits(void **state)
{
	static const struct {
		size_t size, max;
		int want;
	} rows[] = {
	    {0, 0, 0},	       {1, 0, -EFBIG},	       {0, 10, 0},
	    {10, 10, 0},       {11, 10, -EFBIG},       {16383, 65536, 0},
	    {16384, 65536, 0}, {16385, 65536, 0},      {65536, 65536, 0},
	    {16384, 16384, 0}, {16384, 16383, -EFBIG}, {65537, 65536, -EFBIG},
	};
	static char data[65537];

	(void)state;
	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree char *got = NULL;
		autofd int fd = fd_memfd("t", data, rows[i].size);
		size_t len = 7;

		assert_true(fd >= 0);
		assert_int_equal(fd_read_dup(fd, rows[i].max, &got, &len), rows[i].want);
		assert_int_equal(len, rows[i].want < 0 ? 7 : rows[i].size);
		if (rows[i].want == 0)
			assert_int_equal(strlen(got), rows[i].size);
		else
			assert_null(got);
	}
}

static int closes(void *arg, struct ctr_error *err)
{
	int keep[] = {-1, 10, 20};

	(void)arg;
	(void)err;
	/* the report pipe of child_run goes too: closing it must be seen as death, so keep it */
	for (int fd = 30; fd < 40; fd++)
		if (dup2(0, fd) < 0)
			return -errno;
	if (dup2(0, 10) < 0 || dup2(0, 20) < 0)
		return -errno;
	if (fd_close_except(keep, 3) < 0)
		_exit(1);
	for (int fd = 3; fd < 100; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd == 10 || fd == 20))
			_exit(2);
	raise(SIGKILL);
	return 0;
}

/* MUST-6: nothing but the list survives */
static void closes_all_but_the_list(void **state)
{
	struct ctr_error e;

	(void)state;
	assert_int_equal(child_run(closes, NULL, 5000, &e), -ECHILD);
	assert_string_equal(e.text, "died of signal 9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replaces_files_whole),
	    cmocka_unit_test(memfds_are_sealed),
	    cmocka_unit_test(reads_what_fits),
	    cmocka_unit_test(closes_all_but_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

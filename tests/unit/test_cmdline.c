/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmdline.h"
#include "str.h"

#define DATA(text) text, sizeof(text) - 1

/* MUST-11: words from inside are one line of printable text */
static void words_become_one_line(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *want;
	} rows[] = {
	    {DATA("rsync\0--server\0.\0"), "rsync --server ."},
	    {DATA("sh\0-c\0\0x\0"), "sh -c  x"},
	    {DATA("sshd: alice [priv]\0\0\0\0"), "sshd: alice [priv]"},
	    {DATA("a\x1b[2J\nb\0"), "a\\x1b[2J\\x0ab"},
	    {DATA("no end"), "no end"},
	    {DATA("\0\0"), ""},
	    {DATA(""), ""},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cmdline_format(rows[i].data, rows[i].len, text, sizeof(text));
		assert_string_equal(text, rows[i].want);
	}
}

static void a_long_one_is_cut(void **state)
{
	char data[4096], text[24];

	(void)state;
	memset(data, 'x', sizeof(data));
	cmdline_format(data, sizeof(data), text, sizeof(text));
	assert_string_equal(text, "xxxxxxxxxxxxxxxxxxxx...");
}

static void reads_its_own(void **state)
{
	char text[400];

	(void)state;
	assert_int_equal(cmdline_read(getpid(), text, sizeof(text)), 0);
	assert_non_null(strstr(text, "test_cmdline"));
	assert_int_equal(cmdline_read(0x3ffffff, text, sizeof(text)), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_become_one_line),
	    cmocka_unit_test(a_long_one_is_cut),
	    cmocka_unit_test(reads_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "str.h"

/* Fed in pieces of every size, as a ring is read. */
static void filters(const char *in, const char *want)
{
	size_t n = strlen(in);

	for (size_t piece = 1; piece <= n; piece++) {
		struct replay r = {0};
		char got[1024];
		size_t len = 0;

		for (size_t i = 0; i < n; i += piece)
			len += replay_filter(&r, in + i, n - i < piece ? n - i : piece, got + len);
		got[len] = '\0';
		assert_string_equal(got, want);
	}
}

static void takes_questions_out(void **state)
{
	static const char *const questions[] = {
	    "\033[c",	      "\033[0c",
	    "\033[>c",	      "\033[=c",
	    "\033[5n",	      "\033[6n",
	    "\033[?6n",	      "\033[?2026$p",
	    "\033[4$p",	      "\033[>q",
	    "\033[>0q",	      "\033[?u",
	    "\033[?4m",	      "\033[?1;1;0S",
	    "\033[14t",	      "\033[18t",
	    "\033[21t",	      "\033Z",
	    "\033]10;?\a",    "\033]11;?\033\\",
	    "\033]4;1;?\a",   "\033P+q544e\033\\",
	    "\033P$qm\033\\", "\005",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		char in[64];

		assert_int_equal(str_format(in, sizeof(in), "a%sb", questions[i]), 0);
		filters(in, "ab");
	}
}

static void leaves_the_rest(void **state)
{
	static const char *const kept[] = {
	    "plain text\r\n",
	    "\033[31mred\033[0m",
	    "\033[2J\033[H",
	    "\033[?1049h",
	    "\033[?25l",
	    "\033]0;title\a",
	    "\033]2;title\033\\",
	    "\033(B",
	    "\0337\0338",
	    "\033[1;24r",
	    "\033[8;24;80t",
	    "\033[22;0t",
	    "\033[23t",
	    "\033[2 q",
	    "\033[>4;2m",
	    "\033[!p",
	    "\033[3S",
	    "\303\244\342\202\254",
	    "\033[\033[31m",
	    "\b\a\t",
	    "\033]8;;http://x/?a=1\033\\",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		filters(kept[i], kept[i]);
}

/* What never ends is neither kept back for ever nor does it grow. */
static void passes_what_is_too_long(void **state)
{
	char in[700], got[1100];
	struct replay r = {0};
	size_t len;

	(void)state;
	memset(in, '1', sizeof(in));
	memcpy(in, "\033[", 2);
	len = replay_filter(&r, in, sizeof(in), got);
	assert_int_equal(len, sizeof(in));
	assert_memory_equal(got, in, sizeof(in));
	memcpy(in, "\033]", 2);
	len = replay_filter(&r, in, sizeof(in), got);
	assert_int_equal(len, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_questions_out),
	    cmocka_unit_test(leaves_the_rest),
	    cmocka_unit_test(passes_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

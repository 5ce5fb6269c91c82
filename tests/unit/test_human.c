/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "human.h"
#include "str.h"

static void sizes(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} t[] = {
	    {0, "0B"},
	    {1023, "1023B"},
	    {1024, "1.0K"},
	    {1536, "1.5K"},
	    {1024 * 1024 - 1, "1023K"}, /* down: never more than there is */
	    {UINT64_C(99) << 20, "99.0M"},
	    {UINT64_C(100) << 20, "100M"},
	    {UINT64_C(20) << 30, "20.0G"},
	    {UINT64_MAX, "15.9E"},
	};
	char dst[HUMAN_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		human_size(dst, t[i].n);
		assert_string_equal(dst, t[i].text);
	}
}

static void spans(void **state)
{
	static const struct {
		uint64_t us;
		const char *text;
	} t[] = {
	    {0, "0ms"},
	    {999999, "999ms"},
	    {4200000, "4.2s"},
	    {59999999, "59.9s"},
	    {UINT64_C(303) * 1000000, "5min 3s"},
	    {UINT64_C(7800) * 1000000, "2h 10min"},
	    {UINT64_C(273600) * 1000000, "3d 4h"},
	    {UINT64_MAX, "213503982d 8h"},
	};
	char dst[HUMAN_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		human_span(dst, t[i].us);
		assert_string_equal(dst, t[i].text);
	}
}

static void times(void **state)
{
	char dst[HUMAN_MAX];

	(void)state;
	setenv("TZ", "<+0530>-5:30", 1);
	tzset();
	human_time(dst, UINT64_C(1700000000) * 1000000 + 999999);
	assert_string_equal(dst, "2023-11-15T03:43:20+05:30");
	human_time(dst, UINT64_MAX);
	assert_true(strlen(dst) > 0);
}

static void percents(void **state)
{
	char dst[HUMAN_MAX];

	(void)state;
	human_percent(dst, 1239);
	assert_string_equal(dst, "12.3%");
	human_percent(dst, 40000);
	assert_string_equal(dst, "400.0%");
}

/* MUST-11 */
static void texts(void **state)
{
	char dst[32];

	(void)state;
	human_text(dst, sizeof(dst), "a\\x1bb \303\244");
	assert_string_equal(dst, "a\\x1bb \303\244"); /* as it was: nothing to escape */
	human_text(dst, sizeof(dst), "a\\\033");
	assert_string_equal(dst, "a\\\\\\x1b");
	human_text(dst, 8, "0123456789");
	assert_string_equal(dst, "0123...");
}

static void wraps(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *want;
	} t[] = {
	    {"one two three", 7, "one two\nthree"},
	    {"one two", 7, "one two"},
	    {"averylongword b", 4, "averylongword\nb"},
	    {"a b c d", 1, "a\nb\nc\nd"},
	    {"", 5, ""},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(str_copy(text, sizeof(text), t[i].text), 0);
		human_wrap(text, t[i].width);
		assert_string_equal(text, t[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes),	cmocka_unit_test(spans), cmocka_unit_test(times),
	    cmocka_unit_test(percents), cmocka_unit_test(texts), cmocka_unit_test(wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

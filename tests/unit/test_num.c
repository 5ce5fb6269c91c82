/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "num.h"

/* MUST-7: what is no plain number is no ID (threats A5) */
static void parses_ids_strictly(void **state)
{
	static const struct {
		const char *in;
		int r;
		uint32_t v;
	} t[] = {
	    {"0", 0, 0},
	    {"1000", 0, 1000},
	    {"4294967294", 0, 4294967294U},
	    {"4294967295", -ERANGE, 7},
	    {"4294967296", -ERANGE, 7},
	    {"18446744073709551616", -ERANGE, 7},
	    {"-1", -EINVAL, 7},
	    {"+1", -EINVAL, 7},
	    {" 1", -EINVAL, 7},
	    {"1 ", -EINVAL, 7},
	    {"0x10", -EINVAL, 7},
	    {"01", -EINVAL, 7},
	    {"", -EINVAL, 7},
	    {"1e3", -EINVAL, 7},
	    {"root", -EINVAL, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint32_t v = 7;

		assert_int_equal(num_id(t[i].in, &v), t[i].r);
		assert_int_equal(v, t[i].v);
	}
}

static void parses_sizes(void **state)
{
	static const struct {
		const char *in;
		int r;
		uint64_t v;
	} t[] = {
	    {"0", 0, 0},
	    {"1K", 0, 1024},
	    {"512M", 0, 512ULL << 20},
	    {"2G", 0, 2ULL << 30},
	    {"15E", 0, 15ULL << 60},
	    {"16E", -ERANGE, 7},
	    {"infinity", 0, UINT64_MAX},
	    {"1k", -EINVAL, 7},
	    {"1KiB", -EINVAL, 7},
	    {"-1", -EINVAL, 7},
	    {"1.5G", -EINVAL, 7},
	    {"", -EINVAL, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t v = 7;

		assert_int_equal(num_size(t[i].in, &v), t[i].r);
		assert_true(v == t[i].v);
	}
}

static void parses_time_spans(void **state)
{
	static const struct {
		const char *in;
		int r;
		uint64_t v;
	} t[] = {
	    {"5", 0, 5000000},		 {"10min", 0, 600000000},
	    {"1h 30s", 0, 3630000000},	 {"500ms", 0, 500000},
	    {"2 min", 0, 120000000},	 {"1d2h", 0, 93600000000},
	    {"5 parsecs", -EINVAL, 7},	 {"", -EINVAL, 7},
	    {"min", -EINVAL, 7},	 {"99999999999999w", -ERANGE, 7},
	    {"infinity", 0, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t v = 7;

		assert_int_equal(num_usec(t[i].in, &v), t[i].r);
		assert_true(v == t[i].v);
	}
}

static void parses_the_rest(void **state)
{
	unsigned int pct = 0;
	int64_t i64 = 0;
	mode_t mode = 0;
	int i = 0;

	(void)state;
	assert_int_equal(num_percent("150%", &pct), 0);
	assert_int_equal(pct, 150);
	assert_int_equal(num_percent("150", &pct), -EINVAL);
	assert_int_equal(num_percent("100001%", &pct), -ERANGE);
	assert_int_equal(num_octal("0022", &mode), 0);
	assert_int_equal(mode, 022);
	assert_int_equal(num_octal("8", &mode), -EINVAL);
	assert_int_equal(num_octal("10000", &mode), -ERANGE);
	assert_int_equal(num_int_in("-1000", -1000, 1000, &i), 0);
	assert_int_equal(i, -1000);
	assert_int_equal(num_int_in("1001", -1000, 1000, &i), -ERANGE);
	assert_int_equal(num_i64("-9223372036854775808", &i64), 0);
	assert_true(i64 == INT64_MIN);
	assert_int_equal(num_i64("9223372036854775808", &i64), -ERANGE);
	assert_int_equal(num_bool("Yes", &i), 0);
	assert_int_equal(i, 1);
	assert_int_equal(num_bool("off", &i), 0);
	assert_int_equal(i, 0);
	assert_int_equal(num_bool("maybe", &i), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_ids_strictly),
	    cmocka_unit_test(parses_sizes),
	    cmocka_unit_test(parses_time_spans),
	    cmocka_unit_test(parses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

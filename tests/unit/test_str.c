/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "str.h"

static void copies_or_says_so(void **state)
{
	char b[4] = "zzz";

	(void)state;
	assert_int_equal(str_copy(b, sizeof(b), "abc"), 0);
	assert_string_equal(b, "abc");
	assert_int_equal(str_copy(b, sizeof(b), "abcd"), -ENAMETOOLONG);
	assert_string_equal(b, "");
	assert_int_equal(str_format(b, sizeof(b), "%d", 999), 0);
	assert_int_equal(str_format(b, sizeof(b), "%d", 1000), -ENAMETOOLONG);
	assert_string_equal(b, "");
}

/* MUST-11: control bytes do not reach a terminal */
static void escapes_control_bytes(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
	    {"plain", "plain"},		{"a\nb", "a\\x0ab"},
	    {"\x1b[31m", "\\x1b[31m"},	{"\x7f", "\\x7f"},
	    {"\xc2\x9b", "\\xc2\\x9b"}, {"\xc3\xa4", "\xc3\xa4"},
	    {"\xc0\xaf", "\\xc0\\xaf"}, {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	    {"\xff", "\\xff"},		{"a\\x1b", "a\\\\x1b"},
	    {"\xe2\x82", "\\xe2\\x82"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char b[64];

		str_escape(b, sizeof(b), t[i].in);
		assert_string_equal(b, t[i].out);
	}
}

static void cuts_with_dots_and_never_in_an_escape(void **state)
{
	char b[10];

	(void)state;
	str_escape(b, sizeof(b), "123456789");
	assert_string_equal(b, "123456789");
	str_escape(b, sizeof(b), "1234567890");
	assert_string_equal(b, "123456...");
	str_escape(b, sizeof(b), "1234\n7890");
	assert_string_equal(b, "1234...");
	str_escape(b, 4, "abcdefg");
	assert_string_equal(b, "...");
}

static void measures_misspellings(void **state)
{
	(void)state;
	assert_int_equal(str_distance("MemoryMx", "MemoryMax"), 1);
	assert_int_equal(str_distance("MemroyMax", "MemoryMax"), 1);
	assert_int_equal(str_distance("memorymax", "MemoryMax"), 0);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_true(str_distance("Bind", "Inaccessible") > 5);
}

static void keeps_lists(void **state)
{
	struct strv a = {0};

	(void)state;
	assert_int_equal(strv_split(&a, "  one two,three ", " ,"), 0);
	assert_int_equal(a.n, 3);
	assert_true(strv_has(&a, "three"));
	assert_false(strv_has(&a, "four"));
	assert_null(a.v[3]);
	assert_string_equal(a.v[1], "two");
	strv_done(&a);
	assert_null(a.v);
}

/* Of the reference: www.isthe.com/chongo/tech/comp/fnv, test vectors of FNV-1a 64 */
static void hashes(void **state)
{
	(void)state;
	assert_true(str_hash("") == 0xcbf29ce484222325);
	assert_true(str_hash("a") == 0xaf63dc4c8601ec8c);
	assert_true(str_hash("foobar") == 0x85944171f73967e8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copies_or_says_so),
	    cmocka_unit_test(escapes_control_bytes),
	    cmocka_unit_test(cuts_with_dots_and_never_in_an_escape),
	    cmocka_unit_test(measures_misspellings),
	    cmocka_unit_test(keeps_lists),
	    cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

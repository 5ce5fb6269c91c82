/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "idmap.h"

static const struct {
	const char *text;
	int result;
	struct idmap_choice want;
} choices[] = {
    {"no", 0, {IDMAP_NO, 0, 0}},
    {"identity", 0, {IDMAP_IDENTITY, 0, 0}},
    {"pick", 0, {IDMAP_PICK, 0, 0}},
    {"65536:1024", 0, {IDMAP_FIXED, 65536, 1024}},
    {"100000:65536", 0, {IDMAP_FIXED, 100000, 65536}},
    {"4294901759:65536", 0, {IDMAP_FIXED, 4294901759, 65536}},
    {"4294901760:65536", -ERANGE, {0}}, /* (uid_t)-1 is no number */
    {"65535:65536", -ERANGE, {0}},	/* of the host's own users */
    {"0:65536", -ERANGE, {0}},
    {"100000:1023", -ERANGE, {0}},
    {"100000:0", -ERANGE, {0}},
    {"100000:4294967294", -ERANGE, {0}},
    {"100000", -EINVAL, {0}},
    {"yes", -EINVAL, {0}},
    {"100000:", -EINVAL, {0}},
    {":65536", -EINVAL, {0}},
    {"-1:65536", -EINVAL, {0}},
    {"100000:65536:1", -EINVAL, {0}},
    {" 100000:65536", -EINVAL, {0}},
    {"1000000000000100000:65536", -EINVAL, {0}},
};

static void reads_what_is_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct idmap_choice c = {9, 9, 9};
		int r = idmap_parse_choice(choices[i].text, &c);

		if (r != choices[i].result)
			fail_msg("%s: %d", choices[i].text, r);
		if (r == 0 && memcmp(&c, &choices[i].want, sizeof(c)) != 0)
			fail_msg("%s: %d %u %u", choices[i].text, c.mode, c.base, c.range);
		if (r < 0 && c.base != 9)
			fail_msg("%s: written on failure", choices[i].text);
	}
}

static const struct {
	struct idmap_choice choice;
	uint32_t own[6];
	size_t n;
	int result;
	const char *text;
} maps[] = {
    {{IDMAP_IDENTITY, 0, 0}, {1000}, 1, 0, "0 0 4294967295\n"},
    /* above and in the range, first, last, two in a row, twice the same, out of order */
    {{IDMAP_PICK, 100000, 65536}, {70000}, 1, 0, "0 100000 65536\n70000 70000 1\n"},
    {{IDMAP_PICK, 100000, 65536}, {1000}, 1, 0, "0 100000 1000\n1000 1000 1\n1001 101001 64535\n"},
    {{IDMAP_PICK, 100000, 65536}, {1}, 1, 0, "0 100000 1\n1 1 1\n2 100002 65534\n"},
    {{IDMAP_PICK, 100000, 65536}, {65535}, 1, 0, "0 100000 65535\n65535 65535 1\n"},
    {{IDMAP_PICK, 100000, 65536}, {65536}, 1, 0, "0 100000 65536\n65536 65536 1\n"},
    {{IDMAP_FIXED, 100000, 2000},
     {1001, 1000, 1001, 3000, 3001},
     5,
     0,
     "0 100000 1000\n1000 1000 2\n1002 101002 998\n3000 3000 2\n"},
    /* MUST: number 0 of the host is never in it, whoever has it */
    {{IDMAP_FIXED, 100000, 2000}, {0}, 1, 0, "0 100000 2000\n"},
    {{IDMAP_FIXED, 100000, 2000}, {0, 5, 0}, 3, 0, "0 100000 5\n5 5 1\n6 100006 1994\n"},
    {{IDMAP_FIXED, 100000, 2000}, {0}, 0, 0, "0 100000 2000\n"},
    /* one number outside is one inside */
    {{IDMAP_FIXED, 100000, 2000}, {100000}, 1, -EEXIST, NULL},
    {{IDMAP_FIXED, 100000, 2000}, {7, 101999}, 2, -EEXIST, NULL},
    {{IDMAP_FIXED, 100000, 2000}, {102000}, 1, 0, "0 100000 2000\n102000 102000 1\n"},
    {{IDMAP_FIXED, 100000, 2000}, {99999}, 1, 0, "0 100000 2000\n99999 99999 1\n"},
    {{IDMAP_FIXED, 4294965295, 2000},
     {4294965294},
     1,
     0,
     "0 4294965295 2000\n4294965294 4294965294 1\n"},
};

static void makes_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		char text[IDMAP_TEXT] = "";
		struct idmap m = {.n = 77};
		int r = idmap_make(&maps[i].choice, maps[i].own, maps[i].n, &m);

		if (r != maps[i].result || (r < 0 && m.n != 77))
			fail_msg("row %zu: %d", i, r);
		if (r < 0)
			continue;
		assert_int_equal(idmap_format(&m, text), 0);
		assert_string_equal(text, maps[i].text);
	}
}

/* Each number inside is one outside, each outside at most one inside, none of the host's users. */
static void maps_are_one_to_one(void **state)
{
	const struct idmap_choice c = {IDMAP_PICK, 524288, 65536};
	const uint32_t own[] = {4001, 27, 100, 5001, 70001, 44};
	struct idmap m;

	(void)state;
	assert_int_equal(idmap_make(&c, own, ARRAY_SIZE(own), &m), 0);
	for (uint32_t id = 0; id < 70010; id++) {
		uint32_t out = 7;
		bool is_own = false;
		int r = idmap_outside(&m, id, &out);

		for (size_t i = 0; i < ARRAY_SIZE(own); i++)
			is_own |= own[i] == id;
		assert_int_equal(r, id < c.range || is_own ? 0 : -ENOENT);
		assert_int_equal(out, is_own ? id : id < c.range ? c.base + id : 7);
	}
	assert_int_equal(idmap_outside(&m, UINT32_MAX, &(uint32_t){0}), -ENOENT);
}

static void too_many_groups(void **state)
{
	const struct idmap_choice c = {IDMAP_PICK, 524288, 65536};
	uint32_t own[400];
	char text[IDMAP_TEXT];
	struct idmap m;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(own); i++)
		own[i] = 10000 + 3 * i;
	assert_int_equal(idmap_make(&c, own, 169, &m), 0); /* 339 lines */
	assert_int_equal(idmap_format(&m, text), -E2BIG);  /* a page is less */
	assert_int_equal(idmap_make(&c, own, 171, &m), -E2BIG);
	assert_int_equal(idmap_make(&c, own, 90, &m), 0);
	assert_int_equal(idmap_format(&m, text), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(own); i++)
		own[i] = 100 + i; /* in a row they are one line */
	assert_int_equal(idmap_make(&c, own, 400, &m), 0);
	assert_int_equal(m.n, 3);
}

static void leaves_a_hole(void **state)
{
	const struct idmap_choice c = {IDMAP_PICK, 524288, 65536};
	char text[IDMAP_TEXT];
	struct idmap m;

	(void)state;
	idmap_make_hole(&c, &m);
	assert_int_equal(idmap_format(&m, text), 0);
	assert_string_equal(text, "0 0 524288\n589824 589824 4294377471\n");
}

static void knows_the_kernels_text(void **state)
{
	static const struct {
		const char *text;
		bool same;
	} rows[] = {
	    {"         0     100000       1000\n      1000       1000          1\n"
	     "      1001     101001      64535\n",
	     true},
	    {"         0     100000       1000\n      1000       1000          1\n", false},
	    {"         0     100000       1000\n      1000       1000          1\n"
	     "      1001     101001      64535\n     70000          0          1\n",
	     false},
	    {"         0          0       1000\n      1000       1000          1\n"
	     "      1001     101001      64535\n",
	     false},
	    {"", false},
	    {"0 100000 1000\n1000 1000 1\n1001 101001 6453", false},
	    {"         0          0 4294967295\n", false},
	};
	const struct idmap_choice c = {IDMAP_PICK, 100000, 65536}, all = {IDMAP_IDENTITY, 0, 0};
	struct idmap m;

	(void)state;
	assert_int_equal(idmap_make(&c, (uint32_t[]){1000}, 1, &m), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (idmap_is(&m, rows[i].text) != rows[i].same)
			fail_msg("row %zu", i);
	assert_int_equal(idmap_make(&all, NULL, 0, &m), 0);
	assert_true(idmap_is(&m, "         0          0 4294967295\n"));
	assert_false(idmap_is(&m, "         0          0 4294967294\n"));
}

static void ranges_overlap(void **state)
{
	(void)state;
	assert_true(idmap_overlaps(100, 10, 109, 1));
	assert_false(idmap_overlaps(100, 10, 110, 1));
	assert_false(idmap_overlaps(100, 10, 99, 1));
	assert_true(idmap_overlaps(100, 10, 90, 11));
	assert_true(idmap_overlaps(4294967290, 5, 0, 4294967295));
	assert_false(idmap_overlaps(4294967290, 5, 0, 1));
	assert_false(idmap_overlaps(100, 0, 100, 1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_is_wanted), cmocka_unit_test(makes_maps),
	    cmocka_unit_test(maps_are_one_to_one),  cmocka_unit_test(too_many_groups),
	    cmocka_unit_test(leaves_a_hole),	    cmocka_unit_test(knows_the_kernels_text),
	    cmocka_unit_test(ranges_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

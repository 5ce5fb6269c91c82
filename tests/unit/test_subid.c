/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "idpool.h"
#include "subid.h"

static void reads_lines(void **state)
{
	static const struct {
		const char *line;
		int result;
		const char *owner;
		uint64_t start, count;
	} rows[] = {
	    {"alice:100000:65536\n", 0, "alice", 100000, 65536},
	    {"1000:100000:65536", 0, "1000", 100000, 65536},
	    {"pam_container:524288:6553600\n", 0, "pam_container", 524288, 6553600},
	    {"\n", -ENODATA, NULL, 0, 0},
	    {"  # alice:1:2\n", -ENODATA, NULL, 0, 0},
	    {"alice:100000\n", -EBADMSG, NULL, 0, 0},
	    {"alice::65536\n", -EBADMSG, NULL, 0, 0},
	    {":100000:65536\n", -EBADMSG, NULL, 0, 0},
	    {"alice:-1:65536\n", -EBADMSG, NULL, 0, 0},
	    {"alice:100000:65536:1\n", -EBADMSG, NULL, 0, 0},
	    {"alice:100000:4294967296\n", -EBADMSG, NULL, 0, 0},
	    {"alice:100000 :65536\n", -EBADMSG, NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct subid_range_of range = {0};
		char owner[257] = "";
		int r = subid_parse_line(rows[i].line, owner, &range);

		if (r != rows[i].result ||
		    (r == 0 && (strcmp(owner, rows[i].owner) != 0 || range.start != rows[i].start ||
				range.count != rows[i].count)))
			fail_msg("%s: %d %s", rows[i].line, r, owner);
	}
}

/* Up to three ranges in pool and busy; a count of 0 ends them */
static const struct {
	struct subid_range_of pool[3], busy[3];
	uint32_t count;
	uint64_t where;
	uint32_t want; /* 0: none */
} picks[] = {
    {{{524288, 655360}}, {{0}}, 65536, 0, 524288},
    {{{524288, 655360}}, {{0}}, 65536, 3, 524288 + 3 * 65536},
    {{{524288, 655360}}, {{0}}, 65536, 13, 524288 + 3 * 65536},
    {{{524288, 655360}}, {{524288, 65536}}, 65536, 10, 589824},
    {{{524288, 131072}}, {{589824, 65536}}, 65536, 1, 524288}, /* round the end */
    {{{524288, 131072}}, {{524288, 65536}, {655359, 1}}, 65536, 0, 0},
    {{{524288, 65536}}, {{524287, 1}, {589824, 9}}, 65536, 0, 524288}, /* beside, not in it */
    {{{524288, 65536}}, {{589823, 1}}, 65536, 0, 0},
    {{{100000, 65536}}, {{0}}, 65536, 7, 100000}, /* as useradd(8) gives them */
    {{{100000, 65535}}, {{0}}, 65536, 0, 0},
    {{{100000, 65536}, {300000, 131072}}, {{100000, 1}}, 65536, 0, 300000},
    {{{100000, 65536}, {300000, 131072}}, {{100000, 1}}, 65536, 2, 365536},
    {{{0, 131072}}, {{0}}, 65536, 0, 65536},	 /* the host's own users are below */
    {{{4294901760, 65536}}, {{0}}, 65536, 0, 0}, /* (uid_t)-1 */
    {{{4294901759, 65536}}, {{0}}, 65536, 0, 4294901759},
    {{{0, 0}}, {{0}}, 65536, 0, 0},
};

static void fill(struct subid_list *l, const struct subid_range_of *v)
{
	for (size_t i = 0; i < 3 && v[i].count > 0; i++)
		assert_int_equal(subid_list_add(l, v[i].start, v[i].count), 0);
}

static void picks_what_is_free(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(picks); i++) {
		autosubids struct subid_list pool = {0}, busy = {0};
		uint32_t base = 7;
		int r;

		fill(&pool, picks[i].pool);
		fill(&busy, picks[i].busy);
		r = subid_pick(&pool, &busy, picks[i].count, picks[i].where, &base);
		if (r != (picks[i].want ? 0 : -ENOENT) || base != (r == 0 ? picks[i].want : 7))
			fail_msg("row %zu: %d %u", i, r, base);
	}
}

/* As many containers as there is room for, wherever each search begins: no two overlap. */
static void picks_never_overlap(void **state)
{
	autosubids struct subid_list pool = {0}, busy = {0};
	uint32_t base;

	(void)state;
	assert_int_equal(subid_list_add(&pool, 524288, 100 * 65536), 0);
	for (uint64_t i = 0; i < 100; i++) {
		assert_int_equal(subid_pick(&pool, &busy, 65536, i * i * 7919, &base), 0);
		for (size_t k = 0; k < busy.n; k++)
			assert_false(base < busy.v[k].start + 65536 &&
				     busy.v[k].start < (uint64_t)base + 65536);
		assert_int_equal(subid_list_add(&busy, base, 65536), 0);
	}
	assert_int_equal(subid_pick(&pool, &busy, 65536, 0, &base), -ENOENT);
}

static void reads_notes(void **state)
{
	static const char *const bad[] = {"",
					  "524288:65536",
					  "524288:65536:",
					  "524288:65536:any",
					  "x:65536:pick",
					  "524288::pick",
					  "-1:65536:pick",
					  "1:2:3:pick",
					  "524288:65536:pick\n"};
	struct idmap_choice c;

	(void)state;
	assert_int_equal(idpool_parse("524288:65536:pick", &c), 0);
	assert_int_equal(c.mode, IDMAP_PICK);
	assert_int_equal(c.base, 524288);
	assert_int_equal(c.range, 65536);
	assert_int_equal(idpool_parse("100000:1024:fixed", &c), 0);
	assert_int_equal(c.mode, IDMAP_FIXED);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(idpool_parse(bad[i], &c), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines),
	    cmocka_unit_test(picks_what_is_free),
	    cmocka_unit_test(picks_never_overlap),
	    cmocka_unit_test(reads_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>

#include "cleanup.h"
#include "restrictone.h"
#include "str.h"

enum { BOUNDING, PERMITTED, EFFECTIVE, INHERITABLE, AMBIENT };

static void is_read_as_it_was_written(void **state)
{
	struct restrictone one = {0}, got = {0};
	autofree char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	memset(&one, 0, sizeof(one)); /* padding, too */
	memset(&got, 0, sizeof(got));
	one.caps[BOUNDING].set = one.caps[AMBIENT].set = true;
	one.caps[BOUNDING].mask = UINT64_MAX;
	one.rlimit_set[RLIMIT_NOFILE] = one.rlimit_set[RLIMIT_CORE] = true;
	one.rlimits[RLIMIT_NOFILE] = (struct rlimit){7, 8};
	one.rlimits[RLIMIT_CORE] = (struct rlimit){0, RLIM_INFINITY};
	restrictone_put(&one, f);
	assert_int_equal(fclose(f), 0);
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		assert_int_equal(restrictone_take(text + at, &got), 0);
	assert_memory_equal(&got, &one, sizeof(one));
}

static void damaged_records_are_refused(void **state)
{
	static const char *const bad[] = {
	    "caps=",
	    "caps=1,2,3,4",
	    "caps=1,2,3,4,5,6",
	    "caps=1,2,3,4,x",
	    "caps=1,2,3,4,18446744073709551616",
	    "rlimit=",
	    "rlimit=1,2",
	    "rlimit=16,1,1",
	    "rlimit=-1,1,1",
	    "rlimit=7,2,1",
	    "rlimit=7,1,2,3",
	    "rlimit=7,1,000000000000000000000000000000000002",
	};
	struct restrictone one, none;

	(void)state;
	memset(&one, 0, sizeof(one));
	memset(&none, 0, sizeof(none));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (restrictone_take(bad[i], &one) != -EBADMSG)
			fail_msg("%s is taken", bad[i]);
	assert_int_equal(restrictone_take("uid=0", &one), -ENOENT);
	assert_int_equal(restrictone_take("capsule=0", &one), -ENOENT);
	assert_memory_equal(&one, &none, sizeof(one));
}

/* MUST-1: what is asked for one process gives nothing that the container does not have. */
static void nothing_beyond_the_bounding_set(void **state)
{
	static const struct {
		bool set;
		uint64_t mask;
		int want;
	} rows[] = {{true, 0x6, 0},
		    {true, 0x2, 0},
		    {true, 0, 0},
		    {true, 0x7, -EPERM},
		    {true, UINT64_C(1) << 63, -EPERM},
		    {false, 0, -EPERM}};
	autofree struct restrict_set *set = calloc(1, sizeof(*set));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct restrictone one = {0};
		struct ctr_error err = {0};
		int r;

		set->has_bounding = 1;
		set->bounding = 0x6;
		set->has_ambient = 0;
		one.caps[BOUNDING].set = rows[i].set;
		one.caps[BOUNDING].mask = rows[i].mask;
		one.caps[AMBIENT].set = true;
		one.caps[AMBIENT].mask = 0x8; /* kept within by restrict_caps() */
		r = restrictone_merge(&one, set, &err);
		if (r != rows[i].want)
			fail_msg("row %zu: %d %s", i, r, err.text);
		assert_true(set->has_bounding);
		assert_int_equal(set->bounding, r == 0 ? rows[i].mask : 0x6);
		assert_int_equal(set->has_ambient, r == 0);
	}
}

static void takes_the_place_of_the_definition(void **state)
{
	autofree struct restrict_set *set = calloc(1, sizeof(*set));
	struct restrictone one = {0};

	(void)state;
	set->has_permitted = 1;
	set->rlimit_set[RLIMIT_CORE] = 1;
	for (size_t i = 0; i < RESTRICTONE_SETS; i++) {
		one.caps[i].set = i != PERMITTED;
		one.caps[i].mask = UINT64_C(1) << i;
	}
	one.rlimit_set[RLIMIT_NOFILE] = true;
	one.rlimits[RLIMIT_NOFILE] = (struct rlimit){7, 8};
	assert_int_equal(restrictone_merge(&one, set, NULL), 0);
	assert_true(set->has_bounding && !set->has_permitted && set->has_effective &&
		    set->has_inheritable && set->has_ambient);
	assert_true(set->bounding == 1 && set->effective == 4 && set->inheritable == 8 &&
		    set->ambient == 16);
	assert_true(set->rlimit_set[RLIMIT_NOFILE] && !set->rlimit_set[RLIMIT_CORE]);
	assert_int_equal(set->rlimits[RLIMIT_NOFILE].rlim_max, 8);
}

/* A limit of its own that is not there is told; one of the definition's is cut off, as always. */
static void limits_that_are_not_there_are_told(void **state)
{
	autofree struct restrict_set *all = calloc(1, sizeof(*all));
	struct restrictone one = {0};
	struct ctr_error err = {0};
	struct rlimit now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(restrictone_check_limits(&one, all, &err), 0);
	one.rlimit_set[RLIMIT_NOFILE] = true;
	one.rlimits[RLIMIT_NOFILE] = now;
	assert_int_equal(restrictone_check_limits(&one, all, &err), 0);
	one.rlimits[RLIMIT_NOFILE].rlim_max = now.rlim_max + 1;
	assert_int_equal(restrictone_check_limits(&one, all, &err), -EPERM);
	assert_int_equal(err.code, CTR_E_DENIED);
	all->rlimit_set[RLIMIT_NOFILE] = 1;
	all->rlimits[RLIMIT_NOFILE] = one.rlimits[RLIMIT_NOFILE];
	assert_int_equal(restrictone_check_limits(&one, all, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_read_as_it_was_written),
	    cmocka_unit_test(damaged_records_are_refused),
	    cmocka_unit_test(nothing_beyond_the_bounding_set),
	    cmocka_unit_test(takes_the_place_of_the_definition),
	    cmocka_unit_test(limits_that_are_not_there_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

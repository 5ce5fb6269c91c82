/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "held.h"

static struct strv list_of(const char *a, const char *b)
{
	struct strv list = {0};

	assert_int_equal(a ? strv_add(&list, a) : 0, 0);
	assert_int_equal(b ? strv_add(&list, b) : 0, 0);
	return list;
}

/* MUST-10: each part of a line counts; more than was there is CRIU's */
static void differences(void **state)
{
	static const struct {
		const char *a, *b;
		int want;
	} t[] = {
	    {"3 fd/4 100600 7 8 99", "3 cwd 40755 7 8 5", 0},
	    {"3 cwd 40755 7 8 5", "3 fd/4 100600 7 8 99", 0},
	    {"3 fd/4 100600 7 8 99", NULL, -EPERM},
	    {"3 fd/5 100600 7 8 99", "3 cwd 40755 7 8 5", -EPERM},
	    {"4 fd/4 100600 7 8 99", "3 cwd 40755 7 8 5", -EPERM},
	    {"3 fd/4 100644 7 8 99", "3 cwd 40755 7 8 5", -EPERM},
	    {"3 fd/4 100600 0 8 99", "3 cwd 40755 7 8 5", -EPERM},
	    {"3 fd/4 100600 7 0 99", "3 cwd 40755 7 8 5", -EPERM},
	    {"3 fd/4 100600 7 8 98", "3 cwd 40755 7 8 5", -EPERM},
	    {"3 fd/4 100600 7 8 99 /other", "3 cwd 40755 7 8 5 /d", 0}, /* the inode is it */
	    {"3 fd/4 100600 7 8 98 /f", "3 cwd 40755 7 8 5 /d", -EPERM},
	};
	struct strv want = list_of("3 fd/4 100600 7 8 99 /f", "3 cwd 40755 7 8 5"), none = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct strv have = list_of(t[i].a, t[i].b);

		assert_int_equal(held_compare(&want, &have, NULL, NULL), t[i].want);
		strv_done(&have);
	}
	assert_int_equal(held_compare(&none, &want, NULL, NULL), 0);
	strv_done(&want);
}

/* MUST-10: one good mapping of a file says nothing of the others */
static void mappings_are_none_more(void **state)
{
	struct strv want = list_of("3 map_files/ 100600 7 8 99 r /f", "3 fd/4 100600 7 8 99 r /f"),
		    have = list_of("3 map_files/ 100600 7 8 99 r /f", "3 fd/4 100600 7 8 99 r /f");

	(void)state;
	assert_int_equal(held_compare(&want, &have, NULL, NULL), 0);
	assert_int_equal(strv_add(&have, "3 map_files/ 100600 7 8 99 r /f"), 0);
	assert_int_equal(strv_add(&have, "3 fd/5 100644 0 0 11 r /of/criu"), 0);
	assert_int_equal(held_compare(&want, &have, NULL, NULL), 0);
	assert_int_equal(strv_add(&have, "3 map_files/ 100644 0 0 11 r /etc/passwd"), 0);
	assert_int_equal(held_compare(&want, &have, NULL, NULL), -EPERM);
	strv_done(&want);
	strv_done(&have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(differences),
	    cmocka_unit_test(mappings_are_none_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "netlock.h"

#define RUN "dffc6348-a541-44c9-93aa-0123456789ab"

static void the_run_of_a_dump(void **state)
{
	static const char *const none[] = {"", "dffc6348-a541-44c9-93aa-0123456789a",
					   "DFFC6348-a541-44c9-93aa-0123456789ab",
					   "dffc6348_a541-44c9-93aa-0123456789ab"};
	static const char image[] = "\x18\x11\0\x01j$" RUN "\x80";
	char run[NETLOCK_RUN];

	(void)state;
	assert_true(netlock_run(image, sizeof(image) - 1, run));
	assert_string_equal(run, RUN);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(netlock_run(none[i], strlen(none[i]), run));
}

static void the_table_of_a_run(void **state)
{
	static const struct {
		const char *tables, *name;
	} rows[] = {
	    {"", NULL},
	    {"table inet filter\ntable inet CRIU-dffc6348-a541-44c9-93\n",
	     "CRIU-dffc6348-a541-44c9-93"},
	    {"table inet CRIU-" RUN "\n", "CRIU-" RUN},
	    {"table inet CRIU-dffc6348-a541-44c9-94\n", NULL},
	    {"table inet CRIU-dffc6348-a541\n", NULL},
	    {"table inet CRIU-" RUN "0\n", NULL},
	    {"table inet CRIU-12\ntable inet CRIU-dffc6348-a541-44c9-93", /* no end */
	     "CRIU-dffc6348-a541-44c9-93"},
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *found = netlock_find(rows[i].tables, RUN, &len);

		assert_true(!found == !rows[i].name);
		if (found) {
			assert_int_equal(len, strlen(rows[i].name));
			assert_memory_equal(found, rows[i].name, len);
		}
	}
	assert_null(netlock_find("table inet filter\n", NULL, &len));
	assert_string_equal(netlock_find("table inet filter\ntable inet CRIU-12", NULL, &len),
			    "CRIU-12");
	assert_int_equal(len, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_run_of_a_dump),
	    cmocka_unit_test(the_table_of_a_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

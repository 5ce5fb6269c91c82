/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>

#include "cleanup.h"
#include "place.h"

static void is_read_as_it_was_written(void **state)
{
	static const struct place places[] = {
	    {.tid = 7, .io = 2 << 13 | 7, .cpus = {1}},
	    {.tid = INT32_MAX, .io = 0, .cpus = {0, UINT64_MAX, 0, 5}},
	    {.tid = 1, .io = UINT16_MAX, .cpus = {[PLACE_WORDS - 1] = UINT64_C(1) << 63}},
	    {.tid = 2, .io = 1, .cpus = {0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		autofree char *line = place_format(&places[i]);
		struct place got;

		assert_non_null(line);
		assert_int_equal(place_parse(line, &got), 0);
		assert_int_equal(got.tid, places[i].tid);
		assert_int_equal(got.io, places[i].io);
		assert_memory_equal(got.cpus, places[i].cpus, sizeof(got.cpus));
	}
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "7",
	    "7 0",
	    "0 0 1",
	    "-1 0 1",
	    "7 -1 1",
	    "7 65536 1",
	    "7 0 x",
	    "x 0 1",
	    "7 0 18446744073709551616",
	    "4294967296 0 1",
	};
	struct place p = {.tid = 77};
	char *many = NULL;
	size_t size;
	FILE *f = open_memstream(&many, &size);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (place_parse(bad[i], &p) != -EBADMSG)
			fail_msg("'%s' is taken", bad[i]);
	fputs("7 0", f);
	for (int i = 0; i < PLACE_WORDS + 1; i++)
		fputs(" 1", f);
	fclose(f);
	assert_int_equal(place_parse(many, &p), -EBADMSG);
	many[size - 2] = '\0';
	assert_int_equal(place_parse(many, &p), 0);
	assert_int_equal(p.tid, 7);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_read_as_it_was_written),
	    cmocka_unit_test(what_is_no_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

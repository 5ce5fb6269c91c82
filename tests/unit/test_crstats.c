/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "crstats.h"

/* As CRIU 4.1.1 left it of a small dump: stats.proto */
static const unsigned char good[] = {0x40, 0x59, 0x10, 0x55, 0x06, 0x33, 0x09, 0x57, 0x12, 0,
				     0,	   0,	 0x0a, 0x10, 0x08, 0x64, 0x10, 0xac, 0x02, 0x18,
				     0x05, 0x20, 0x06, 0x28, 0x07, 0x30, 0x00, 0x38, 0x09, 0x40};

static void figures(void **state)
{
	static const uint64_t want[CRSTATS_N] = {100, 300, 5, 6, 7, 0, 9};
	unsigned char data[sizeof(good)];
	struct crstats got;

	(void)state;
	memcpy(data, good, sizeof(good));
	data[sizeof(data) - 1] = 0x00; /* the last field's key is cut away below */
	data[8] = 0x11;
	data[13] = 0x0f;
	assert_int_equal(crstats_parse(data, sizeof(data) - 1, &got), 0);
	assert_memory_equal(got.v, want, sizeof(want));
	for (size_t i = 0; i < CRSTATS_N; i++)
		assert_non_null(crstats_name(i));
	assert_null(crstats_name(CRSTATS_N));
}

/* The whole of it ends in the middle of a field, as does each part of it. */
static void cut_off(void **state)
{
	struct crstats got = {{7}};

	(void)state;
	for (size_t len = 0; len <= sizeof(good); len++) {
		unsigned char data[sizeof(good)];

		memcpy(data, good, sizeof(good));
		if (len >= 12)
			data[8] = (unsigned char)(len - 12);
		assert_int_equal(crstats_parse(data, len, &got), -EBADMSG);
	}
	assert_int_equal(got.v[0], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures),
	    cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

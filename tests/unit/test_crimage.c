/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "crimage.h"

#define MAGIC 0x54432030u

/* ids-1.img of CRIU 4.1.1, cut down to two fields, and a second record */
static const unsigned char good[] = {0x19, 0x43, 0x56, 0x54, 0x30, 0x20, 0x43, 0x54,
				     0x05, 0,	 0,    0,    0x08, 0x02, 0x10, 0xdc,
				     0x0f, 0x02, 0,    0,    0,	   0x08, 0x01};

static void records(void **state)
{
	struct crview v, m;
	uint64_t n = 7;

	(void)state;
	assert_int_equal(crimage_open(good, sizeof(good), MAGIC, &v), 0);
	assert_true(crimage_record(&v, &m));
	assert_int_equal(crimage_get(m, 1, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(crimage_get(m, 2, &n), 0);
	assert_int_equal(n, 2012);
	assert_int_equal(crimage_get(m, 3, &n), 0);
	assert_int_equal(n, 0);
	assert_true(crimage_record(&v, &m));
	assert_false(crimage_record(&v, &m));
	assert_ptr_equal(v.p, v.end);
}

static void other_files(void **state)
{
	unsigned char data[sizeof(good)];
	struct crview v;

	(void)state;
	memcpy(data, good, sizeof(data));
	data[0]++;
	assert_int_equal(crimage_open(data, sizeof(data), MAGIC, &v), -EBADMSG);
	assert_int_equal(crimage_open(good, sizeof(good), MAGIC + 1, &v), -EBADMSG);
	assert_int_equal(crimage_open(good, 7, MAGIC, &v), -EBADMSG);
}

/* What ends in the middle of a record, or of a field, shows. */
static void cut_off(void **state)
{
	(void)state;
	for (size_t len = 9; len < 17; len++) {
		struct crview v, m;

		assert_int_equal(crimage_open(good, len, MAGIC, &v), 0);
		assert_false(crimage_record(&v, &m));
		assert_true(v.p < v.end);
	}
	for (size_t len = 1; len < 5; len++) {
		struct crview m = {good + 12, good + 12 + len};
		uint64_t n = 7;

		assert_int_equal(crimage_get(m, 2, &n), len == 2 ? 0 : -EBADMSG);
	}
}

static void lengths_that_are_too_large(void **state)
{
	static const unsigned char long_text[] = {0x1a, 0xff, 0xff, 0xff, 0xff, 0xff,
						  0xff, 0xff, 0xff, 0xff, 0x01, 'x'};
	static const unsigned char endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
						0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
	struct crview v = {long_text, long_text + sizeof(long_text)};
	struct crfield f;

	(void)state;
	assert_false(crimage_field(&v, &f));
	v = (struct crview){endless, endless + sizeof(endless)};
	assert_false(crimage_field(&v, &f));
}

static void written_is_read(void **state)
{
	unsigned char a[64], b[64];
	struct crout inner = {.data = a}, o = {.data = b};
	struct crview v;
	struct crfield f;
	uint64_t n;

	(void)state;
	crimage_put_value(&inner, 2, 300);
	crimage_put_message(&o, 19, &inner);
	crimage_put_value(&o, 1, UINT64_MAX);
	v = (struct crview){b, b + o.len};
	assert_true(crimage_field(&v, &f));
	assert_int_equal(f.number, 19);
	assert_int_equal(crimage_get(f.bytes, 2, &n), 0);
	assert_int_equal(n, 300);
	assert_true(crimage_field(&v, &f));
	assert_true(f.number == 1 && f.value == UINT64_MAX);
	assert_ptr_equal(f.whole.end, b + o.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records),	       cmocka_unit_test(other_files),
	    cmocka_unit_test(cut_off),	       cmocka_unit_test(lengths_that_are_too_large),
	    cmocka_unit_test(written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "ring.h"

static char pattern(size_t i)
{
	return (char)('a' + i % 25);
}

static char *text_of(size_t n)
{
	char *t = malloc(n);

	assert_non_null(t);
	for (size_t i = 0; i < n; i++)
		t[i] = pattern(i);
	return t;
}

/* Whatever the pieces, what is there is the last RING_SIZE bytes, in their order. */
static void keeps_the_last_bytes(void **state)
{
	static const size_t pieces[] = {1, 7, 4096, 65535, 65536, 65537, 200000};
	enum { LEN = 200000 };
	autofree char *text = text_of(LEN);
	autofree char *got = malloc(RING_SIZE + 1);

	(void)state;
	for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
		autoring struct ring *r = NULL;
		autofd int fd = ring_make();
		uint64_t at = 0;

		assert_true(fd >= 0);
		assert_int_equal(ring_map(fd, &r), 0);
		for (size_t i = 0; i < LEN; i += pieces[p])
			ring_add(r, text + i, LEN - i < pieces[p] ? LEN - i : pieces[p]);
		assert_int_equal(ring_total(r), LEN);
		assert_int_equal(ring_take(r, &at, got, RING_SIZE + 1), RING_SIZE);
		assert_int_equal(at, LEN);
		assert_memory_equal(got, text + LEN - RING_SIZE, RING_SIZE);
		assert_int_equal(ring_take(r, &at, got, RING_SIZE), 0);
	}
}

static void is_taken_in_pieces(void **state)
{
	autoring struct ring *r = NULL;
	autofd int fd = ring_make();
	uint64_t at = 0;
	char got[16];

	(void)state;
	assert_int_equal(ring_map(fd, &r), 0);
	ring_add(r, "0123456789", 10);
	assert_int_equal(ring_take(r, &at, got, 4), 4);
	assert_int_equal(ring_take(r, &at, got + 4, 12), 6);
	assert_memory_equal(got, "0123456789", 10);
	ring_add(r, "x", 1);
	assert_int_equal(ring_take(r, &at, got, 16), 1);
	assert_int_equal(got[0], 'x');
}

/* MUST-4: its user writes there what he likes; no count makes who reads or appends go astray. */
static void believes_no_position(void **state)
{
	static const uint64_t lies[] = {0, 1, RING_SIZE, UINT64_MAX, UINT64_MAX - 3, 1ULL << 63};
	char *got = malloc(RING_SIZE);

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		for (size_t k = 0; k < sizeof(lies) / sizeof(*lies); k++) {
			autoring struct ring *r = NULL;
			autofd int fd = ring_make();
			uint64_t at = lies[k];

			assert_int_equal(ring_map(fd, &r), 0);
			r->total = lies[i];
			assert_true(ring_take(r, &at, got, RING_SIZE) <=
				    (lies[k] > lies[i] ? 0 : RING_SIZE));
			ring_add(r, "abcdef", 6);
			assert_true(ring_take(r, &at, got, RING_SIZE) <= RING_SIZE);
		}
	}
	free(got);
}

static void takes_no_other_file(void **state)
{
	struct ring *r = NULL;
	autofd int small = fd_memfd("x", "abc", 3);
	autofd int loose = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	autofd int fd = ring_make();

	(void)state;
	assert_int_equal(ftruncate(loose, sizeof(struct ring)), 0);
	assert_int_equal(ring_map(small, &r), -EBADMSG);
	assert_int_equal(ring_map(loose, &r), -EBADMSG);
	assert_int_equal(ring_map(STDIN_FILENO, &r), -EBADMSG);
	assert_null(r);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(errno, EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_the_last_bytes),
	    cmocka_unit_test(is_taken_in_pieces),
	    cmocka_unit_test(believes_no_position),
	    cmocka_unit_test(takes_no_other_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

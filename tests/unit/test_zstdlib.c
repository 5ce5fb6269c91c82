/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "zstdlib.h"

enum { MIB = 1 << 20 };

static int set_up(void **state)
{
	static struct zstdlib l;

	*state = &l;
	return zstdlib_open(&l, NULL);
}

static int tear_down(void **state)
{
	zstdlib_close(*state);
	return 0;
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static size_t size_of(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return (size_t)size;
}

static int packed(const struct zstdlib *l, const void *data, size_t len)
{
	autofd int in = file_of(data, len);
	int out = memfd_create("test", MFD_CLOEXEC);
	uint64_t plain = 0;

	assert_int_equal(zstdlib_pack(l, in, out, &plain), 0);
	assert_int_equal(plain, len);
	(void)size_of(out);
	return out;
}

/* What comes out of it when that much was signed for; never more than that. */
static int unpacked(const struct zstdlib *l, int in, uint64_t plain)
{
	autofd int out = memfd_create("test", MFD_CLOEXEC);
	int r;

	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	r = zstdlib_unpack(l, in, out, plain);
	assert_true(size_of(out) <= plain);
	return r;
}

static unsigned char *pattern(size_t len)
{
	unsigned char *p = malloc(len + 1);
	uint32_t x = 4711;

	assert_non_null(p);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (unsigned char)(i / 4096 % 3 ? x >> 24 : i / 4096);
	}
	return p;
}

static void it_comes_back(void **state)
{
	static const size_t sizes[] = {0, 1, 4096, MIB - 1, MIB, MIB + 1, 5 * MIB + 77};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		autofree unsigned char *p = pattern(sizes[i]), *is = malloc(sizes[i] + 1);
		autofd int small = packed(*state, p, sizes[i]);
		autofd int out = memfd_create("test", MFD_CLOEXEC);

		assert_int_equal(zstdlib_unpack(*state, small, out, sizes[i]), 0);
		assert_int_equal(size_of(out), sizes[i]);
		assert_int_equal(fd_read_all(out, is, sizes[i] + 1), sizes[i]);
		assert_memory_equal(is, p, sizes[i]);
	}
}

/* MUST-10: what is more than was signed for is refused, however little is read for it. */
static void a_bomb_is_refused(void **state)
{
	autofree unsigned char *p = calloc(1, 64 * MIB);
	autofd int bomb = packed(*state, p, 64 * MIB);

	assert_true(size_of(bomb) < MIB);
	assert_int_equal(unpacked(*state, bomb, 1000), -EFBIG);
	assert_int_equal(unpacked(*state, bomb, 64 * MIB - 1), -EFBIG);
	assert_int_equal(unpacked(*state, bomb, 0), -EFBIG);
	assert_int_equal(unpacked(*state, bomb, 64 * MIB + 1), -EBADMSG);
	assert_int_equal(unpacked(*state, bomb, 64 * MIB), 0);
}

static void what_is_no_frame_is_refused(void **state)
{
	autofree unsigned char *p = pattern(3 * MIB), *all = malloc(4 * MIB);
	autofd int small = packed(*state, p, 3 * MIB), none = file_of("", 0), twice = -1;
	size_t len = size_of(small);

	assert_int_equal(unpacked(*state, none, 0), -EBADMSG);
	assert_int_equal(fd_read_all(small, all, 4 * MIB), len);
	for (size_t cut = 1; cut < len; cut += len / 37) {
		autofd int less = file_of(all, len - cut);

		assert_int_equal(unpacked(*state, less, 3 * MIB), -EBADMSG);
	}
	all[len] = 0;
	twice = file_of(all, len + 1);
	assert_int_equal(unpacked(*state, twice, 3 * MIB), -EBADMSG);
	all[0] ^= 1;
	cleanup_fd(&twice);
	twice = file_of(all, len);
	assert_int_equal(unpacked(*state, twice, 3 * MIB), -EBADMSG);
}

static void two_frames_are_refused(void **state)
{
	unsigned char all[200];
	autofd int small = packed(*state, "x", 1), twice = -1;
	size_t len = size_of(small);

	assert_true(2 * len < sizeof(all));
	assert_int_equal(fd_read_all(small, all, len), len);
	memcpy(all + len, all, len);
	twice = file_of(all, 2 * len);
	assert_int_equal(unpacked(*state, twice, 2), -EBADMSG);
}

/* A frame says how much memory it needs: 128 MiB here. */
static void a_wide_window_is_refused(void **state)
{
	const struct zstdlib *l = *state;
	ZSTD_CCtx *c = l->new_packer();
	unsigned char to[200];
	ZSTD_inBuffer in = {"x", 1, 0}, none = {"", 0, 0};
	ZSTD_outBuffer out = {to, sizeof(to), 0};
	autofd int wide = -1;

	assert_false(l->is_error(l->set_packer(c, ZSTD_c_windowLog, 27)));
	assert_false(l->is_error(l->pack(c, &out, &in, ZSTD_e_flush)));
	assert_int_equal(l->pack(c, &out, &none, ZSTD_e_end), 0);
	(void)l->free_packer(c);
	wide = file_of(to, out.pos);
	assert_int_equal(unpacked(l, wide, 1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_comes_back),
	    cmocka_unit_test(a_bomb_is_refused),
	    cmocka_unit_test(what_is_no_frame_is_refused),
	    cmocka_unit_test(two_frames_are_refused),
	    cmocka_unit_test(a_wide_window_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

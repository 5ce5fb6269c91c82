/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sched.h>

#include "folder.h"
#include "tag.h"

static const char nonces[2][TREE_NONCE + 1] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000001"};

static int set_up(void **state)
{
	static struct folder f;

	folder_make(&f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	folder_remove(*state);
	return 0;
}

/* The tag of one file */
static int tag_of(const struct folder *f, const char *nonce, struct tree_entry *e)
{
	const struct tag_context c = {.dirfd = f->fd, .key = &f->key, .nonce = nonce};
	struct tree t = {e, 1};

	return tag_tree(&c, &t, NULL);
}

static void put_sparse(const struct folder *f, const char *path, off_t size)
{
	autofd int fd = openat(f->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

static void tags_are_of_their_place(void **state)
{
	struct folder *f = *state;
	struct tree_entry a = {.path = "a", .type = TREE_FILE, .size = 3}, b = a, again = a;

	folder_put(f->fd, "a", "abc", 3);
	folder_put(f->fd, "b", "abc", 3);
	b.path[0] = 'b';
	assert_int_equal(tag_of(f, nonces[0], &a), 0);
	assert_int_equal(strlen(a.text), SODIUMLIB_HEX - 1);
	assert_int_equal(tag_of(f, nonces[0], &again), 0);
	assert_string_equal(a.text, again.text);
	assert_int_equal(tag_of(f, nonces[0], &b), 0);
	assert_string_not_equal(a.text, b.text);
	assert_int_equal(tag_of(f, nonces[1], &again), 0);
	assert_string_not_equal(a.text, again.text);
	f->key.bytes[0] ^= 1;
	assert_int_equal(tag_of(f, nonces[0], &again), 0);
	assert_string_not_equal(a.text, again.text);
}

static void size_must_be_what_was_seen(void **state)
{
	struct folder *f = *state;
	static const uint64_t wrong[] = {0, 2, 4, 1 << 20, TAG_PIECE, 3ULL * TAG_PIECE};

	folder_put(f->fd, "a", "abc", 3);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct tree_entry e = {.path = "a", .type = TREE_FILE, .size = wrong[i]};

		assert_int_equal(tag_of(f, nonces[0], &e), -EBADMSG);
	}
}

/* Every piece counts, and where it stands: pieces of zeros are alike otherwise. */
static void pieces_count(void **state)
{
	static const off_t sizes[] = {TAG_PIECE - 1, TAG_PIECE, TAG_PIECE + 1, 3L * TAG_PIECE + 5};
	struct folder *f = *state;
	char seen[4][SODIUMLIB_HEX];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct tree_entry e = {.path = "a", .type = TREE_FILE, .size = (uint64_t)sizes[i]};
		struct tree_entry other = e;
		autofd int fd = -1;

		put_sparse(f, "a", sizes[i]);
		assert_int_equal(tag_of(f, nonces[0], &e), 0);
		memcpy(seen[i], e.text, SODIUMLIB_HEX);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
		fd = openat(f->fd, "a", O_WRONLY | O_CLOEXEC);
		assert_int_equal(pwrite(fd, "x", 1, sizes[i] - 1), 1);
		assert_int_equal(tag_of(f, nonces[0], &other), 0);
		assert_string_not_equal(e.text, other.text);
	}
}

/* By one thread or by many, the same. */
static void threads_change_nothing(void **state)
{
	struct folder *f = *state;
	struct tree_entry one = {.path = "a", .type = TREE_FILE, .size = 5UL * TAG_PIECE},
			  all = one;
	cpu_set_t old, first;
	size_t cpu = 0;

	put_sparse(f, "a", 5L * TAG_PIECE);
	assert_int_equal(tag_of(f, nonces[0], &all), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
	while (!CPU_ISSET(cpu, &old))
		cpu++;
	CPU_ZERO(&first);
	CPU_SET(cpu, &first);
	assert_int_equal(sched_setaffinity(0, sizeof(first), &first), 0);
	assert_int_equal(tag_of(f, nonces[0], &one), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
	assert_string_equal(one.text, all.text);
}

static void a_file_that_is_gone_is_named(void **state)
{
	struct folder *f = *state;
	const struct tag_context c = {.dirfd = f->fd, .key = &f->key, .nonce = nonces[0]};
	struct tree_entry e[2] = {{.path = "a", .type = TREE_FILE, .size = 3},
				  {.path = "gone", .type = TREE_FILE, .size = 3}};
	struct tree t = {e, 2};
	struct ctr_error err;

	folder_put(f->fd, "a", "abc", 3);
	assert_int_equal(tag_tree(&c, &t, &err), -ENOENT);
	assert_non_null(strstr(err.text, "gone"));
}

/* MUST-10: of an inode, size and times that the file has no more nothing is believed. */
static void what_is_known_is_of_that_file(void **state)
{
	struct folder *f = *state;
	autoknown struct tag_known known = {0};
	const struct tag_context c = {
	    .dirfd = f->fd, .key = &f->key, .nonce = nonces[0], .known = &known};
	struct tree_entry plain = {.path = "a", .type = TREE_FILE, .size = TAG_PIECE + 3},
			  is = plain;
	struct tree t = {&is, 1};

	put_sparse(f, "a", TAG_PIECE + 3);
	assert_int_equal(tag_of(f, nonces[0], &plain), 0);
	assert_int_equal(tag_early(&c, "a", &known), 0);
	assert_int_equal(tag_early(&c, "a", &known), 0);
	assert_int_equal(known.n, 1);
	assert_int_equal(tag_tree(&c, &t, NULL), 0);
	assert_string_equal(is.text, plain.text);
	known.v[0].macs[TAG_MAC] ^= 1; /* seen by the tag: it is what was taken */
	assert_int_equal(tag_tree(&c, &t, NULL), 0);
	assert_string_not_equal(is.text, plain.text);
	known.v[0].st.st_ctim.tv_nsec ^= 1;
	assert_int_equal(tag_tree(&c, &t, NULL), 0);
	assert_string_equal(is.text, plain.text);
	known.v[0].st.st_ctim.tv_nsec ^= 1;
	known.v[0].st.st_size--;
	assert_int_equal(tag_tree(&c, &t, NULL), 0);
	assert_string_equal(is.text, plain.text);
	known.v[0].st.st_size++;
	tag_forget(&known, "b");
	assert_int_equal(known.n, 1);
	tag_forget(&known, "a");
	assert_int_equal(known.n, 0);
	assert_int_equal(tag_early(&c, "gone", &known), -ENOENT);
	assert_int_equal(known.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(tags_are_of_their_place),
	    T(size_must_be_what_was_seen),
	    T(pieces_count),
	    T(threads_change_nothing),
	    T(a_file_that_is_gone_is_named),
	    T(what_is_known_is_of_that_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

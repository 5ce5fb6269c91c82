/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>

#include "folder.h"
#include "manifestjson.h"

/* MUST-10: a checkpoint is what was signed, to the last byte, or it is refused. */

struct image {
	struct folder f;
	int fd; /* of the checkpoint */
	struct manifest m;
};

static int set_up(void **state)
{
	static struct image i;
	char name[CKPTDIR_NAME];

	folder_make(&i.f);
	i.fd = ckptdir_new(i.f.fd, name, NULL);
	assert_true(i.fd >= 0);
	folder_fill(i.fd);
	folder_describe(&i.m, 5);
	assert_int_equal(manifest_write(i.fd, &i.m, &i.f.key, NULL), 0);
	*state = &i;
	return 0;
}

static int tear_down(void **state)
{
	struct image *i = *state;

	cleanup_fd(&i->fd);
	folder_remove(&i->f);
	return 0;
}

static int verify(struct image *i, struct ctr_error *e)
{
	struct manifest m;

	return manifest_verify(i->fd, &i->f.key, &m, e);
}

static void assert_refused(struct image *i, int want, const char *text)
{
	struct ctr_error e = {0};

	assert_int_equal(verify(i, &e), want);
	assert_int_equal(e.code, CTR_E_IMAGE);
	if (!strstr(e.text, text))
		fail_msg("'%s' is not in '%s'", text, e.text);
}

static void writes_and_reads_the_same(void **state)
{
	struct image *i = *state;
	struct manifest back, read;
	char id[CKPTKEY_ID];
	struct stat st;

	assert_int_equal(manifest_verify(i->fd, &i->f.key, &back, NULL), 0);
	assert_string_equal(back.id, "alice-1");
	assert_string_equal(back.user, "alice");
	assert_int_equal(back.uid, 1000);
	assert_string_equal(back.host.model, "A \"CPU\"");
	assert_string_equal(back.host.flags, "fpu sse sse2 avx avx2");
	assert_string_equal(back.definition_digest, i->m.definition_digest);
	assert_string_equal(back.criu, "4.1.1");
	assert_int_equal(back.counter, 5);
	assert_string_equal(back.nonce, i->m.nonce);
	assert_string_equal(back.key_id, i->f.key.id);
	assert_int_equal(back.files, 7);
	assert_int_equal(back.bytes, 16 + 300000 + 1 + 4096 + 8191 + 6);
	assert_int_equal(i->m.bytes, back.bytes);
	assert_int_equal(manifest_read(i->fd, &i->f.key, &read, NULL), 0);
	assert_string_equal(read.nonce, back.nonce);
	assert_int_equal(manifest_key_id(i->fd, id), 0);
	assert_string_equal(id, i->f.key.id);
	assert_int_equal(fstatat(i->fd, "images/pages-1.img", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(i->fd, "images", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* One byte of the file at that place is another while fn is called. */
static void flip(int dirfd, const char *path, off_t at, unsigned char mask)
{
	autofd int fd = openat(dirfd, path, O_RDWR | O_CLOEXEC);
	unsigned char c;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= mask;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

static off_t size_of(int dirfd, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, path, &st, 0), 0);
	return st.st_size;
}

static void finds_changed_bytes(void **state)
{
	static const char *const files[] = {"state.json",	 "images/pages-1.img",
					    "images/core-1.img", "images/core-2.img",
					    "pre-1/pages-1.img", "mounts"};
	struct image *i = *state;

	for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
		off_t size = size_of(i->fd, files[k]), step = size > 200 ? size / 200 : 1;

		for (off_t at = 0; at < size; at += step) {
			unsigned char mask = (unsigned char)(1 << (at / step % 8));

			flip(i->fd, files[k], at, mask);
			assert_refused(i, -EBADMSG, files[k]);
			flip(i->fd, files[k], at, mask);
		}
	}
	assert_int_equal(verify(i, NULL), 0);
}

static void finds_changed_manifest_bytes(void **state)
{
	static const char *const files[] = {"manifest.json", "manifest.mac"};
	struct image *i = *state;

	for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
		off_t size = size_of(i->fd, files[k]);

		for (off_t at = 0; at < size; at++) {
			struct ctr_error e = {0};
			unsigned char mask = (unsigned char)(1 << (at % 8));
			int r;

			flip(i->fd, files[k], at, mask);
			r = verify(i, &e);
			assert_true(r == -EBADMSG || r == -EKEYREJECTED);
			assert_int_equal(e.code, CTR_E_IMAGE);
			flip(i->fd, files[k], at, mask);
		}
	}
	assert_int_equal(verify(i, NULL), 0);
}

static void finds_truncated_and_longer_files(void **state)
{
	static const char *const files[] = {"state.json", "images/pages-1.img", "images/core-1.img",
					    "pre-1/pages-1.img"};
	struct image *i = *state;

	for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
		autofd int fd = openat(i->fd, files[k], O_RDWR | O_CLOEXEC);
		off_t size = size_of(i->fd, files[k]);
		char last;

		assert_int_equal(pread(fd, &last, 1, size - 1), 1);
		assert_int_equal(ftruncate(fd, size - 1), 0);
		assert_refused(i, -EBADMSG, "truncated");
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_refused(i, -EBADMSG, files[k]);
		assert_int_equal(tear_down(state) + set_up(state), 0);
		cleanup_fd(&fd);
		fd = openat(i->fd, files[k], O_RDWR | O_CLOEXEC);
		assert_int_equal(ftruncate(fd, size + 1), 0);
		assert_refused(i, -EBADMSG, "longer");
		assert_int_equal(ftruncate(fd, size), 0);
		assert_int_equal(verify(i, NULL), 0);
	}
	for (off_t size = size_of(i->fd, "manifest.json") - 1; size >= 0; size -= 13) {
		autofd int fd = openat(i->fd, "manifest.json", O_RDWR | O_CLOEXEC);

		assert_int_equal(ftruncate(fd, size), 0);
		assert_refused(i, -EBADMSG, "manifest.json: changed");
	}
}

static void finds_missing_files(void **state)
{
	static const char *const files[] = {"state.json", "images/stats-dump", "images/parent",
					    "manifest.json", "manifest.mac"};
	struct image *i = *state;

	for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
		struct ctr_error e = {0};
		int r;

		assert_int_equal(renameat(i->fd, files[k], i->f.fd, "away"), 0);
		r = verify(i, &e);
		assert_true(r == -EBADMSG || r == -ENOENT);
		assert_non_null(strstr(e.text, files[k]));
		assert_non_null(strstr(e.text, "missing"));
		assert_int_equal(renameat(i->f.fd, "away", i->fd, files[k]), 0);
	}
	assert_int_equal(unlinkat(i->fd, "helpers", AT_REMOVEDIR), 0);
	assert_refused(i, -EBADMSG, "helpers: missing");
}

static void finds_what_was_not_signed(void **state)
{
	struct image *i = *state;

	folder_put(i->fd, "images/core-3.img", "", 0);
	assert_int_equal(fchmodat(i->fd, "images/core-3.img", 0600, 0), 0);
	assert_refused(i, -EBADMSG, "images/core-3.img: was not signed");
	assert_int_equal(unlinkat(i->fd, "images/core-3.img", 0), 0);
	assert_int_equal(mkdirat(i->fd, "images/more", 0700), 0);
	assert_refused(i, -EBADMSG, "images/more: was not signed");
	assert_int_equal(unlinkat(i->fd, "images/more", AT_REMOVEDIR), 0);
	folder_put(i->fd, "zzz", "", 0); /* behind all others */
	assert_int_equal(fchmodat(i->fd, "zzz", 0600, 0), 0);
	assert_refused(i, -EBADMSG, "zzz: was not signed");
	assert_int_equal(unlinkat(i->fd, "zzz", 0), 0);
	assert_int_equal(symlinkat("../pre-1", i->fd, "helpers/parent"), 0);
	assert_refused(i, -EBADMSG, "helpers/parent: was not signed");
	assert_int_equal(unlinkat(i->fd, "helpers/parent", 0), 0);
	/* exchanged: every name is there, every size may be */
	assert_int_equal(
	    renameat2(i->fd, "images/core-1.img", i->fd, "images/core-2.img", RENAME_EXCHANGE), 0);
	assert_refused(i, -EBADMSG, "images/core-");
}

/* A file's tag is of its place: another of the same size does not stand in for it. */
static void finds_exchanged_files(void **state)
{
	struct image *i = *state;

	folder_put(i->fd, "images/core-3.img", "aaaa", 4);
	folder_put(i->fd, "images/core-4.img", "bbbb", 4);
	assert_int_equal(manifest_write(i->fd, &i->m, &i->f.key, NULL), 0);
	assert_int_equal(verify(i, NULL), 0);
	assert_int_equal(
	    renameat2(i->fd, "images/core-3.img", i->fd, "images/core-4.img", RENAME_EXCHANGE), 0);
	assert_refused(i, -EBADMSG, "images/core-3.img: changed");
}

static void finds_links_and_others(void **state)
{
	struct image *i = *state;

	assert_int_equal(unlinkat(i->fd, "images/parent", 0), 0);
	assert_int_equal(symlinkat("../helpers", i->fd, "images/parent"), 0);
	assert_refused(i, -EBADMSG, "images/parent: changed");
	assert_int_equal(unlinkat(i->fd, "images/parent", 0), 0);
	assert_int_equal(symlinkat("/etc", i->fd, "images/parent"), 0);
	assert_refused(i, -EINVAL, "images/parent: a link");
	assert_int_equal(unlinkat(i->fd, "images/parent", 0), 0);
	assert_int_equal(symlinkat("../pre-1", i->fd, "images/parent"), 0);
	assert_int_equal(verify(i, NULL), 0);
	/* what stands for a file and has its content */
	assert_int_equal(renameat(i->fd, "mounts", i->f.fd, "away"), 0);
	assert_int_equal(symlinkat("../../away", i->fd, "mounts"), 0);
	assert_refused(i, -EINVAL, "mounts: a link");
	assert_int_equal(unlinkat(i->fd, "mounts", 0), 0);
	assert_int_equal(mkfifoat(i->fd, "mounts", 0600), 0);
	assert_refused(i, -EINVAL, "mounts: neither");
}

static void finds_other_modes(void **state)
{
	static const struct {
		const char *path;
		mode_t bad, good;
	} t[] = {{"images/core-1.img", 0640, 0600},  {"images", 0755, 0700},
		 {"images/core-1.img", 04600, 0600}, {".", 0750, 0700},
		 {"manifest.json", 0604, 0600},	     {"manifest.mac", 0660, 0600}};
	struct image *i = *state;

	for (size_t k = 0; k < ARRAY_SIZE(t); k++) {
		assert_int_equal(fchmodat(i->fd, t[k].path, t[k].bad, 0), 0);
		assert_refused(i, -EPERM, "root's");
		assert_int_equal(fchmodat(i->fd, t[k].path, t[k].good, 0), 0);
	}
	assert_int_equal(verify(i, NULL), 0);
}

static void refuses_another_key(void **state)
{
	struct image *i = *state;
	autockptkey struct ckptkey other = i->f.key;
	struct ctr_error e = {0};
	struct manifest m;

	assert_int_equal(unlinkat(i->f.fd, "key", 0), 0);
	assert_int_equal(ckptkey_make(i->f.fd, &i->f.lib, &other, NULL), 0);
	assert_int_equal(manifest_verify(i->fd, &other, &m, &e), -EKEYREJECTED);
	assert_non_null(strstr(e.text, i->f.key.id));
	assert_non_null(strstr(e.text, other.id));
	/* the same ID over other bytes: the MAC tells */
	memcpy(other.id, i->f.key.id, sizeof(other.id));
	assert_int_equal(manifest_verify(i->fd, &other, &m, &e), -EBADMSG);
}

/* The MAC of one checkpoint does not serve another, the tags neither. */
static void nothing_is_reused(void **state)
{
	struct image *i = *state;
	automanifest struct manifest_text first = {0}, second = {0};
	struct manifest m;
	autotree struct tree t = {0};

	assert_int_equal(manifest_text_read(i->fd, &first, NULL), 0);
	assert_int_equal(manifest_write(i->fd, &i->m, &i->f.key, NULL), 0);
	assert_int_equal(manifest_text_read(i->fd, &second, NULL), 0);
	assert_string_not_equal(first.mac, second.mac);
	assert_string_not_equal(first.text, second.text);
	memcpy(second.mac, first.mac, sizeof(second.mac));
	assert_int_equal(manifest_text_check(&second, &i->f.key, &m, &t, NULL), -EBADMSG);
}

static void signs_only_what_has_a_place(void **state)
{
	static const char *const names[] = {".hidden", "a b", "a\n", "\303\244", "-x"};
	struct image *i = *state;
	struct manifest before = i->m;
	struct ctr_error e = {0};

	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		folder_put(i->fd, names[k], "", 0);
		assert_int_equal(manifest_write(i->fd, &i->m, &i->f.key, &e), -EINVAL);
		assert_int_equal(e.code, CTR_E_IMAGE);
		assert_int_equal(unlinkat(i->fd, names[k], 0), 0);
	}
	assert_int_equal(mkfifoat(i->fd, "pipe", 0600), 0);
	assert_int_equal(manifest_write(i->fd, &i->m, &i->f.key, &e), -EINVAL);
	assert_int_equal(unlinkat(i->fd, "pipe", 0), 0);
	assert_int_equal(symlinkat("../pre-1", i->fd, "parent"), 0); /* out of the checkpoint */
	assert_int_equal(manifest_write(i->fd, &i->m, &i->f.key, &e), -EINVAL);
	assert_memory_equal(&before, &i->m, sizeof(before)); /* untouched */
}

/* Signed by a later release, or by this one with nonsense in it: told apart from a change. */
static void reads_its_own_format_only(void **state)
{
	static const struct {
		const char *from, *to;
		int want;
	} t[] = {
	    {"\"format\":1", "\"format\":2", -EPROTONOSUPPORT},
	    {"\"format\":1", "\"format\":\"1\"", -EBADMSG},
	    {"\"uid\":1000", "\"uid\":-1", -EBADMSG},
	    {"\"uid\":1000", "\"uid\":4294967296", -EBADMSG},
	    {"\"id\":\"alice-1\"", "\"id\":\"../alice\"", -EBADMSG},
	    {"\"path\":\"images\"", "\"path\":\"..\"", -EBADMSG},
	    {"\"path\":\"images\"", "\"path\":\"/images\"", -EBADMSG},
	    {"\"path\":\"images\"", "\"path\":\"pre-1\"", -EBADMSG}, /* twice, and not sorted */
	    {"\"type\":\"folder\"", "\"type\":\"socket\"", -EBADMSG},
	    {"\"target\":\"../pre-1\"", "\"target\":\"../../etc\"", -EBADMSG},
	    {"\"size\":300000", "\"size\":-1", -EBADMSG},
	    {"\"counter\":5", "\"counter\":5.5", -EBADMSG},
	    {"\"counter\":5,", "", -EBADMSG},
	};
	struct image *i = *state;
	automanifest struct manifest_text text = {0};

	assert_int_equal(manifest_text_read(i->fd, &text, NULL), 0);
	for (size_t k = 0; k < ARRAY_SIZE(t); k++) {
		char *at = strstr(text.text, t[k].from);
		autotree struct tree tree = {0};
		autofree char *edited = NULL;
		struct ctr_error e = {0};
		struct manifest m;

		assert_non_null(at);
		edited = str_dup_format("%.*s%s%s", (int)(at - text.text), text.text, t[k].to,
					at + strlen(t[k].from));
		if (manifestjson_parse(edited, &m, &tree, &e) != t[k].want)
			fail_msg("row %zu: %s", k, e.text);
		assert_int_equal(e.code, CTR_E_IMAGE);
	}
}

/* A disk that is full: an error, and what was there is not taken for signed. */
static void a_full_disk_is_an_error(void **state)
{
	struct image *i = *state;
	struct rlimit old, tiny = {64, 0};
	struct ctr_error e = {0};
	int r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tiny.rlim_max = old.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	r = manifest_write(i->fd, &i->m, &i->f.key, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(e.code, CTR_E_SYSTEM);
	assert_int_equal(verify(i, NULL), 0); /* the old one still stands, whole */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(writes_and_reads_the_same),
	    T(finds_changed_bytes),
	    T(finds_changed_manifest_bytes),
	    T(finds_truncated_and_longer_files),
	    T(finds_missing_files),
	    T(finds_what_was_not_signed),
	    T(finds_exchanged_files),
	    T(finds_links_and_others),
	    T(finds_other_modes),
	    T(refuses_another_key),
	    T(nothing_is_reused),
	    T(signs_only_what_has_a_place),
	    T(reads_its_own_format_only),
	    T(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

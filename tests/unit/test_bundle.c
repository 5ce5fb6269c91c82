/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sys/wait.h>

#include "bundle.h"
#include "folder.h"
#include "tarhead.h"

/* MUST-10: a file from anywhere becomes a checkpoint only when it is what was exported. */

struct export
{
	struct folder f;
	int dirfd;   /* the checkpoint */
	int file;    /* the bundle */
	char *bytes; /* its content */
	size_t len;
};

static int set_up(void **state)
{
	static struct export x;
	char name[CKPTDIR_NAME];
	struct manifest m;
	struct stat st;

	folder_make(&x.f);
	x.dirfd = ckptdir_new(x.f.fd, name, NULL);
	assert_true(x.dirfd >= 0);
	folder_fill(x.dirfd);
	folder_describe(&m, 5);
	assert_int_equal(manifest_write(x.dirfd, &m, &x.f.key, NULL), 0);
	x.file = openat(x.f.fd, "bundle", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(x.file >= 0);
	assert_int_equal(bundle_write(x.dirfd, &x.f.key, x.file, NULL), 0);
	assert_int_equal(fstat(x.file, &st), 0);
	x.len = (size_t)st.st_size;
	x.bytes = malloc(x.len);
	assert_non_null(x.bytes);
	assert_int_equal(pread(x.file, x.bytes, x.len, 0), x.len);
	*state = &x;
	return 0;
}

static int tear_down(void **state)
{
	struct export *x = *state;

	free(x->bytes);
	cleanup_fd(&x->dirfd);
	cleanup_fd(&x->file);
	folder_remove(&x->f);
	return 0;
}

/* What an import does, into a folder that goes again. */
static int import_from(struct export *x, int fd, struct ctr_error *e)
{
	autobundle struct bundle b = {0};
	char name[CKPTDIR_NAME];
	autofd int dir = ckptdir_new(x->f.fd, name, NULL);
	int r;

	assert_true(dir >= 0);
	r = bundle_open(fd, &x->f.key, &b, e);
	if (r == 0)
		r = bundle_unpack(&b, dir, e);
	if (r == 0)
		assert_string_equal(b.manifest.id, "alice-1");
	ckptdir_drop(x->f.fd, name);
	return r;
}

static int import_bytes(struct export *x, size_t len, struct ctr_error *e)
{
	assert_int_equal(ftruncate(x->file, 0), 0);
	assert_int_equal(pwrite(x->file, x->bytes, len, 0), len);
	assert_int_equal(lseek(x->file, 0, SEEK_SET), 0);
	return import_from(x, x->file, e);
}

static void comes_back_as_it_was(void **state)
{
	struct export *x = *state;
	autobundle struct bundle b = {0};
	char name[CKPTDIR_NAME];
	autofd int dir = ckptdir_new(x->f.fd, name, NULL);
	struct manifest one, two;

	assert_int_equal(lseek(x->file, 0, SEEK_SET), 0);
	assert_int_equal(bundle_open(x->file, &x->f.key, &b, NULL), 0);
	assert_int_equal(b.manifest.counter, 5);
	assert_int_equal(bundle_unpack(&b, dir, NULL), 0);
	assert_int_equal(manifest_verify(dir, &x->f.key, &two, NULL), 0);
	assert_int_equal(manifest_verify(x->dirfd, &x->f.key, &one, NULL), 0);
	assert_string_equal(one.nonce, two.nonce);
}

/* From a pipe, which cannot be read twice or sought in */
static void comes_through_a_pipe(void **state)
{
	struct export *x = *state;
	int p[2], status;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(bundle_write(x->dirfd, &x->f.key, p[1], NULL) == 0 ? 0 : 1);
	(void)close(p[1]);
	assert_int_equal(import_from(x, p[0], NULL), 0);
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Everybody's tar lists and unpacks it. */
static void is_a_tar_archive(void **state)
{
	struct export *x = *state;
	char path[64], list[4096] = "";
	int p[2], status;
	pid_t pid;

	assert_int_equal(str_format(path, sizeof(path), "%s/bundle", x->f.path), 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(p[1], STDOUT_FILENO);
		(void)execlp("tar", "tar", "-tf", path, (char *)NULL);
		_exit(127);
	}
	(void)close(p[1]);
	assert_true(fd_read_all(p[0], list, sizeof(list) - 1) > 0);
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(list, "alice-1/manifest.mac\nalice-1/manifest.json\nalice-1/helpers\n"
				  "alice-1/images\nalice-1/images/core-1.img\n"
				  "alice-1/images/core-2.img\nalice-1/images/pages-1.img\n"
				  "alice-1/images/parent\nalice-1/images/stats-dump\n"
				  "alice-1/mounts\nalice-1/pre-1\nalice-1/pre-1/pages-1.img\n"
				  "alice-1/state.json\n");
}

static void refuses_it_cut_anywhere(void **state)
{
	struct export *x = *state;

	for (size_t len = 0; len < x->len; len += len < 16384 ? 1021 : 8111) {
		struct ctr_error e = {0};

		assert_int_equal(import_bytes(x, len, &e), -EBADMSG);
		assert_int_equal(e.code, CTR_E_IMAGE);
	}
	assert_int_equal(import_bytes(x, x->len - 1, NULL), -EBADMSG);
	assert_int_equal(import_bytes(x, x->len, NULL), 0);
}

static void refuses_it_changed_anywhere(void **state)
{
	struct export *x = *state;

	for (size_t at = 0; at < x->len; at += at < 16384 ? 61 : 2039) {
		struct ctr_error e = {0};
		char old = x->bytes[at];
		int r;

		x->bytes[at] = (char)(old ^ (1 << at % 8));
		r = import_bytes(x, x->len, &e);
		assert_true(r == -EBADMSG || r == -EKEYREJECTED);
		assert_int_equal(e.code, CTR_E_IMAGE);
		x->bytes[at] = old;
	}
	assert_int_equal(import_bytes(x, x->len, NULL), 0);
}

/* The header at that offset becomes h, with a sum that is right. */
static void forge(struct export *x, size_t at, const struct tarhead *h)
{
	assert_int_equal(tarhead_format(h, (unsigned char *)x->bytes + at), 0);
}

/* Headers that any tar would take, in the place of the first folder's. */
static void refuses_forged_headers(void **state)
{
	static const struct tarhead forged[] = {
	    {"alice-1", "../../etc", '5', 0, NULL},
	    {"alice-1", "/etc", '5', 0, NULL},
	    {"alice-1", "helpers", '2', 0, "/etc"},
	    {"alice-1", "helpers", '2', 0, "../pre-1"},
	    {"alice-1", "helpers", '1', 0, "/etc/shadow"},
	    {"alice-1", "helpers", '0', 0, NULL},
	    {"alice-1", "helpers", '3', 0, NULL},
	    {"alice-1", "helpers", '5', 512, NULL},
	    {"alice-2", "helpers", '5', 0, NULL},
	    {"..", "helpers", '5', 0, NULL},
	    {"alice-1", "other", '5', 0, NULL},
	};
	struct export *x = *state;
	size_t at = 0, text = 0;
	char id[TARHEAD_PREFIX_MAX + 1];
	uint64_t size;

	for (int i = 0; i < 2; i++) { /* behind the manifest and its MAC */
		assert_int_equal(tarhead_peek((unsigned char *)x->bytes + at, id, &size), 0);
		text = at;
		at += TARHEAD_BLOCK + size + tarhead_padding(size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(forged); i++) {
		struct ctr_error e = {0};

		forge(x, at, &forged[i]);
		assert_int_equal(import_bytes(x, x->len, &e), -EBADMSG);
		assert_non_null(strstr(e.text, "helpers: is not what comes here"));
	}
	forge(x, at, &(struct tarhead){"alice-1", "helpers", '5', 0, NULL});
	assert_int_equal(import_bytes(x, x->len, NULL), 0);
	/* sizes of the first two are believed up to a limit */
	forge(x, 0, &(struct tarhead){"alice-1", "manifest.mac", '0', 1 << 20, NULL});
	assert_int_equal(import_bytes(x, x->len, NULL), -EBADMSG);
	forge(x, 0, &(struct tarhead){"alice-1", "manifest.mac", '0', 1ULL << 40, NULL});
	assert_int_equal(import_bytes(x, x->len, NULL), -EBADMSG);
	assert_int_equal(text % TARHEAD_BLOCK, 0);
}

static void refuses_more_at_the_end(void **state)
{
	struct export *x = *state;
	struct ctr_error e = {0};

	assert_int_equal(ftruncate(x->file, (off_t)x->len + 1), 0);
	assert_int_equal(lseek(x->file, 0, SEEK_SET), 0);
	assert_int_equal(import_from(x, x->file, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "more"));
}

static void refuses_another_key(void **state)
{
	struct export *x = *state;
	struct ctr_error e = {0};

	assert_int_equal(unlinkat(x->f.fd, "key", 0), 0);
	assert_int_equal(ckptkey_make(x->f.fd, &x->f.lib, &x->f.key, NULL), 0);
	assert_int_equal(import_bytes(x, x->len, &e), -EKEYREJECTED);
	assert_non_null(strstr(e.text, x->f.key.id));
	/* and a checkpoint of another key is not exported */
	assert_int_equal(bundle_write(x->dirfd, &x->f.key, x->file, &e), -EKEYREJECTED);
}

static void a_full_disk_is_an_error(void **state)
{
	autofd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct export *x = *state;
	struct ctr_error e = {0};

	assert_true(full >= 0);
	assert_int_equal(bundle_write(x->dirfd, &x->f.key, full, &e), -ENOSPC);
	assert_int_equal(e.code, CTR_E_SYSTEM);
}

static void large_sizes(void **state)
{
	static const struct {
		uint64_t size;
		const char *field;
	} t[] = {
	    {0, "00000000000"},
	    {077777777777, "77777777777"},
	    {1ULL << 33, "\x80\0\0\0\0\0\0\2\0\0\0\0"},
	    {INT64_MAX, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct tarhead h = {"a", "b", '0', t[i].size, NULL};
		unsigned char block[TARHEAD_BLOCK];
		char id[TARHEAD_PREFIX_MAX + 1];
		uint64_t back;
		int r;

		assert_int_equal(tarhead_format(&h, block), 0);
		assert_memory_equal(block + 124, t[i].field, 12);
		r = tarhead_peek(block, id, &back); /* only small ones come before the MAC */
		assert_int_equal(r, t[i].size <= 077777777777 ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(comes_back_as_it_was),
	    T(comes_through_a_pipe),
	    T(is_a_tar_archive),
	    T(refuses_it_cut_anywhere),
	    T(refuses_it_changed_anywhere),
	    T(refuses_forged_headers),
	    T(refuses_more_at_the_end),
	    T(refuses_another_key),
	    T(a_full_disk_is_an_error),
	    cmocka_unit_test(large_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

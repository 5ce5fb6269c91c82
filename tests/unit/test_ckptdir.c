/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "folder.h"

/* MUST-9: whatever is killed, and when, there is the old checkpoint or the new one. */

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

static void make(struct folder *f, const char *id, const char *text, bool replace)
{
	char name[CKPTDIR_NAME];
	autofd int fd = ckptdir_new(f->fd, name, NULL);

	assert_true(fd >= 0);
	folder_put(fd, "what", text, strlen(text));
	assert_int_equal(ckptdir_publish(f->fd, name, id, replace, NULL), 0);
}

static void assert_is(struct folder *f, const char *id, const char *text)
{
	autofd int fd = ckptdir_open(f->fd, id, NULL);
	char is[32];

	assert_true(fd >= 0);
	assert_true(fd_read_file_at(fd, "what", is, sizeof(is)) >= 0);
	assert_string_equal(is, text);
}

static void newest_is_there(void **state)
{
	struct folder *f = *state;
	autostrv struct strv ids = {0};
	struct ctr_error e;
	char name[CKPTDIR_NAME];
	autofd int fd = -1;

	assert_int_equal(ckptdir_open(f->fd, "a-1", &e), -ENOENT);
	assert_int_equal(e.code, CTR_E_NOT_FOUND);
	assert_int_equal(ckptdir_remove(f->fd, "a-1", &e), -ENOENT);
	make(f, "b-1", "other", false);
	make(f, "a-1", "old", false);
	make(f, "a-1", "new", true);
	assert_is(f, "a-1", "new");
	fd = ckptdir_new(f->fd, name, NULL);
	assert_int_equal(ckptdir_publish(f->fd, name, "a-1", false, &e), -EEXIST);
	assert_int_equal(e.code, CTR_E_ID_IN_USE);
	assert_is(f, "a-1", "new");
	assert_int_equal(ckptdir_publish(f->fd, name, "../a", false, &e), -EINVAL); /* MUST-7 */
	assert_int_equal(ckptdir_list(f->fd, &ids, NULL), 0);
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], "a-1");
	assert_string_equal(ids.v[1], "b-1");
	assert_int_equal(ckptdir_remove(f->fd, "a-1", NULL), 0);
	assert_int_equal(ckptdir_open(f->fd, "a-1", NULL), -ENOENT);
	assert_is(f, "b-1", "other");
}

static void what_was_left_is_swept(void **state)
{
	struct folder *f = *state;
	char dead[CKPTDIR_NAME], alive[CKPTDIR_NAME];
	int fd = ckptdir_new(f->fd, dead, NULL);
	autofd int making = ckptdir_new(f->fd, alive, NULL);

	assert_true(fd >= 0 && making >= 0);
	folder_fill(fd);
	assert_int_equal(ckptdir_sweep(f->fd, false, NULL), 0); /* both are being made */
	(void)close(fd);
	assert_int_equal(ckptdir_sweep(f->fd, true, NULL), 1); /* only said */
	make(f, "a-1", "kept", false);			       /* a new one sweeps as well */
	assert_int_equal(ckptdir_sweep(f->fd, false, NULL), 0);
	assert_int_equal(ckptdir_publish(f->fd, dead, "a-2", false, NULL), -ENOENT);
	assert_int_equal(ckptdir_publish(f->fd, alive, "a-2", false, NULL), 0);
	cleanup_fd(&making);
	assert_int_equal(ckptdir_sweep(f->fd, false, NULL), 0);
	assert_is(f, "a-1", "kept");
}

/* Temporary files of a key or a ledger whose writer was killed; a writer that lives is waited for.
 */
static void files_that_were_left_are_swept(void **state)
{
	struct folder *f = *state;
	struct ckptkey key;

	folder_put(f->fd, ".key-0badcafe", "half", 4);
	folder_put(f->fd, "..key-0badcafe.00000001", "", 0);
	folder_put(f->fd, "ledger/.a-1.0badcafe", "half", 4);
	folder_put(f->fd, "ledger/a-1", "whole", 5);
	assert_int_equal(ckptdir_sweep(f->fd, true, NULL), 3);
	assert_int_equal(ckptdir_sweep(f->fd, false, NULL), 3);
	assert_int_equal(ckptdir_sweep(f->fd, false, NULL), 0);
	assert_int_equal(faccessat(f->fd, "ledger/a-1", F_OK, 0), 0);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &key, NULL), 0);
}

/* Compressed, say: the same checkpoint, in one step. */
static void one_takes_the_place(void **state)
{
	struct folder *f = *state;
	struct ckptdir_retired by = {.store = ""};
	autofd int fd = ckptdir_new(f->fd, by.name, NULL);
	struct ctr_error e;
	char store[PATH_MAX];

	folder_put(fd, "what", "small", 5);
	assert_int_equal(ckptdir_replace(f->fd, &by, "a-1", &e), -ENOENT);
	make(f, "a-1", "large", false);
	assert_int_equal(ckptdir_replace(f->fd, &by, "a-1", NULL), 0);
	assert_is(f, "a-1", "small");
	assert_int_equal(ckptdir_sweep(f->fd, true, NULL),
			 0); /* nothing is left of the large one */
	ckptdir_store(f->fd, "a-1", store);
	assert_string_equal(store, "");
}

static void a_dropped_one_is_gone(void **state)
{
	struct folder *f = *state;
	char name[CKPTDIR_NAME];
	autofd int fd = ckptdir_new(f->fd, name, NULL);

	folder_fill(fd);
	ckptdir_drop(f->fd, name);
	assert_int_equal(ckptdir_publish(f->fd, name, "a-1", false, NULL), -ENOENT);
}

/* Killed anywhere in the middle of replacing, again and again. */
static void one_of_them_is_there(void **state)
{
	struct folder *f = *state;

	make(f, "a-1", "x", false);
	for (unsigned int i = 0; i < 60; i++) {
		autostrv struct strv ids = {0};
		pid_t pid = fork();

		assert_true(pid >= 0);
		while (pid == 0)
			make(f, "a-1", "x", true);
		(void)usleep(i * 40);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_is(f, "a-1", "x");
		assert_true(ckptdir_sweep(f->fd, false, NULL) >= 0);
		assert_int_equal(ckptdir_list(f->fd, &ids, NULL), 0);
		assert_int_equal(ids.n, 1);
	}
}

/* MUST-8 */
static void root_is_private(void **state)
{
	struct folder *f = *state;
	struct ctr_error e;

	assert_int_equal(fchmod(f->fd, 0755), 0);
	assert_int_equal(ckptdir_open_root(f->path, &e), -EPERM);
	assert_int_equal(fchmod(f->fd, 0700), 0);
	assert_int_equal(fchmodat(f->fd, "checkpoints", 0770, 0), 0);
	assert_int_equal(ckptdir_open_root(f->path, &e), -EPERM);
	assert_int_equal(fchmodat(f->fd, "checkpoints", 0700, 0), 0);
	assert_int_equal(ckptdir_open_root("tmp/x", &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(newest_is_there),	    T(what_was_left_is_swept), T(files_that_were_left_are_swept),
	    T(one_takes_the_place), T(a_dropped_one_is_gone),  T(one_of_them_is_there),
	    T(root_is_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <sys/wait.h>

#include "folder.h"
#include "tagwatch.h"

static const char nonce[TREE_NONCE + 1] =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct watched {
	struct folder f;
	struct tagwatch w;
	struct tag_known known;
	struct tag_context c;
	int p[2]; /* what ends the watching */
};

static int set_up(void **state)
{
	static struct watched x;

	x = (struct watched){.w.fd = -1};
	folder_make(&x.f);
	assert_int_equal(mkdirat(x.f.fd, "images", 0700), 0);
	x.c = (struct tag_context){
	    .dirfd = x.f.fd, .key = &x.f.key, .nonce = nonce, .known = &x.known};
	assert_int_equal(tagwatch_open(x.f.fd, "images", &x.w), 0);
	assert_int_equal(pipe2(x.p, O_CLOEXEC), 0);
	*state = &x;
	return 0;
}

static int tear_down(void **state)
{
	struct watched *x = *state;

	tag_known_done(&x->known);
	tagwatch_close(&x->w);
	cleanup_fd(&x->p[0]);
	cleanup_fd(&x->p[1]);
	folder_remove(&x->f);
	return 0;
}

/* By a child, which ends the watching by its end. */
static void write_beside(struct watched *x, void (*body)(struct watched *x))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body(x);
		_exit(0);
	}
	cleanup_fd(&x->p[1]);
	assert_int_equal(tagwatch_run(&x->w, &x->c, x->p[0], &x->known), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool is_known(const struct watched *x, const char *path)
{
	for (size_t i = 0; i < x->known.n; i++)
		if (strcmp(x->known.v[i].path, path) == 0)
			return true;
	return false;
}

static void two_files(struct watched *x)
{
	folder_put(x->f.fd, "images/pages-1.img", "abc", 3);
	folder_put(x->f.fd, "images/core-1.img", "abc", 3);
	(void)usleep(100000); /* that they are seen before the end */
}

static void memory_is_known(void **state)
{
	struct watched *x = *state;

	write_beside(x, two_files);
	assert_true(is_known(x, "images/pages-1.img"));
	assert_int_equal(x->known.n, 1);
}

/* What was closed after its MACs were made, and nobody looked at since. */
static void what_was_written_again_is_not(void **state)
{
	struct watched *x = *state;

	folder_put(x->f.fd, "images/pages-1.img", "abc", 3);
	folder_put(x->f.fd, "images/pages-2.img", "abc", 3);
	assert_int_equal(tag_early(&x->c, "images/pages-1.img", &x->known), 0);
	assert_int_equal(tag_early(&x->c, "images/pages-3.img", &x->known), -ENOENT);
	cleanup_fd(&x->p[1]); /* the end is there already */
	assert_int_equal(tagwatch_run(&x->w, &x->c, x->p[0], &x->known), 0);
	assert_int_equal(x->known.n, 0);
}

/*
 * Twice what inotify keeps: one more than that was not always enough, and the test stood still. By
 * two names in turn, since an event that repeats the last one is none.
 */
static void close_often(const struct watched *x)
{
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	unsigned int max;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &max), 1);
	(void)fclose(f);
	for (unsigned int i = 0; i < 2 * max; i++) {
		autofd int fd = openat(x->f.fd, i % 2 ? "images/pages-1.img" : "images/pages-2.img",
				       O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_true(fd >= 0);
	}
}

/* Nobody reads while more is written than inotify keeps: nothing can be believed. */
static void lost_events_are_the_end_of_it(void **state)
{
	struct watched *x = *state;

	folder_put(x->f.fd, "images/pages-9.img", "abc", 3);
	assert_int_equal(tag_early(&x->c, "images/pages-9.img", &x->known), 0);
	close_often(x);
	assert_int_equal(tagwatch_run(&x->w, &x->c, x->p[0], &x->known), 0);
	assert_int_equal(x->known.n, 0);
}

static void a_folder_that_is_not_there(void **state)
{
	struct watched *x = *state;
	struct tagwatch w;

	assert_int_equal(tagwatch_open(x->f.fd, "gone", &w), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(memory_is_known),
	    T(what_was_written_again_is_not),
	    T(lost_events_are_the_end_of_it),
	    T(a_folder_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

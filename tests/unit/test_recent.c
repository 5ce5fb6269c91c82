/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "recent.h"
#include "state.h"

struct fixture {
	char path[64];
	int root, box, listener; /* state root, containers/box, its control socket */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f)
		return -1;
	*f = (struct fixture){.path = "/tmp/pam_container-test-XXXXXX"};
	if (!mkdtemp(f->path))
		return -1;
	f->root = state_open_root(f->path, NULL);
	f->box = state_create_dir(f->root, "box", NULL);
	f->listener = f->box < 0 ? -1 : msg_listen_at(f->box, "control", 0600);
	return f->listener < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"containers", "locks", "recent"};
	struct fixture *f = *state;

	close(f->listener);
	close(f->box);
	(void)!state_remove_dir(f->root, "box", NULL); /* shows by what is left */
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(f->root, names[i], AT_REMOVEDIR);
	close(f->root);
	if (rmdir(f->path) < 0)
		print_error("%s is left\n", f->path);
	free(f);
	return 0;
}

static bool is_there(const struct fixture *f, const char *name)
{
	struct stat st;

	return fstatat(f->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void connects_to_the_last_one(void **state)
{
	struct fixture *f = *state;
	int fd, got;

	assert_int_equal(recent_connect(f->path, 1000), -ENOENT);
	assert_int_equal(recent_note(f->root, 1000, "other", NULL), 0);
	assert_int_equal(recent_connect(f->path, 1000), -ENOENT);
	assert_int_equal(recent_note(f->root, 1000, "box", NULL), 0);
	assert_int_equal(recent_note(f->root, 1000, "box", NULL), 0);
	fd = recent_connect(f->path, 1000);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	got = accept(f->listener, NULL, NULL);
	assert_true(got >= 0);
	close(got);
	close(fd);
	assert_int_equal(recent_connect(f->path, 1001), -ENOENT);
	close(f->listener);
	f->listener = -1;
	assert_int_equal(recent_connect(f->path, 1000), -ECONNREFUSED);
}

/* MUST-9: what points to a container goes with it, and nothing else does. */
static void goes_with_the_container(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(recent_forget(f->root, "box", NULL), 0);
	assert_int_equal(recent_note(f->root, 1000, "box", NULL), 0);
	assert_int_equal(recent_note(f->root, 1001, "box", NULL), 0);
	assert_int_equal(recent_note(f->root, 1002, "box-2", NULL), 0);
	assert_int_equal(state_remove_dir(f->root, "box", NULL), 0);
	assert_false(is_there(f, "recent/1000"));
	assert_false(is_there(f, "recent/1001"));
	assert_true(is_there(f, "recent/1002"));
	assert_int_equal(recent_forget(f->root, "box-2", NULL), 0);
	assert_false(is_there(f, "recent/1002"));
}

/* MUST-8: where others could have made a name, none is believed. */
static void believes_no_folder_of_others(void **state)
{
	struct fixture *f = *state;
	char link[80];

	assert_int_equal(recent_note(f->root, 1000, "box", NULL), 0);
	assert_int_equal(chmod(f->path, 0755), 0);
	assert_int_equal(recent_connect(f->path, 1000), -EPERM);
	assert_int_equal(chmod(f->path, 0700), 0);
	assert_int_equal(str_format(link, sizeof(link), "%s-link", f->path), 0);
	assert_int_equal(symlink(f->path, link), 0);
	assert_int_equal(recent_connect(link, 1000), -ENOTDIR);
	assert_int_equal(unlink(link), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(connects_to_the_last_one),
	    TEST(goes_with_the_container),
	    TEST(believes_no_folder_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

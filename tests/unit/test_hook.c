/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "hook.h"

static struct spec *spec_of(int kind, const char *const *lines)
{
	struct spec *s = spec_new();

	assert_non_null(s);
	for (; *lines; lines++)
		assert_int_equal(strv_add(&s->hooks[kind], *lines), 0);
	return s;
}

static int run(const char *line, struct ctr_error *err)
{
	autospec struct spec *s = spec_of(SPEC_HOOK_PRESTART, (const char *const[]){line, NULL});
	const struct hook_call call = {.spec = s,
				       .kind = SPEC_HOOK_PRESTART,
				       .id = "box-1",
				       .state = "{\"id\":\"x\"}",
				       .abort_fd = -1};

	return hook_run(&call, err);
}

/* What each is given: JSON on standard input, a clean environment, no descriptors (MUST-6). */
static void gives_a_hook_its_surroundings(void **state)
{
	static const struct {
		const char *line;
		int want;
	} t[] = {
	    {"/usr/bin/true", 0},
	    {"/usr/bin/grep -qx {\"id\":\"x\"}", 0},
	    {"/usr/bin/printenv CONTAINER_ID", 0},
	    {"/usr/bin/printenv CONTAINER_HOOK", 0},
	    {"/usr/bin/printenv HOME", -EIO},
	    {"/usr/bin/printenv SECRET", -EIO},
	    {"/usr/bin/test -e /proc/self/fd/2", 0},
	    {"/usr/bin/test -e /proc/self/fd/9", -EIO},
	    {"/usr/bin/test -d usr", 0}, /* in / */
	};
	int leak = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(dup2(leak, 9), 9);
	assert_int_equal(setenv("SECRET", "1", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (run(t[i].line, NULL) != t[i].want)
			fail_msg("%s: not %d", t[i].line, t[i].want);
	(void)close(9);
	(void)close(leak);
	(void)unsetenv("SECRET");
}

static void says_why_it_failed(void **state)
{
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(run("/usr/bin/false", &err), -EIO);
	assert_string_equal(err.text, "Prestart=/usr/bin/false ended with status 1");
	assert_int_equal(run("/usr/bin/cat /no-such-file", &err), -EIO);
	assert_non_null(strstr(err.text, "ended with status 1: "));
	assert_non_null(strstr(err.text, "no-such-file"));
	assert_int_equal(run("/usr/bin/no-such-hook", &err), -ENOENT);
	assert_string_equal(err.stage, "hook");
}

/* MUST-8: what others than root can change is not run. */
static void runs_nothing_that_is_not_roots(void **state)
{
	struct ctr_error err = {0};
	char path[] = "/tmp/hook-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && write(fd, "#!/bin/sh\nexit 0\n", 17) == 17);
	assert_int_equal(fchmod(fd, 0755), 0);
	(void)close(fd);
	assert_int_equal(run(path, &err), -EPERM); /* /tmp is everybody's */
	assert_non_null(strstr(err.text, "/tmp"));
	assert_int_equal(run("/usr/bin", &err) < 0, 1);
	(void)unlink(path);
}

static bool is_there(const char *command)
{
	const char *const argv[] = {"/usr/bin/pgrep", "-x", "-f", command, NULL};
	int root = open("/", O_PATH | O_CLOEXEC);
	int r = child_exec(&(struct child_command){argv, root, -1, -1}, 5000, NULL);

	(void)close(root);
	return r == 0;
}

/* SIGKILL is sent by then, and has its effect a moment later */
static bool is_gone(const char *command)
{
	uint64_t end = child_now_ms() + 2000;

	while (is_there(command))
		if (child_now_ms() > end)
			return false;
	return true;
}

/* MUST-4: a hook that takes too long goes with its process group, and so does what it leaves. */
static void ends_what_takes_too_long(void **state)
{
	autospec struct spec *s =
	    spec_of(SPEC_HOOK_POSTSTART,
		    (const char *const[]){"/usr/bin/timeout --foreground 99 sleep 20.11", NULL});
	struct hook_call call = {
	    .spec = s, .kind = SPEC_HOOK_POSTSTART, .id = "x", .state = "", .abort_fd = -1};
	uint64_t start = child_now_ms();
	struct ctr_error err = {0};

	(void)state;
	s->hook_timeout = 100000;
	assert_int_equal(hook_run(&call, &err), -ETIMEDOUT);
	assert_int_equal(err.code, CTR_E_TIMEOUT);
	assert_non_null(strstr(err.text, "longer than 100 ms"));
	s->hook_timeout = 60000000;
	call.end_ms = child_now_ms() + 100; /* who waits has less time than the hook */
	assert_int_equal(hook_run(&call, &err), -ETIMEDOUT);
	call.end_ms = child_now_ms() - 1;
	assert_int_equal(hook_run(&call, &err), -ETIMEDOUT);
	assert_true(child_now_ms() - start < 5000);
	assert_true(is_gone("sleep 20.11"));
}

static void gives_up_with_who_waits(void **state)
{
	autospec struct spec *s =
	    spec_of(SPEC_HOOK_PRESTART, (const char *const[]){"/usr/bin/sleep 20.12", NULL});
	struct hook_call call = {.spec = s, .id = "x", .state = ""};
	struct ctr_error err = {0};
	int sv[2];

	(void)state;
	s->hook_timeout = 60000000;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	call.abort_fd = sv[0];
	(void)close(sv[1]);
	assert_int_equal(hook_run(&call, &err), -ECANCELED);
	assert_true(is_gone("/usr/bin/sleep 20.12"));
	(void)close(sv[0]);
}

static void runs_all_or_up_to_the_first(void **state)
{
	static const char *const lines[] = {"/usr/bin/false", "/usr/bin/sleep 0.3",
					    "/usr/bin/false", NULL};
	autospec struct spec *s = spec_of(SPEC_HOOK_POSTSTOP, lines);
	const struct hook_call call = {
	    .spec = s, .kind = SPEC_HOOK_POSTSTOP, .id = "x", .state = "", .abort_fd = -1};
	uint64_t start = child_now_ms();

	(void)state;
	assert_true(hook_any(s));
	assert_int_equal(hook_run(&call, NULL), -EIO);
	assert_true(child_now_ms() - start < 300);
	assert_int_equal(hook_run_all(&call, NULL), -EIO);
	assert_true(child_now_ms() - start >= 300);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_a_hook_its_surroundings),
	    cmocka_unit_test(says_why_it_failed),
	    cmocka_unit_test(runs_nothing_that_is_not_roots),
	    cmocka_unit_test(ends_what_takes_too_long),
	    cmocka_unit_test(gives_up_with_who_waits),
	    cmocka_unit_test(runs_all_or_up_to_the_first),
	};

	return cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "err.h"

static int succeeds(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	return 0;
}

static int fails(void *arg, struct ctr_error *err)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "stage", "bad %s", (const char *)arg);
}

static int fails_silently(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	return -ENOSPC;
}

static int hangs(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
	return 0;
}

static int exits(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	_exit(3);
}

/* The grandchild holds the report pipe; it ends by itself. */
static int leaves_a_grandchild(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	if (fork() == 0) {
		alarm(3);
		pause();
	}
	_exit(3);
}

static void hands_over_results(void **state)
{
	struct ctr_error e = {.text = "untouched"};

	(void)state;
	assert_int_equal(child_run(succeeds, NULL, 5000, &e), 0);
	assert_string_equal(e.text, "untouched");
	assert_int_equal(child_run(fails, "word", 5000, &e), -EINVAL);
	assert_string_equal(e.text, "bad word");
	assert_int_equal(e.code, CTR_E_CONFIG);
	assert_int_equal(child_run(fails, "word", 5000, NULL), -EINVAL);
	assert_int_equal(child_run(fails_silently, NULL, 5000, &e), -ENOSPC);
	assert_int_equal(e.errnum, ENOSPC);
	assert_true(e.text[0]);
	assert_int_equal(child_run(exits, NULL, 5000, &e), -ECHILD);
	assert_string_equal(e.text, "exited without a report");
	assert_int_equal(child_run(succeeds, NULL, UINT32_MAX, &e), 0);
}

/* MUST-4: a child that hangs is killed at its deadline and leaves no zombie */
static void kills_at_the_deadline(void **state)
{
	struct ctr_error e;
	uint64_t start = child_now_ms();

	(void)state;
	assert_int_equal(child_run(hangs, NULL, 100, &e), -ETIMEDOUT);
	assert_int_equal(e.code, CTR_E_TIMEOUT);
	assert_true(child_now_ms() - start < 2000);
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* MUST-4: neither does a process that the child left behind hold the caller */
static void does_not_wait_for_grandchildren(void **state)
{
	struct ctr_error e;
	uint64_t start = child_now_ms();

	(void)state;
	assert_int_equal(child_run(leaves_a_grandchild, NULL, 500, &e), -ECHILD);
	assert_true(child_now_ms() - start < 2000);
}

static void works_where_sigchld_is_ignored_or_blocked(void **state)
{
	struct ctr_error e;
	sigset_t set, old;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	assert_int_equal(child_run(succeeds, NULL, 5000, &e), 0);
	assert_int_equal(child_run(fails, "x", 5000, &e), -EINVAL);
	assert_true(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	assert_int_equal(child_run(fails, "x", 5000, &e), -EINVAL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hands_over_results),
	    cmocka_unit_test(kills_at_the_deadline),
	    cmocka_unit_test(does_not_wait_for_grandchildren),
	    cmocka_unit_test(works_where_sigchld_is_ignored_or_blocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"
#include "witness.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "str.h"

/*
 * The two ways in, with namespaces that a play supervisor made: what moves, what does not, and
 * that a failure half-way leaves nobody half inside. Needs root.
 */

static const char *const names[] = {"mnt", "pid_for_children", "ipc", "uts", "net", "cgroup"};

enum { NAMES = 6, EXIT_REFUSED = 254 };

struct spaces {
	ino_t inode[NAMES];
};

static void look(struct spaces *s)
{
	for (size_t i = 0; i < NAMES; i++) {
		char path[64];
		struct stat st;

		assert_int_equal(str_format(path, sizeof(path), "/proc/self/ns/%s", names[i]), 0);
		assert_int_equal(stat(path, &st), 0);
		s->inode[i] = st.st_ino;
	}
}

static void assert_inside(const struct spaces *host)
{
	struct spaces now;

	look(&now);
	for (size_t i = 0; i < NAMES; i++)
		assert_int_not_equal(now.inode[i], host->inode[i]);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

static void assert_outside(const struct spaces *host)
{
	struct spaces now;

	look(&now);
	assert_memory_equal(&now, host, sizeof(now));
}

static void start(struct app *a, const char *scenario)
{
	app_init(a);
	app_play(a, scenario, "timeout=2");
	app_start(a, APP_USER);
}

/* Joining moves the process itself for good in some ways: each test has one of its own. */
static void apart(void (*body)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip(); /* namespaces need root */
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assert_int_equal(setenv("CMOCKA_TEST_ABORT", "1", 1), 0);
		assert_int_equal(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}), 0);
		/* what joins marks descriptors so; what this program inherited would show it */
		assert_int_equal(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Runs in a fork what sshd's and cron's user child does: pam_setcred as root, then user code. */
static int late_child(struct app *a, const struct spaces *host)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		assert_int_equal(pam_setcred(a->pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
		assert_inside(host);
		/* sudo or a second session module: once is enough */
		assert_int_equal(pam_setcred(a->pamh, PAM_REINITIALIZE_CRED), PAM_SUCCESS);
		assert_inside(host);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void join_moves_and_brings_back(void)
{
	int leak = dup(STDERR_FILENO);
	struct witness before, after;
	struct spaces host;
	struct app a;

	look(&host);
	start(&a, "real-join");
	assert_int_equal(chdir("/usr"), 0);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_int_equal(fcntl(leak, F_GETFD), FD_CLOEXEC); /* MUST-6: it points to the host */
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	witness_take(&before);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_inside(&host);
	witness_assert_childless();
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	assert_outside(&host);
	witness_assert_childless();
	witness_take(&after);
	/* what was given up stays given up */
	memcpy(before.status, after.status, sizeof(before.status));
	witness_assert_same(&before, &after);
	app_done(&a);
}

static void children_of_a_joined_caller_are_inside(void)
{
	struct spaces host;
	struct app a;
	int status;
	pid_t pid;

	look(&host);
	start(&a, "real-join");
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assert_inside(&host);
		assert_true(getpid() < 10); /* counted by the container's PID namespace */
		/* a fork of login or su ends its copy of the handle and leaves: no tear-down */
		(void)pam_end(a.pamh, PAM_SUCCESS | PAM_DATA_SILENT);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_inside(&host);
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	assert_outside(&host);
	app_done(&a);
}

/* MUST-1 and MUST-3: refused, and back where it was */
static void failed_join(const char *scenario)
{
	struct witness before, after;
	struct app a;

	start(&a, scenario);
	assert_int_equal(chdir("/usr"), 0);
	witness_take(&before);
	assert_int_equal(app_open(&a, 0), PAM_ABORT);
	witness_take(&after);
	witness_assert_same(&before, &after);
	witness_assert_childless();
	assert_int_equal(app_close(&a, 0), PAM_PERM_DENIED);
	app_done(&a);
}

static void damaged_restrictions(void)
{
	failed_join("real-join-damaged");
}

static void denied_at_the_door(void)
{
	failed_join("real-join-denied");
}

static void late_leaves_the_opener_alone(void)
{
	struct witness before, after;
	struct spaces host;
	struct app a;

	look(&host);
	start(&a, "real-late");
	assert_int_equal(pam_setcred(a.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	witness_take(&before);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_outside(&host);
	assert_int_equal(pam_setcred(a.pamh, PAM_REINITIALIZE_CRED), PAM_SUCCESS);
	assert_outside(&host);
	assert_int_equal(late_child(&a, &host), 0);
	assert_outside(&host);
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	witness_take(&after);
	witness_assert_same(&before, &after);
	witness_assert_childless();
	app_done(&a);
}

/* MUST-1: sshd does not heed pam_setcred after a public key; the child itself must end. */
static void failed_late_entry_ends_the_child(void)
{
	struct spaces host;
	struct app a;
	int status;

	look(&host);
	start(&a, "real-late-damaged");
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	status = late_child(&a, &host);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_REFUSED);
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	app_done(&a);
}

static void deleting_credentials_enters_nothing(void)
{
	struct spaces host;
	struct app a;
	int status;
	pid_t pid;

	look(&host);
	start(&a, "real-late");
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assert_int_equal(pam_setcred(a.pamh, PAM_DELETE_CRED), PAM_SUCCESS);
		assert_outside(&host);
		/* close_session is the opener's: here it must end nothing */
		assert_int_equal(pam_close_session(a.pamh, 0), PAM_SUCCESS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(late_child(&a, &host), 0);
	app_done(&a);
}

static void join_moves_and_returns(void **state)
{
	(void)state;
	apart(join_moves_and_brings_back);
}

static void join_holds_children(void **state)
{
	(void)state;
	apart(children_of_a_joined_caller_are_inside);
}

static void join_fails_by_damaged_restrictions(void **state)
{
	(void)state;
	apart(damaged_restrictions);
}

static void join_fails_at_the_door(void **state)
{
	(void)state;
	apart(denied_at_the_door);
}

static void late_enters_in_the_child_alone(void **state)
{
	(void)state;
	apart(late_leaves_the_opener_alone);
}

static void late_fails_and_ends_the_child(void **state)
{
	(void)state;
	apart(failed_late_entry_ends_the_child);
}

static void deleting_credentials_enters_not(void **state)
{
	(void)state;
	apart(deleting_credentials_enters_nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(join_moves_and_returns),
	    cmocka_unit_test(join_holds_children),
	    cmocka_unit_test(join_fails_by_damaged_restrictions),
	    cmocka_unit_test(join_fails_at_the_door),
	    cmocka_unit_test(late_enters_in_the_child_alone),
	    cmocka_unit_test(late_fails_and_ends_the_child),
	    cmocka_unit_test(deleting_credentials_enters_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"
#include "witness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "attr.h"

/* MUST-3: the caller is left as found, whatever came of the login. */

/* Where a handler tells of its signal: a number, since nothing here is a variable of the file. */
enum { SIGNALS_FD = 200 };

static void tell(int sig)
{
	char c = (char)sig;

	(void)!write(SIGNALS_FD, &c, 1); /* read by signals_seen */
}

static size_t signals_seen(int rd)
{
	char buf[64];
	ssize_t n = read(rd, buf, sizeof(buf));

	return n > 0 ? (size_t)n : 0;
}

static void be_default(void)
{
	(void)signal(SIGCHLD, SIG_DFL);
}

static void ignore_children(void)
{
	(void)signal(SIGCHLD, SIG_IGN);
}

static void handle_children(void)
{
	const struct sigaction act = {.sa_handler = tell, .sa_flags = SA_RESTART};

	(void)sigaction(SIGCHLD, &act, NULL);
}

static void block_children(void)
{
	sigset_t set;

	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGRTMIN + 3);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* As systemd's user manager or a shell of a container engine */
static void adopt_orphans(void)
{
	handle_children();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static void be_unusual(void)
{
	handle_children();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, tell);
	(void)umask(0037);
	assert_int_equal(chdir("/usr"), 0);
	assert_int_equal(setenv("MODULE_TEST", "a b=c", 1), 0);
	assert_true(open("/", O_RDONLY | O_DIRECTORY) >= 0);
	assert_true(open("/dev/null", O_RDWR | O_CLOEXEC | O_NONBLOCK) >= 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){230, 900}), 0);
	assert_int_equal(setpriority(PRIO_PROCESS, 0, 7), 0);
}

/* Without 0, 1 and 2 our own descriptors take their numbers. */
static void close_standard(void)
{
	be_default();
	for (int fd = 0; fd < 2; fd++)
		(void)close(fd);
}

static const struct {
	const char *name;
	void (*become)(void);
} callers[] = {
    {"default", be_default},
    {"ignores SIGCHLD", ignore_children},
    {"handles SIGCHLD", handle_children},
    {"blocks SIGCHLD", block_children},
    {"subreaper", adopt_orphans},
    {"unusual", be_unusual},
    {"no stdin and stdout", close_standard},
};

struct attempt {
	const char *module, *scenario;
	const char *user;
	int want;
};

static void attempt(const struct attempt *t, int signals)
{
	struct witness before, after;
	struct app a;
	size_t said;

	app_init(&a);
	if (t->scenario)
		app_play(&a, t->scenario, "timeout=1");
	else
		app_service(&a, t->module, "timeout=1");
	app_start(&a, t->user);
	witness_take(&before);
	assert_int_equal(app_open(&a, 0), t->want);
	said = a.messages;
	witness_take(&after);
	witness_assert_childless();
	witness_assert_same(&before, &after);
	assert_int_equal(app_close(&a, 0), t->want == PAM_SUCCESS ? PAM_SUCCESS : PAM_PERM_DENIED);
	witness_take(&after);
	witness_assert_childless();
	witness_assert_same(&before, &after);
	assert_int_equal(signals_seen(signals), 0);
	assert_int_equal(a.messages, said);
	app_done(&a);
}

/* Each in a process of its own, since it stays as unusual as it was made. */
static void in_child(const struct attempt *t, void (*become)(void))
{
	int p[2];

	/* a failed assertion ends the process: the list of tests is the parent's */
	assert_int_equal(setenv("CMOCKA_TEST_ABORT", "1", 1), 0);
	assert_int_equal(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}), 0);
	assert_int_equal(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(dup2(p[1], SIGNALS_FD), SIGNALS_FD);
	openlog(NULL, LOG_NDELAY, LOG_AUTHPRIV); /* its descriptor is the caller's, not ours */
	become();
	attempt(t, p[0]);
}

static void attempt_as_all_callers(const struct attempt *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			in_child(t, callers[i].become);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			print_error("caller: %s, scenario: %s\n", callers[i].name,
				    t->scenario ? t->scenario : "no supervisor");
		assert_int_equal(status, 0);
	}
}

static void helper_is_missing(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.module = MODULE_MISSING, .user = APP_USER, .want = PAM_ABORT});
}

static void root_passes(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.module = MODULE_MISSING, .user = APP_ROOT, .want = PAM_SUCCESS});
}

static void stays_on_the_host(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.scenario = "host", .user = APP_USER, .want = PAM_SUCCESS});
}

static void denied(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.scenario = "denied", .user = APP_USER, .want = PAM_ABORT});
}

static void supervisor_dies(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.scenario = "die", .user = APP_USER, .want = PAM_ABORT});
}

static void supervisor_is_silent(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.scenario = "silent", .user = APP_USER, .want = PAM_ABORT});
}

static void answer_has_no_walls(void **state)
{
	(void)state;
	attempt_as_all_callers(
	    &(struct attempt){.scenario = "too-many", .user = APP_USER, .want = PAM_ABORT});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(helper_is_missing),   cmocka_unit_test(root_passes),
	    cmocka_unit_test(stays_on_the_host),   cmocka_unit_test(denied),
	    cmocka_unit_test(supervisor_dies),	   cmocka_unit_test(supervisor_is_silent),
	    cmocka_unit_test(answer_has_no_walls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "fd.h"
#include "str.h"

/* What the module makes of a supervisor that answers badly, late or never. */

enum { SLACK_MS = 500 };

static int open_with(const char *scenario, const char *args, uint64_t *ret_ms)
{
	uint64_t begin = child_now_ms();
	struct app a;
	int r;

	app_init(&a);
	app_play(&a, scenario, args);
	app_start(&a, APP_USER);
	r = app_open(&a, 0);
	*ret_ms = child_now_ms() - begin;
	app_done(&a);
	return r;
}

static void host_stays_on_the_host(void **state)
{
	uint64_t ms;

	(void)state;
	assert_int_equal(open_with("host", "", &ms), PAM_SUCCESS);
}

/*
 * MUST-1: nothing but a complete answer is believed; what was passed is proved by entering it.
 * What is wrong shows at once, it is not waited for.
 */
static void bad_answers_are_refused(void **state)
{
	static const char *const scenarios[] = {
	    "denied",	"bare-denied",	  "unknown",	"die",	    "die-unread", "die-by-signal",
	    "garbage",	"huge",		  "empty",	"no-walls", "no-blob",	  "only-the-blob",
	    "no-mnt",	"no-pid",	  "too-many",	"twice",    "unknown-ns", "prefix-ns",
	    "blank-ns", "not-namespaces", "long-shell", "no-entry"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		uint64_t ms;
		int r = open_with(scenarios[i], "timeout=10", &ms);

		if (r != PAM_ABORT || ms > 2000)
			print_error("scenario %s: %d after %d ms\n", scenarios[i], r, (int)ms);
		assert_int_equal(r, PAM_ABORT);
		assert_true(ms <= 2000);
	}
}

/* MUST-4: the deadline is kept, and used up before the login is given up. */
static void silence_ends_at_the_deadline(void **state)
{
	uint64_t ms;

	(void)state;
	assert_int_equal(open_with("silent", "timeout=1", &ms), PAM_ABORT);
	assert_in_range(ms, 1000, 1000 + SLACK_MS);
	assert_int_equal(open_with("late-host", "timeout=1", &ms), PAM_ABORT);
	assert_in_range(ms, 1000, 1000 + SLACK_MS);
}

/* MUST-4: one deadline for the whole call, not one for each question. */
static void silence_after_contained_ends_at_the_deadline(void **state)
{
	uint64_t ms;

	(void)state;
	if (geteuid() != 0)
		skip(); /* namespaces need root */
	assert_int_equal(open_with("real-join-silent", "timeout=1", &ms), PAM_ABORT);
	assert_in_range(ms, 1000, 1000 + SLACK_MS);
}

static char *report_of(const char *args)
{
	struct app a;
	char path[80], *text = NULL;
	int fd;

	app_init(&a);
	app_play(&a, "report", args);
	app_start(&a, APP_USER);
	assert_int_equal(pam_set_item(a.pamh, PAM_RHOST, "host.example"), PAM_SUCCESS);
	assert_int_equal(pam_set_item(a.pamh, PAM_TTY, "pts/7"), PAM_SUCCESS);
	assert_int_equal(pam_set_item(a.pamh, PAM_RUSER, "asker"), PAM_SUCCESS);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_int_equal(str_format(path, sizeof(path), "%s/report", a.dir), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_read_dup(fd, 65536, &text, NULL), 0);
	close(fd);
	app_done(&a);
	return text;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

static void ignore(int sig)
{
	(void)sig;
}

/* MUST-6: whatever the caller has, the supervisor starts clean. */
static void supervisor_starts_clean(void **state)
{
	struct sigaction handled = {.sa_handler = ignore}, old[3];
	sigset_t mask, old_mask;
	char *text;
	int leak[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(leak); i++)
		leak[i] = open("/", O_RDONLY | O_DIRECTORY); /* not close-on-exec, on purpose */
	assert_int_equal(setenv("LD_PRELOAD_TEST", "/tmp/evil.so", 1), 0);
	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, &old_mask);
	sigaction(SIGTERM, &handled, &old[0]);
	handled.sa_handler = SIG_IGN;
	sigaction(SIGCHLD, &handled, &old[1]);
	sigaction(SIGHUP, &handled, &old[2]);
	text = report_of("debug");
	sigaction(SIGTERM, &old[0], NULL);
	sigaction(SIGCHLD, &old[1], NULL);
	sigaction(SIGHUP, &old[2], NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(leak); i++)
		close(leak[i]);
	unsetenv("LD_PRELOAD_TEST");
	/* 0, 1, 2, the socket, the caller's pidfd; the report and the listing's own */
	assert_int_equal(count(text, "fd="), 7);
	assert_null(strstr(text, "signal="));
	assert_int_equal(count(text, "env="), 1);
	assert_non_null(strstr(text, "env=PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
	assert_int_equal(count(text, "arg="), 4);
	assert_non_null(strstr(text, "arg=container-supervisor\narg=login\narg=--conf=/"));
	assert_non_null(strstr(text, "/report\narg=--debug\n"));
	assert_non_null(strstr(text, "leader=1 "));
	free(text);
}

/* MUST-7: numbers from the host's NSS, the rest as PAM has it. */
static void facts_are_told(void **state)
{
	char *text = report_of(""), *at;
	char line[80];

	(void)state;
	assert_non_null(strstr(text, "\nuser=" APP_USER "\nuid=65534\ngid=65534\nshell=/"));
	assert_non_null(strstr(text, "\nhome=/"));
	assert_non_null(
	    strstr(text, "\nservice=test\ntty=pts/7\nrhost=host.example\nruser=asker\n"));
	assert_int_equal(str_format(line, sizeof(line), "\npid=%d\nhook=0\n", getpid()), 0);
	assert_non_null(strstr(text, line));
	assert_non_null(strstr(text, "\nfds=1\n"));
	at = strstr(text, "\ntimeout=");
	assert_non_null(at);
	assert_in_range(at[9], '3', '5'); /* what is left of 5000 ms, the default */
	assert_int_equal(at[13], '\n');
	free(text);
}

/* sshd and cron call pam_setcred before pam_open_session: the supervisor learns of the auth line */
static void hook_is_told(void **state)
{
	struct app a;
	char path[80], *text = NULL;
	int fd;

	(void)state;
	app_init(&a);
	app_play(&a, "report", "");
	app_start(&a, APP_USER);
	assert_int_equal(pam_setcred(a.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_int_equal(str_format(path, sizeof(path), "%s/report", a.dir), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_dup(fd, 65536, &text, NULL), 0);
	close(fd);
	assert_non_null(strstr(text, "\nhook=1\n"));
	free(text);
	app_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(host_stays_on_the_host),
	    cmocka_unit_test(bad_answers_are_refused),
	    cmocka_unit_test(silence_ends_at_the_deadline),
	    cmocka_unit_test(silence_after_contained_ends_at_the_deadline),
	    cmocka_unit_test(supervisor_starts_clean),
	    cmocka_unit_test(facts_are_told),
	    cmocka_unit_test(hook_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

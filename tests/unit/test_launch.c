/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "launch.h"
#include "num.h"

/* Runs a shell command whose descriptor 3 is the socket; what it writes there */
static void run(const char *command, char *buf, size_t size)
{
	const char *const argv[] = {"sh", "-c", command, NULL};
	autofd int sock = launch_start("/bin/sh", argv, NULL);
	struct pollfd p = {.fd = sock, .events = POLLIN};
	ssize_t n;

	assert_true(sock >= 0);
	assert_int_equal(poll(&p, 1, 5000), 1);
	n = read(sock, buf, size - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
}

static void gives_a_clean_start(void **state)
{
	autofd int leak = dup(0); /* not close-on-exec */
	char buf[1024];

	(void)state;
	assert_true(leak > 2);
	assert_int_equal(setenv("LD_PRELOAD", "x", 1), 0);
	run("echo $(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=) >&3", buf, sizeof(buf));
	assert_int_equal(unsetenv("LD_PRELOAD"), 0);
	assert_string_equal(buf, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n");
	run("exec >&3; ls /proc/$$/fd", buf, sizeof(buf)); /* MUST-6 */
	assert_string_equal(buf, "0\n1\n2\n3\n");
	run("cd /proc/$$/fd; exec >&3; readlink 0 2", buf, sizeof(buf));
	assert_string_equal(buf, "/dev/null\n/dev/null\n");
}

static void ignored_and_blocked_signals_are_not_passed_on(void **state)
{
	char buf[256];
	sigset_t usr, old;

	(void)state;
	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &usr, &old), 0);
	assert_true(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	run("echo $(grep -e SigBlk -e SigIgn /proc/$$/status) >&3", buf, sizeof(buf));
	/* signals 1 to 28: glibc keeps 32 and 33 to itself, whatever they were before */
	assert_non_null(strstr(buf, "SigBlk: 0000000000000000 SigIgn: 0000000"));
	assert_string_equal(strchr(buf, '\n') - 7, "0000000\n");
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, &usr), 0);
	assert_true(sigismember(&usr, SIGUSR1) && !sigismember(&usr, SIGTERM)); /* MUST-3 */
	assert_true(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
}

/* MUST-3: no SIGCHLD, no zombie, nobody to wait for */
static void is_nobodys_child(void **state)
{
	char buf[256];
	sigset_t chld, pending;
	uint64_t parent;
	pid_t pid;

	(void)state;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &chld, NULL), 0);
	run("echo $PPID >&3", buf, sizeof(buf));
	buf[strcspn(buf, "\n")] = '\0';
	assert_int_equal(num_u64(buf, &parent), 0);
	assert_int_not_equal(parent, getpid());
	pid = waitpid(-1, NULL, __WALL | WNOHANG);
	assert_true(pid == -1 && errno == ECHILD);
	assert_int_equal(sigpending(&pending), 0);
	assert_false(sigismember(&pending, SIGCHLD));
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &chld, NULL), 0);
}

/* With the standard descriptors closed the socket itself may be 0, 1, 2 or 3. */
static void works_without_standard_descriptors(void **state)
{
	(void)state;
	for (int closed = 1; closed <= 3; closed++) {
		int saved[3];
		char buf[64];

		for (int i = 0; i < closed; i++) {
			saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
			(void)close(i);
		}
		run("echo here >&3", buf, sizeof(buf));
		for (int i = 0; i < closed; i++) {
			(void)dup2(saved[i], i);
			(void)close(saved[i]);
		}
		assert_string_equal(buf, "here\n");
	}
}

static void tells_why_not(void **state)
{
	const char *const argv[] = {"x", NULL};
	struct ctr_error e = {0};

	(void)state;
	assert_int_equal(launch_start("/nonexistent/x", argv, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nonexistent/x"));
	assert_int_equal(launch_start("/etc/passwd", argv, &e), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_a_clean_start),
	    cmocka_unit_test(ignored_and_blocked_signals_are_not_passed_on),
	    cmocka_unit_test(is_nobodys_child),
	    cmocka_unit_test(works_without_standard_descriptors),
	    cmocka_unit_test(tells_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

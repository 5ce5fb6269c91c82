/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "sys.h"

enum { DEATH_MS = 500 }; /* from SIGKILL to the end, where nothing holds it up */

uint64_t child_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* poll(2) takes an int, and a negative one as for ever */
static int wait_ms(uint64_t now, uint64_t end)
{
	if (now >= end)
		return 0;
	return end - now > INT_MAX ? INT_MAX : (int)(end - now);
}

int child_wait_exit(int pidfd, unsigned int timeout_ms)
{
	uint64_t end = child_now_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		uint64_t now = child_now_ms();
		int n = poll(&p, 1, wait_ms(now, end));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
	}
}

struct report {
	int result;
	struct ctr_error err;
};

static void ATTR_NORETURN body(child_fn fn, void *arg, int fd, pid_t parent)
{
	struct report rep = {0};
	pid_t now;

	/*
	 * Nobody is left who hears its report; and it has copies of all that its parent had open,
	 * whose other ends would wait on (MUST-9).
	 */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	now = getppid(); /* 0: in another PID namespace */
	if (now != parent && now != 0)
		_exit(1); /* it died before that */
	rep.result = fn(arg, &rep.err);
	_exit(fd_write_all(fd, &rep, sizeof(rep)) < 0); /* a lost report reads as a dead child */
}

/* CLONE_PIDFD with exit signal 0: a caller that ignores SIGCHLD does not reap it first. */
static pid_t spawn(int *ret_pidfd)
{
	int fd = -1;
	struct clone_args args = {.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&fd};
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid > 0)
		*ret_pidfd = fd;
	return pid;
}

int child_start(child_fn fn, void *arg, struct child *ret, struct ctr_error *err)
{
	autofd int rd = -1, wr = -1;
	int p[2], pidfd = -1;
	pid_t pid, parent = getpid();

	/* Not blocking: a process that outlives the child may hold the other end. */
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, errno, "child", "pipe");
	rd = p[0];
	wr = p[1];
	pid = spawn(&pidfd);
	if (pid < 0)
		return err_sys(err, pid, "child", "clone");
	if (pid == 0)
		body(fn, arg, wr, parent);
	*ret = (struct child){.pid = pid, .pidfd = pidfd, .report = take_fd(&rd)};
	return 0;
}

/* ret_status: the exit status of one that exited without a report; else untouched */
static int finish(struct child *c, unsigned int timeout_ms, int *ret_status, struct ctr_error *err)
{
	autofd int pidfd = take_fd(&c->pidfd), rd = take_fd(&c->report);
	int status = 0, waited = child_wait_exit(pidfd, timeout_ms);
	struct report rep;
	ssize_t n;

	if (waited < 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* ours, not yet reaped */
	/* one that sleeps in the kernel and can not be killed is left to die when it wakes (MUST-4)
	 */
	while ((waited == 0 || child_wait_exit(pidfd, DEATH_MS) == 0) &&
	       waitpid(c->pid, &status, __WALL) < 0 && errno == EINTR)
		;
	c->pid = 0;
	if (waited < 0)
		return err_set(err, CTR_E_TIMEOUT, -waited, "child", "no answer within %u ms",
			       timeout_ms);
	n = fd_read_all(rd, &rep, sizeof(rep));
	if (n != sizeof(rep) && WIFSIGNALED(status))
		return err_set(err, CTR_E_SYSTEM, ECHILD, "child", "died of signal %d",
			       WTERMSIG(status));
	if (n != sizeof(rep)) {
		*ret_status = WEXITSTATUS(status);
		return err_set(err, CTR_E_SYSTEM, ECHILD, "child", "exited without a report");
	}
	if (rep.result < 0 && !rep.err.text[0])
		return err_sys(err, rep.result, "child", "child");
	if (rep.result < 0 && err)
		*err = rep.err;
	return rep.result;
}

int child_finish(struct child *c, unsigned int timeout_ms, struct ctr_error *err)
{
	int status;

	return finish(c, timeout_ms, &status, err);
}

int child_run(child_fn fn, void *arg, unsigned int timeout_ms, struct ctr_error *err)
{
	struct child c;
	int r = child_start(fn, arg, &c, err);

	return r < 0 ? r : child_finish(&c, timeout_ms, err);
}

static int become(void *arg, struct ctr_error *err)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	const struct child_command *cmd = arg;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int in = cmd->in < 0 ? null : cmd->in, out = cmd->out < 0 ? null : cmd->out;

	/* dup2(2) of a descriptor that is there already would leave it close-on-exec */
	in = fcntl(in, F_DUPFD_CLOEXEC, 3);
	out = fcntl(out, F_DUPFD_CLOEXEC, 3);
	if (null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0 ||
	    fchdir(cmd->dirfd) < 0)
		return err_sys(err, errno, "child", "prepare %s", cmd->argv[0]);
	(void)execve(cmd->argv[0], (char *const *)cmd->argv, (char *const *)env);
	return err_sys(err, errno, "child", "execute %s", cmd->argv[0]);
}

int child_finish_program(struct child *c, const char *name, unsigned int timeout_ms,
			 struct ctr_error *err)
{
	struct ctr_error mine, *e = err ? err : &mine;
	int status = -1, r = finish(c, timeout_ms, &status, e);

	if (r != -ECHILD || status < 0)
		return r;
	return status == 0 ? 0
			   : err_set(e, CTR_E_SYSTEM, EIO, "child", "%s ended with status %d", name,
				     status);
}

int child_exec(const struct child_command *cmd, unsigned int timeout_ms, struct ctr_error *err)
{
	struct child_command copy = *cmd;
	struct ctr_error mine, *e = err ? err : &mine;
	struct child c;
	int r = child_start(become, &copy, &c, e);

	return r < 0 ? r : child_finish_program(&c, cmd->argv[0], timeout_ms, e);
}

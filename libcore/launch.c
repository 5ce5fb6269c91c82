/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "msg.h"

enum { STACK = 65536, FD_SOCKET = 3 };

/* Shared with the vforked children: they write errnum, the caller reads it when they are gone. */
struct launch {
	const char *file;
	const char *const *argv;
	int socket;
	char *stack;
	volatile int errnum;
};

static void be_neutral(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* KILL and STOP refuse */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A socket that was 3 before keeps its close-on-exec flag over dup2(2). */
static int place_descriptors(int socket)
{
	const int keep[] = {FD_SOCKET};
	int null;

	if (dup2(socket, FD_SOCKET) < 0 || fcntl(FD_SOCKET, F_SETFD, 0) < 0)
		return -errno;
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -errno;
	return fd_close_except(keep, 1);
}

/*
 * The grandchild: shares memory with the caller until it executes, so it only makes calls. Neither
 * it nor the one between returns: what the sanitizer marked on their stack would stay marked.
 */
static int ATTR_NO_ASAN execute(void *arg)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct launch *l = arg;
	int r;

	be_neutral();
	(void)setsid(); /* cannot fail in a fresh child */
	r = place_descriptors(l->socket);
	if (r == 0) {
		(void)execve(l->file, (char *const *)l->argv, (char *const *)env);
		r = -errno;
	}
	l->errnum = -r;
	_exit(1);
}

/* CLONE_VFORK: each waits until the next has executed or ended, so errnum is there in time. */
static int ATTR_NO_ASAN between(void *arg)
{
	struct launch *l = arg;

	if (clone(execute, l->stack + STACK / 2, CLONE_VM | CLONE_VFORK | SIGCHLD, l) < 0)
		l->errnum = errno;
	_exit(0);
}

/*
 * The child's exit signal is 0: no SIGCHLD, and wait(2) without __WALL does not see it. A caller
 * that adopts orphans (prctl(2), PR_SET_CHILD_SUBREAPER) would get the grandchild: not this one.
 */
static int launch(struct launch *l)
{
	int adopts = 0;
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	if (prctl(PR_GET_CHILD_SUBREAPER, &adopts) < 0 || sigprocmask(SIG_SETMASK, &all, &old) < 0)
		return -errno;
	if (adopts)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 0); /* cannot fail for 0 and 1 */
	pid = clone(between, l->stack + STACK, CLONE_VM | CLONE_VFORK, l);
	if (pid < 0)
		l->errnum = errno;
	else
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	if (adopts)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* the mask it gave us */
	return -l->errnum;
}

int launch_with(const char *file, const char *const *argv, const struct msg *first,
		struct ctr_error *err)
{
	struct launch l = {.file = file, .argv = argv};
	autofd int ours = -1, theirs = -1;
	int sv[2], r = msg_pair(sv);

	if (r < 0)
		return err_sys(err, r, "launch", "socketpair");
	ours = sv[0];
	theirs = sv[1];
	l.socket = theirs;
	r = first ? msg_send(ours, first, 0) : 0;
	if (r < 0)
		return err_sys(err, r, "launch", "send the request");
	l.stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
		       -1, 0);
	if (l.stack == MAP_FAILED)
		return err_sys(err, errno, "launch", "map a stack");
	r = launch(&l);
	(void)munmap(l.stack, STACK);
	if (r < 0)
		return err_sys(err, r, "launch", "execute %s", file);
	return take_fd(&ours);
}

int launch_start(const char *file, const char *const *argv, struct ctr_error *err)
{
	return launch_with(file, argv, NULL, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "msg.h"

#define SUPERVISOR CTR_LIBEXECDIR "/container-supervisor"

enum { STACK = 65536, FD_SOCKET = 3 };

/* Shared with the vforked children: they write errnum, the caller reads it when they are gone. */
struct launch {
	const char *argv[6];
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

/* The grandchild: shares memory with the caller until it executes, so it only makes calls. */
static int execute(void *arg)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct launch *l = arg;
	const int keep[] = {FD_SOCKET};
	int null;

	be_neutral();
	(void)setsid(); /* cannot fail in a fresh child */
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(l->socket, FD_SOCKET) < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0 || fd_close_except(keep, 1) < 0) {
		l->errnum = errno;
		_exit(1);
	}
	(void)execve(SUPERVISOR, (char *const *)l->argv, (char *const *)env);
	l->errnum = errno;
	_exit(1);
}

/* CLONE_VFORK: each waits until the next has executed or ended, so errnum is there in time. */
static int between(void *arg)
{
	struct launch *l = arg;

	if (clone(execute, l->stack + STACK / 2, CLONE_VM | CLONE_VFORK | SIGCHLD, l) < 0)
		l->errnum = errno;
	_exit(0);
}

/* The child's exit signal is 0: no SIGCHLD, and wait(2) without __WALL does not see it. */
static int launch(struct launch *l)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &old) < 0)
		return -errno;
	pid = clone(between, l->stack + STACK, CLONE_VM | CLONE_VFORK, l);
	if (pid < 0)
		l->errnum = errno;
	else
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* the mask it gave us */
	return -l->errnum;
}

int helper_start(const struct args *a, struct ctr_error *err)
{
	struct launch l = {.argv = {"container-supervisor", "login"}};
	autofd int ours = -1, theirs = -1;
	autofree char *conf = NULL;
	size_t n = 2;
	int sv[2], r;

	if (a->conf) {
		if (asprintf(&conf, "--conf=%s", a->conf) < 0)
			return err_sys(err, ENOMEM, "helper", "prepare %s", SUPERVISOR);
		l.argv[n++] = conf;
	}
	if (a->debug)
		l.argv[n++] = "--debug";
	r = msg_pair(sv);
	if (r < 0)
		return err_sys(err, r, "helper", "socketpair");
	ours = sv[0];
	theirs = sv[1];
	l.socket = theirs;
	l.stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
		       -1, 0);
	if (l.stack == MAP_FAILED)
		return err_sys(err, errno, "helper", "map a stack");
	r = launch(&l);
	(void)munmap(l.stack, STACK);
	if (r < 0)
		return err_sys(err, r, "helper", "execute %s", SUPERVISOR);
	return take_fd(&ours);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"
#include "trim.h"

enum {
	FD_SYNC = 3,
	FD_RESTRICT = 4,
	FD_LISTEN = 5,
	EVENTS = 16,
	GRACE_MAX_MS = 60000,
	HANGUP_MS = 200,
	AGAIN_MS = 100
};

static void tell_exit(struct conn *c)
{
	struct msg m;

	msg_init(&m, "exited");
	msg_add(&m, "status", "%d", c->status);
	(void)!msg_send(c->sock, &m, 0); /* a peer that does not read loses it, others wait not */
}

static void send_signal(const struct conn *c, int sig)
{
	pid_t group = c->pid, front;

	if (c->pid <= 0 || c->exited)
		return;
	if (c->master >= 0 && ioctl(c->master, TIOCGPGRP, &front) == 0 && front > 1)
		group = front;
	(void)kill(-group, sig); /* ESRCH: it has ended meanwhile */
}

/* Only from outside: inside nobody has pid 0. */
static bool is_host_root(const struct conn *c)
{
	return c->cred.pid == 0 && c->cred.uid == 0;
}

/* A peer signals what it started; the host's root, who started nothing here, all that was. */
static void pass_signal(const struct init *in, const struct conn *c, const struct msg *m)
{
	uint64_t sig;

	if (msg_get_u64(m, "sig", &sig) < 0 || sig == 0 || sig >= NSIG)
		return;
	if (c->pid > 0)
		send_signal(c, (int)sig);
	else if (is_host_root(c))
		for (size_t i = 0; i < CONN_MAX; i++)
			if (in->conns[i].sock >= 0)
				send_signal(&in->conns[i], (int)sig);
}

static void reap(struct init *in)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < CONN_MAX; i++) {
			struct conn *c = &in->conns[i];

			if (c->pid != pid || c->sock < 0)
				continue;
			c->exited = true;
			c->status = status;
			if (c->report < 0)
				tell_exit(c);
		}
	}
}

/*
 * Everything but PID 1 is asked to end; what is left after grace dies with PID 1 itself. First as a
 * logout asks, by SIGHUP, with time to act on it; then by SIGTERM, which interactive shells ignore.
 */
static void shut_down(struct init *in, const struct msg *m)
{
	uint64_t grace = 0, end, term;

	if (msg_get_u64(m, "grace", &grace) < 0 || grace > GRACE_MAX_MS)
		grace = GRACE_MAX_MS;
	end = child_now_ms() + grace;
	term = end - grace + (grace / 2 < HANGUP_MS ? grace / 2 : HANGUP_MS);
	in->stopping = true;
	(void)kill(-1, SIGHUP);
	(void)kill(-1, SIGCONT);
	while (child_now_ms() < end) {
		struct timespec nap = {.tv_nsec = 2000000};

		if (term && child_now_ms() >= term) {
			(void)kill(-1, SIGTERM); /* ESRCH shows below */
			term = 0;
		}
		reap(in); /* who waits for one of them learns how it ended */
		if (kill(-1, 0) < 0 && errno == ESRCH)
			break;
		(void)nanosleep(&nap, NULL);
	}
	_exit(0);
}

/* What carries no descriptor and is read already, so that it only has to be taken out. */
static void handle_plain(struct init *in, struct conn *c)
{
	const char *verb = msg_verb(&in->msg);

	if (recv(c->sock, NULL, 0, MSG_DONTWAIT) < 0)
		init_drop(in, c);
	else if (str_equal(verb, "signal"))
		pass_signal(in, c, &in->msg);
	else if (str_equal(verb, "shutdown") && is_host_root(c))
		shut_down(in, &in->msg);
	else
		init_drop(in, c);
}

static void handle_peer(struct init *in, struct conn *c)
{
	bool fds = false;
	int r = msg_peek(c->sock, &in->msg, &fds);

	if (r == -EAGAIN)
		return;
	if (r == 0 && str_equal(msg_verb(&in->msg), "start") && c->pid == 0)
		init_start(in, c);
	else if (r == 0 && !fds)
		handle_plain(in, c);
	else
		init_drop(in, c);
}

static void handle_signal(struct init *in)
{
	struct signalfd_siginfo info;

	while (read(in->signals, &info, sizeof(info)) == sizeof(info))
		;
	reap(in);
}

static void handle(struct init *in, uint64_t tag)
{
	size_t slot = (uint32_t)tag;

	switch (tag >> 32) {
	case TAG_LISTEN:
		init_accept(in);
		break;
	case TAG_SIGNAL:
		handle_signal(in);
		break;
	case TAG_CONN:
		if (in->conns[slot].sock >= 0 && !in->conns[slot].dead)
			handle_peer(in, &in->conns[slot]);
		break;
	case TAG_REPORT:
		if (in->conns[slot].report >= 0)
			init_started(in, &in->conns[slot]);
		if (in->conns[slot].sock >= 0 && in->conns[slot].exited)
			tell_exit(&in->conns[slot]);
		break;
	}
}

static int prepare(struct init *in, struct restrict_set *set)
{
	sigset_t all;

	/* MUST-6: nobody inside looks into PID 1 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || restrict_load(FD_RESTRICT, set, NULL) < 0)
		return -1;
	(void)close(FD_RESTRICT);
	in->restrictions = set;
	in->listen = FD_LISTEN;
	for (size_t i = 0; i < CONN_MAX; i++)
		in->conns[i].sock = in->conns[i].master = in->conns[i].report = -1;
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || fd_set_cloexec(FD_LISTEN, 1) < 0)
		return -1;
	in->epoll = epoll_create1(EPOLL_CLOEXEC);
	in->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (in->epoll < 0 || in->signals < 0)
		return -1;
	return init_watch(in, in->listen, TAG(TAG_LISTEN, 0)) < 0 ||
		       init_watch(in, in->signals, TAG(TAG_SIGNAL, 0)) < 0
		   ? -1
		   : 0;
}

int main(void)
{
	static struct restrict_set set;
	static struct init in;
	struct epoll_event events[EVENTS];

	if (getpid() != 1 || prepare(&in, &set) < 0)
		return EXIT_FAILURE;
	msg_init(&in.msg, "ready");
	if (msg_send(FD_SYNC, &in.msg, 1000) < 0)
		return EXIT_FAILURE;
	(void)close(FD_SYNC);
	trim();
	for (;;) {
		int n = epoll_wait(in.epoll, events, EVENTS, in.ndead > 0 ? AGAIN_MS : -1);

		for (int i = 0; i < n; i++)
			handle(&in, events[i].data.u64);
		init_bury_all(&in);
		init_hear(&in);
		if (n < 0 && errno != EINTR)
			return EXIT_FAILURE;
	}
}

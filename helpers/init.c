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
#include "visitfd.h"

enum { FD_LISTEN = 5, EVENTS = 16, GRACE_MAX_MS = 60000, HANGUP_MS = 200, SETTLE_MS = 50 };

/* A peer signals what it started; the host's root, who started nothing here, all that was. */
static void pass_signal(struct init *in, struct conn *c)
{
	const struct session *s = init_session(in, c);
	uint64_t sig;

	if (msg_get_u64(&in->msg, "sig", &sig) < 0 || sig == 0 || sig >= NSIG)
		return;
	if (s)
		init_signal(s, (int)sig);
	else if (init_is_host_root(c))
		for (size_t i = 0; i < SESSION_MAX; i++)
			if (in->sessions[i].used)
				init_signal(&in->sessions[i], (int)sig);
}

/*
 * Everything but PID 1 is asked to end; what is left after grace dies with PID 1 itself. First as a
 * logout asks, by SIGHUP, with time to act on it; then by SIGTERM, which interactive shells ignore.
 */
static void shut_down(struct init *in, struct conn *c ATTR_UNUSED)
{
	uint64_t grace = 0, end, term;

	if (msg_get_u64(&in->msg, "grace", &grace) < 0 || grace > GRACE_MAX_MS)
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
		init_reap(in); /* who waits for one of them learns how it ended */
		if (kill(-1, 0) < 0 && errno == ESRCH)
			break;
		(void)nanosleep(&nap, NULL);
	}
	_exit(0);
}

/* Asks to hear when no session is kept; the answer comes with the next tick at the earliest. */
static void watch(struct init *in ATTR_UNUSED, struct conn *c)
{
	c->watches = true;
}

/* What carries no descriptor */
static const struct verb {
	const char *name;
	bool roots; /* of the host's root alone (MUST-7) */
	bool quiet; /* also while a checkpoint is taken */
	void (*run)(struct init *in, struct conn *c);
} verbs[] = {
    {"signal", false, false, pass_signal}, {"attach", false, false, init_attach},
    {"shutdown", true, true, shut_down},   {"sessions", true, true, init_list},
    {"detach", true, false, init_detach},  {"watch", true, false, watch},
    {"quiesce", true, true, init_quiet},   {"unquiet", true, true, init_unquiet},
};

/* It is read already, so that it only has to be taken out. */
static void handle_plain(struct init *in, struct conn *c)
{
	const struct verb *v = verbs, *end = verbs + ARRAY_SIZE(verbs);

	while (v < end && !str_equal(v->name, msg_verb(&in->msg)))
		v++;
	if (recv(c->sock, NULL, 0, MSG_DONTWAIT) < 0 || v == end ||
	    (v->roots && !init_is_host_root(c)) || (!v->quiet && in->quiet.step == QUIET_YES))
		init_drop(in, c);
	else
		v->run(in, c);
}

static void handle_peer(struct init *in, struct conn *c)
{
	bool fds = false;
	int r = msg_peek(c->sock, &in->msg, &fds);

	if (r == -EAGAIN)
		return;
	if (r == 0 && str_equal(msg_verb(&in->msg), "start") && c->session < 0 &&
	    in->quiet.step < QUIET_EMPTY)
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
		if (info.ssi_signo == SIGUSR2 && info.ssi_code == SI_USER && info.ssi_pid == 0 &&
		    info.ssi_uid == 0) /* from outside: inside nobody has pid 0 */
			init_wake(in);
	init_reap(in);
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
		if (in->sessions[slot].used && in->sessions[slot].report >= 0)
			init_started(in, &in->sessions[slot]);
		break;
	}
}

static int prepare(struct init *in, struct restrict_set *set)
{
	sigset_t all;

	/* MUST-6: nobody inside looks into PID 1 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || restrict_load(INIT_FD_RESTRICT, set, NULL) < 0)
		return -1;
	(void)close(INIT_FD_RESTRICT);
	in->restrictions = set;
	in->listen = FD_LISTEN;
	for (size_t i = 0; i < CONN_MAX; i++)
		in->conns[i].sock = -1;
	in->quiet = (struct quiet){.asker = -1, .terminal = {-1, -1, -1}};
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

/* Of two waits in ms, -1: for ever. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int main(int argc, char **argv)
{
	static struct restrict_set set;
	static struct init in;
	struct epoll_event events[EVENTS];
	int wait = SETTLE_MS;
	bool settled = false;

	if (argc == 2 && str_equal(argv[1], "none"))
		return init_bare(&in, &set);
	if (argc == 2 + VISIT_FDS && str_equal(argv[1], "visit"))
		return init_visit(&in, &set, argv + 2);
	if (getpid() != 1 || prepare(&in, &set) < 0)
		return EXIT_FAILURE;
	msg_init(&in.msg, "ready");
	if (msg_send(INIT_FD_SYNC, &in.msg, 1000) < 0)
		return EXIT_FAILURE;
	(void)close(INIT_FD_SYNC);
	for (;;) {
		int n = epoll_wait(in.epoll, events, EVENTS, wait);

		if (n == 0 && !settled) { /* not while the first program is to be started */
			settled = true;
			trim();
		}
		for (int i = 0; i < n; i++)
			handle(&in, events[i].data.u64);
		wait = init_tick_conns(&in);
		wait = sooner(wait, init_tick_sessions(&in)); /* keepers of what they left */
		wait = sooner(wait, init_tick_quiet(&in));
		wait = settled ? wait : sooner(wait, SETTLE_MS);
		if (n < 0 && errno != EINTR)
			return EXIT_FAILURE;
	}
}

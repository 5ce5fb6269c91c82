/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "init.h"
#include "str.h"

/*
 * Before a checkpoint PID 1 lets go of everything that ends outside: peers are sent away, nobody
 * new is let in, sessions are detached. What is left are its epoll set, its signalfd, masters and
 * rings, which CRIU can dump.
 */

#define SOCKET_DIR  "/dev/.container"
#define SOCKET_NAME "socket"
#define SOCKET_PATH SOCKET_DIR "/" SOCKET_NAME

enum {
	TICK_MS = 10,
	AGAIN_MS = 100,
	QUIET_MS = 5000,
	TERM_MS = 200,
	KILL_MS = 1000,
	MODE = 0666,
	MODE_QUIET = 0600
};

/*
 * Its own connect(2) is refused by the mode as long as nothing may be in the queue: CRIU does not
 * dump a connection that nobody has accepted yet.
 */
static int shut_door(bool shut)
{
	return chmod(SOCKET_PATH, shut ? MODE_QUIET : MODE) < 0 ? -errno : 0;
}

static bool is_plain(const struct session *s)
{
	return s->used && !s->dead && s->name == 0 && s->report < 0;
}

/*
 * CRIU up to 4.1 compares only the first process that has /dev/tty open with who holds a terminal
 * of its session, and refuses when those are two ("ctty inheritance"), which they are in every
 * session here, since the master is PID 1's. Its order begins with PID 1: with a terminal of its
 * own, and its own /dev/tty, that is the one to be compared (libcore/ctty.h). 0 or -errno
 */
static int take_terminal(int fds[QUIET_FDS])
{
	const int unlock = 0;

	if (fds[0] >= 0)
		return 0; /* the last one could not be closed yet */
	fds[0] = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fds[0] < 0 || ioctl(fds[0], TIOCSPTLCK, &unlock) < 0)
		return -errno;
	fds[1] = ioctl(fds[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fds[1] < 0 || ioctl(fds[1], TIOCSCTTY, 0) < 0)
		return -errno;
	fds[2] = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fds[2] < 0 ? -errno : 0;
}

/*
 * By children: who may open it too can hold up close(2) (MUST-4). By the master's end and not
 * TIOCNOTTY, whose SIGHUP would go to the keepers. False: some are left
 */
static bool leave_terminal(struct init *in)
{
	size_t n = 0;

	for (size_t i = QUIET_FDS; i-- > 0;) {
		int *fd = &in->quiet.terminal[i];

		if (*fd >= 0 && init_close(in, *fd))
			*fd = -1;
		n += *fd >= 0;
	}
	return n == 0;
}

static void go_on(struct init *in)
{
	in->quiet.step = QUIET_NO;
	in->quiet.asker = -1;
	(void)leave_terminal(in); /* the next tick tries again */
	(void)!shut_door(false);  /* was opened or shut before: the same call */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void init_quiet_drop(struct init *in, const struct conn *c)
{
	if (in->quiet.asker != c - in->conns)
		return;
	in->quiet.asker = -1;
	if (in->quiet.step != QUIET_YES)
		go_on(in);
}

static void fail(struct init *in, struct ctr_error *err)
{
	const struct conn *c = &in->conns[in->quiet.asker];

	go_on(in);
	init_refuse(c, err);
}

/* Whose pipes end outside, by the numbers that they have inside. */
static void answer_busy(struct init *in)
{
	const struct conn *c = &in->conns[in->quiet.asker];
	struct msg m;

	msg_init(&m, "busy");
	for (size_t i = 0; i < SESSION_MAX; i++)
		if (is_plain(&in->sessions[i]) && !in->sessions[i].exited)
			msg_add(&m, "pid", "%d", in->sessions[i].pid);
	go_on(in);
	init_say(c, &m);
}

static bool any_plain(const struct init *in)
{
	for (size_t i = 0; i < SESSION_MAX; i++)
		if (is_plain(&in->sessions[i]) && !in->sessions[i].exited)
			return true;
	return false;
}

/* The first one whose child has not executed yet; NULL */
static const struct session *starting(const struct init *in)
{
	for (size_t i = 0; i < SESSION_MAX; i++)
		if (in->sessions[i].used && in->sessions[i].report >= 0)
			return &in->sessions[i];
	return NULL;
}

/* Who started nothing goes at once, who is on a terminal is told; the others hear of their end. */
static void send_away(struct init *in)
{
	for (size_t i = 0; i < SESSION_MAX; i++) {
		const struct session *s = &in->sessions[i];

		if (s->used && !s->dead && s->name > 0 && !s->exited)
			init_session_part(in, s, "checkpoint", in->quiet.again);
	}
	for (size_t i = 0; i < CONN_MAX; i++) {
		struct conn *c = &in->conns[i];
		struct msg m;

		if (c->sock < 0 || c->dead || c->session >= 0 || (int)i == in->quiet.asker)
			continue;
		msg_init(&m, "quiet");
		if (c->watches)
			init_say(c, &m);
		init_drop(in, c);
	}
}

static void end_plain(struct init *in)
{
	uint64_t ms = child_now_ms() - in->quiet.begin;
	int sig = ms >= KILL_MS ? SIGKILL : ms >= TERM_MS ? SIGTERM : SIGHUP;
	bool first = sig != in->quiet.sent;

	in->quiet.sent = sig;
	for (size_t i = 0; i < SESSION_MAX; i++) {
		struct session *s = &in->sessions[i];

		if (!s->used || s->dead)
			continue;
		if (s->exited && s->lead >= 0) {
			init_drop(in, &in->conns[s->lead]); /* how it ended was told */
		} else if (is_plain(s) && first) {
			init_signal(s, sig);
			init_signal(s, SIGCONT);
		}
	}
}

static bool is_empty(const struct init *in)
{
	size_t n = in->nclosers;

	for (size_t i = 0; i < CONN_MAX; i++)
		n += in->conns[i].sock >= 0 && (int)i != in->quiet.asker;
	for (size_t i = 0; i < SESSION_MAX; i++)
		n += in->sessions[i].used &&
		     (!init_is_detached(&in->sessions[i]) || in->sessions[i].keeper == 0);
	return n == 0;
}

/*
 * The socket goes too: CRIU up to 4.1 binds one in its mount namespace only in a process that has
 * no orphan with a process group whose leader has ended (its issue 2687), and PID 1 has all
 * orphans.
 */
static void answer_quiet(struct init *in)
{
	struct conn *c = &in->conns[in->quiet.asker];
	struct msg m;

	in->quiet.step = QUIET_YES;
	(void)!take_terminal(in->quiet.terminal); /* criu says what it lacks, if it does */
	(void)prctl(PR_SET_PDEATHSIG, 0);
	if (!in->deaf)
		init_unwatch(in, in->listen);
	in->deaf = false;
	cleanup_fd(&in->listen);
	(void)unlink(SOCKET_PATH); /* whoever made it absent: it is made anew */
	msg_init(&m, "quiet");
	init_say(c, &m);
	init_drop(in, c);
}

void init_wake(struct init *in)
{
	autofd int dir = -1;

	if (in->quiet.step != QUIET_YES || in->listen >= 0)
		return;
	dir = open(SOCKET_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	in->listen = dir < 0 ? -1 : msg_listen_at(dir, SOCKET_NAME, MODE_QUIET);
	if (in->listen >= 0 && init_watch(in, in->listen, TAG(TAG_LISTEN, 0)) < 0)
		cleanup_fd(&in->listen); /* the next signal tries again */
}

static void look(struct init *in)
{
	if (starting(in))
		return;
	if (any_plain(in) && !in->quiet.kill_plain) {
		answer_busy(in);
		return;
	}
	in->quiet.step = QUIET_EMPTY;
	in->quiet.begin = child_now_ms();
	send_away(in);
}

static void give_up(struct init *in)
{
	const struct session *s = starting(in);
	struct ctr_error err;

	if (s)
		err_set(&err, CTR_E_TIMEOUT, ETIMEDOUT, "quiesce",
			"process %d of uid %u does not get as far as its program", s->pid, s->uid);
	else
		err_set(&err, CTR_E_TIMEOUT, ETIMEDOUT, "quiesce",
			"what was started does not end within %d ms", QUIET_MS);
	fail(in, &err);
}

int init_tick_quiet(struct init *in)
{
	if (in->quiet.step == QUIET_NO)
		return leave_terminal(in) ? -1 : AGAIN_MS;
	if (in->quiet.step == QUIET_YES)
		return -1;
	init_reap_closers(in);
	if (in->quiet.step == QUIET_LOOK)
		look(in);
	if (in->quiet.step == QUIET_EMPTY)
		end_plain(in);
	if (in->quiet.step == QUIET_EMPTY && is_empty(in))
		answer_quiet(in);
	else if (in->quiet.step != QUIET_NO && child_now_ms() >= in->quiet.end)
		give_up(in);
	return in->quiet.step == QUIET_LOOK || in->quiet.step == QUIET_EMPTY ? TICK_MS : -1;
}

void init_quiet(struct init *in, struct conn *c)
{
	uint64_t kill_plain = 0, again = 0;
	struct ctr_error err;
	int r = 0;

	(void)!msg_get_u64(&in->msg, "kill_plain", &kill_plain); /* absent: 0 */
	(void)!msg_get_u64(&in->msg, "again", &again);
	if (in->quiet.step != QUIET_NO)
		err_set(&err, CTR_E_BUSY, EBUSY, "quiesce", "a checkpoint is being taken already");
	else if ((r = shut_door(true)) < 0)
		err_sys(&err, r, "quiesce", "shut %s", SOCKET_PATH);
	if (in->quiet.step != QUIET_NO || r < 0) {
		init_refuse(c, &err);
		return;
	}
	in->quiet.step = QUIET_LOOK;
	in->quiet.sent = 0;
	in->quiet.asker = (int)(c - in->conns);
	in->quiet.kill_plain = kill_plain == 1;
	in->quiet.again = again == 1;
	in->quiet.end = child_now_ms() + QUIET_MS;
}

void init_unquiet(struct init *in, struct conn *c)
{
	struct msg m;

	go_on(in);
	msg_init(&m, "ok");
	init_say(c, &m);
}

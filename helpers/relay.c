/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { CHUNK = 65536, PIECE = 4096 };

/* One direction: what was read and is not yet written. Reading stops while it is full. */
struct pipe_buf {
	char data[CHUNK];
	size_t at, len;
	bool ended;
};

static void fill(struct pipe_buf *b, int fd)
{
	ssize_t n;

	if (b->len == 0 || b->at + b->len == sizeof(b->data)) {
		memmove(b->data, b->data + b->at, b->len);
		b->at = 0;
	}
	n = read(fd, b->data + b->at + b->len, sizeof(b->data) - b->at - b->len);
	if (n > 0)
		b->len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		b->ended = true; /* EIO on a master: no slave is open any more */
}

static void flush(struct pipe_buf *b, int fd, bool prompt)
{
	/* where a write waits until all fits, the other direction waits with it */
	ssize_t n = write(fd, b->data + b->at, prompt || b->len < PIECE ? b->len : PIECE);

	if (n > 0) {
		b->at += (size_t)n;
		b->len -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		b->ended = true;
		b->len = 0;
	}
}

static void resize(const struct relay *r)
{
	struct winsize w;

	if (ioctl(r->in, TIOCGWINSZ, &w) == 0)
		(void)ioctl(r->master, TIOCSWINSZ, &w); /* the kernel tells the foreground group */
}

void relay_pass_signals(const struct relay *r)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			resize(r);
		else
			r->peer.signal(r->peer.of, (int)info.ssi_signo);
	}
}

struct loop {
	struct pipe_buf up, down; /* to the session, from it */
	bool prompt;		  /* a write to the outer terminal does not block */
	bool exited;
	int status;
};

static bool has_room(const struct pipe_buf *b)
{
	return b->len < sizeof(b->data) && !b->ended;
}

/* What poll(2) is asked; one that is not wanted is left out, or a hang-up would wake for ever. */
static struct pollfd when(bool wanted, int fd, short events)
{
	return (struct pollfd){.fd = wanted ? fd : -1, .events = events};
}

/*
 * Passes on what is there. What comes first is written without asking poll(2) again, where that
 * does not block (prompt); later both ends work while the other one waits.
 */
static void pass(struct pipe_buf *b, const struct pollfd ready[2], int to, bool prompt)
{
	bool writes = ready[1].revents || (prompt && b->len == 0);

	if (ready[0].revents)
		fill(b, ready[0].fd);
	if (writes && b->len)
		flush(b, to, prompt);
}

static int step(const struct relay *r, struct loop *l, struct ctr_error *err)
{
	struct pollfd all[6] = {
	    when(has_room(&l->up), r->in, POLLIN),
	    when(l->up.len > 0, r->master, POLLOUT),
	    when(has_room(&l->down), r->master, POLLIN),
	    when(l->down.len > 0, r->out, POLLOUT),
	    when(true, r->signals, POLLIN),
	    when(!l->exited, r->peer.fd, POLLIN),
	};
	int n = poll(all, 6, l->exited && l->down.len == 0 ? 0 : -1);

	if (n < 0 && errno != EINTR)
		return err_sys(err, errno, "relay", "poll");
	if (n == 0 && l->exited)
		l->down.ended = true; /* nothing more is there; others may hold the slave open */
	if (n <= 0)
		return 0;
	if (all[4].revents)
		relay_pass_signals(r);
	pass(&l->down, all + 2, r->out, l->prompt);
	pass(&l->up, all, r->master, true);
	if (all[5].revents) {
		l->exited = true;
		return r->peer.wait(r->peer.of, &l->status, err);
	}
	return 0;
}

static int start_raw(struct relay *r, struct ctr_error *err)
{
	struct termios raw = r->saved;

	resize(r);
	cfmakeraw(&raw);
	if (tcsetattr(r->in, TCSANOW, &raw) < 0)
		return err_sys(err, errno, "relay", "set the terminal to raw mode");
	return 0;
}

/*
 * A write to a serial line blocks until all of it fits (a pty takes what it said it had room for),
 * and both directions must not wait for each other. The outer terminal's open file is shared with
 * who gave it, so a non-blocking one of our own is opened; where that is not allowed (su: the
 * terminal is somebody else's) it stays blocking.
 */
static int open_own(int fd)
{
	char path[32];

	if (str_format(path, sizeof(path), "/proc/self/fd/%d", fd) < 0)
		return -1;
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int relay_run(struct relay *r, int *ret_status, struct ctr_error *err)
{
	static struct loop l; /* 128 KiB: not on the stack of a user's limits */
	autofd int own = open_own(r->out);
	int rc = start_raw(r, err);

	if (own >= 0)
		r->out = own;
	l.prompt = own >= 0;
	/* PID 1 has the same open file, but never reads or writes it */
	if (rc == 0 && fcntl(r->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		rc = err_sys(err, errno, "relay", "prepare the session's terminal");

	while (rc == 0 && !(l.exited && l.down.ended && l.down.len == 0)) {
		rc = step(r, &l, err);
		if (l.up.ended && l.up.len == 0 && !l.exited) {
			/* the outer side hung up: so does the session, by our end */
			rc =
			    err_set(err, CTR_E_SYSTEM, ECONNRESET, "relay", "the terminal hung up");
		}
	}
	(void)tcsetattr(r->in, TCSADRAIN, &r->saved); /* EIO when it hung up */
	if (rc == 0)
		*ret_status = l.status;
	return rc;
}

int relay_wait(const struct relay *r, int *ret_status, struct ctr_error *err)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = r->peer.fd, .events = POLLIN},
				      {.fd = r->signals, .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "relay", "poll");
		if (p[1].revents)
			relay_pass_signals(r);
		if (p[0].revents)
			return r->peer.wait(r->peer.of, ret_status, err);
	}
}

bool relay_on_terminal(void)
{
	struct stat st[3];

	for (int fd = 0; fd < 3; fd++)
		if (!isatty(fd) || fstat(fd, &st[fd]) < 0 || st[fd].st_rdev != st[0].st_rdev)
			return false;
	return true;
}

/* Signals that are meant for the program: passed on, not suffered. */
int relay_catch_signals(void)
{
	static const int list[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
				   SIGUSR2, SIGALRM, SIGCONT, SIGTSTP, SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		sigaddset(&set, list[i]);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Ends as the program did, so that whoever waits sees the same. */
int relay_end_as(int status)
{
	const struct rlimit none = {0, 0};
	sigset_t all;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	(void)setrlimit(RLIMIT_CORE, &none); /* the program had its chance to leave one */
	(void)signal(WTERMSIG(status), SIG_DFL);
	sigfillset(&all);
	(void)sigprocmask(SIG_UNBLOCK, &all, NULL);
	(void)raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

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
#include "replay.h"
#include "str.h"

enum { CHUNK = 65536 + 2 * 4096, PIECE = 4096, LOOK_MS = 20 };

/* One direction: what was read and is not yet written. Reading stops while it is full. */
struct pipe_buf {
	char data[CHUNK];
	size_t at, len;
	bool ended;
	struct ring *copy; /* of what is read; NULL: none */
};

static void make_room(struct pipe_buf *b)
{
	memmove(b->data, b->data + b->at, b->len);
	b->at = 0;
}

static void fill(struct pipe_buf *b, int fd)
{
	ssize_t n;

	if (b->len == 0 || b->at + b->len == sizeof(b->data))
		make_room(b);
	n = read(fd, b->data + b->at + b->len, sizeof(b->data) - b->at - b->len);
	if (n > 0 && b->copy)
		ring_add(b->copy, b->data + b->at + b->len, (size_t)n);
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

/*
 * On a terminal SIGHUP says that this one is gone, and not the one inside: what becomes of that one
 * PID 1 decides when our connection is. Returns whether it came.
 */
static bool pass_signals(const struct relay *r, bool terminal)
{
	struct signalfd_siginfo info;
	bool hung_up = false;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (terminal && info.ssi_signo == SIGHUP)
			hung_up = true;
		else if (info.ssi_signo == SIGWINCH)
			resize(r);
		else
			r->peer.signal(r->peer.of, (int)info.ssi_signo);
	}
	return hung_up;
}

void relay_pass_signals(const struct relay *r)
{
	(void)pass_signals(r, false);
}

bool relay_is_told_to_end(const struct relay *r)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info))
		end |= info.ssi_signo == SIGHUP || info.ssi_signo == SIGTERM;
	return end;
}

struct loop {
	struct pipe_buf up, down; /* to the session, from it */
	bool prompt;		  /* a write to the outer terminal does not block */
	bool exited;
	int status;
	bool leads;	    /* after what is still in the ring it reads the master itself */
	uint64_t shown;	    /* position in the ring */
	struct replay seen; /* of what comes out of it */
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

/* What is new in the ring, as far as it fits. Returns whether there was anything. */
static bool follow(const struct relay *r, struct loop *l)
{
	static char data[PIECE]; /* not on the stack of a user's limits */
	size_t n = 0, all = 0;

	make_room(&l->down);
	while (sizeof(l->down.data) - l->down.len > PIECE + REPLAY_HELD &&
	       (n = ring_take(r->ring, &l->shown, data, sizeof(data))) > 0) {
		all += n;
		l->down.len += replay_filter(&l->seen, data, n, l->down.data + l->down.len);
	}
	return all > 0;
}

/* Nothing wakes who follows a ring: he looks again soon. The last one to write has told its end. */
static void look(struct relay *r, struct loop *l)
{
	if (follow(r, l))
		return;
	if (l->leads) {
		r->follows = false;
		l->down.copy = r->ring;
	} else if (l->exited) {
		l->down.ended = true;
	}
}

static int hear(struct relay *r, struct loop *l, struct ctr_error *err)
{
	int rc = r->peer.hear(r->peer.of, &r->news, err);

	if (rc < 0)
		return rc;
	l->leads |= r->news.event == PROTO_LEAD;
	l->exited |= r->news.event == PROTO_EXITED;
	l->status = r->news.status;
	return r->news.event == PROTO_DETACHED ? RELAY_DETACHED : 0;
}

static int wait_ms(const struct relay *r, const struct loop *l)
{
	if (r->follows)
		return LOOK_MS;
	return l->exited && l->down.len == 0 ? 0 : -1;
}

static int step(struct relay *r, struct loop *l, struct ctr_error *err)
{
	struct pollfd all[6] = {
	    when(has_room(&l->up), r->in, POLLIN),
	    when(l->up.len > 0, r->master, POLLOUT),
	    when(has_room(&l->down) && !r->follows, r->master, POLLIN),
	    when(l->down.len > 0, r->out, POLLOUT),
	    when(true, r->signals, POLLIN),
	    when(!l->exited, r->peer.fd, POLLIN),
	};
	int n = poll(all, 6, wait_ms(r, l));

	if (n < 0 && errno != EINTR)
		return err_sys(err, errno, "relay", "poll");
	if (r->follows)
		look(r, l);
	else if (n == 0 && l->exited)
		l->down.ended = true; /* nothing more is there; others may hold the slave open */
	if (n <= 0)
		return 0;
	if (all[4].revents)
		l->up.ended |= pass_signals(r, true);
	pass(&l->down, all + 2, r->out, l->prompt);
	pass(&l->up, all, r->master, true);
	return all[5].revents ? hear(r, l, err) : 0;
}

/* The program is told its size again, also when it is the same: then full screens are redrawn. */
static void redraw(const struct relay *r)
{
	struct winsize inner, outer;

	if (ioctl(r->in, TIOCGWINSZ, &outer) < 0 || ioctl(r->master, TIOCGWINSZ, &inner) < 0)
		return;
	inner.ws_row = outer.ws_row > 1 ? outer.ws_row - 1 : outer.ws_row + 1;
	inner.ws_col = outer.ws_col;
	(void)ioctl(r->master, TIOCSWINSZ, &inner); /* the right one follows, start_raw() */
}

/* A character may have lost its beginning where the ring has come round. */
static void skip_rest(struct loop *l, bool cut)
{
	for (int i = 0; cut && i < 3 && l->down.len > 0; i++) {
		if (((unsigned char)l->down.data[l->down.at] & 0xc0) != 0x80)
			return;
		l->down.at++;
		l->down.len--;
	}
}

static void begin(struct relay *r, struct loop *l)
{
	uint64_t total = r->ring ? ring_total(r->ring) : 0;

	l->up.len = l->down.len = 0;
	l->up.ended = l->down.ended = l->exited = l->leads = false;
	l->seen = (struct replay){0};
	l->shown = total;
	l->down.copy = r->follows ? NULL : r->ring;
	if (!r->again || !r->ring)
		return;
	l->shown = r->shown;
	(void)follow(r, l);
	skip_rest(l, total - r->shown > RING_SIZE);
	redraw(r);
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

/*
 * A program that was left behind has not put back what it had set: the alternate screen, a hidden
 * cursor, colours, mouse reports, bracketed paste, keypad. Terminals without any of that never saw
 * an escape sequence.
 */
void relay_restore(const struct relay *r)
{
	static const char modes[] = "\033[?1047l\033[?25h\033[m\033[?1000l\033[?1002l\033[?1003l"
				    "\033[?1006l\033[?2004l\033[?1l\033>";

	(void)tcsetattr(r->in, TCSADRAIN, &r->saved); /* EIO when it hung up */
	if (r->news.event == PROTO_DETACHED && r->ring &&
	    memchr(r->ring->data, '\033', sizeof(r->ring->data)))
		(void)!write(r->out, modes, sizeof(modes) - 1); /* as much as it takes */
}

int relay_run(struct relay *r, int *ret_status, struct ctr_error *err)
{
	static struct loop l; /* 144 KiB: not on the stack of a user's limits */
	const int out = r->out;
	autofd int own = open_own(r->out);
	int rc;

	if (own >= 0)
		r->out = own;
	begin(r, &l);
	l.prompt = own >= 0;
	rc = start_raw(r, err);
	if (rc == 0 && fcntl(r->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		rc = err_sys(err, errno, "relay", "prepare the session's terminal");

	while (rc == 0 && !(l.exited && l.down.ended && l.down.len == 0)) {
		rc = step(r, &l, err);
		if (rc == 0 && l.up.ended && l.up.len == 0 && !l.exited) {
			/* the outer side hung up: so does the session, by our end */
			rc =
			    err_set(err, CTR_E_SYSTEM, ECONNRESET, "relay", "the terminal hung up");
		}
	}
	r->out = out;
	if (r->ring) /* what was not written out any more is shown the next time */
		r->shown = (r->follows ? l.shown : ring_total(r->ring)) - l.down.len;
	if (rc != RELAY_DETACHED || !r->news.again)
		relay_restore(r);
	if (rc == RELAY_EXITED)
		*ret_status = l.status;
	return rc;
}

int relay_hear_exit(const struct relay *r, int *ret_status, struct ctr_error *err)
{
	struct proto_news news;
	int rc = r->peer.hear(r->peer.of, &news, err);

	if (rc < 0)
		return rc;
	if (news.event != PROTO_EXITED)
		return err_set(err, CTR_E_NO_PROCESS, ECONNABORTED, "relay",
			       "the process was left alone");
	*ret_status = news.status;
	return 0;
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
			return relay_hear_exit(r, ret_status, err);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"

enum { CHUNK = 4096 }; /* PIPE_BUF: what poll(2) promises that a pipe has room for */

void plain_close(struct plain *p)
{
	plain_started(p);
	for (int i = 0; i < 3; i++)
		cleanup_fd(&p->pipe[i]);
}

void plain_started(struct plain *p)
{
	for (int i = 0; i < 3; i++) {
		if (p->given[i] != i)
			cleanup_fd(&p->given[i]);
		p->given[i] = -1;
	}
}

int plain_open(struct plain *p, struct ctr_error *err)
{
	for (int i = 0; i < 3; i++) {
		p->given[i] = i;
		p->pipe[i] = -1;
	}
	for (int i = 0; i < 3; i++) {
		int fds[2];

		if (!isatty(i))
			continue;
		if (pipe2(fds, O_CLOEXEC) < 0) {
			int saved = errno;

			plain_close(p);
			return err_sys(err, saved, "exec", "make a pipe");
		}
		p->given[i] = fds[i > 0];
		p->pipe[i] = fds[i == 0];
	}
	return 0;
}

/* From one descriptor to another; closes our end of the pipe when there is no more. */
static void pass(int from, int to, int *our_end)
{
	char data[CHUNK];
	ssize_t n = read(from, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0 || fd_write_all(to, data, (size_t)n) < 0)
		cleanup_fd(our_end);
}

/* Room for a whole chunk must be there: a command that does not read must not stop the rest. */
static short input_events(const struct plain *p)
{
	struct pollfd out = {.fd = p->pipe[0], .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) ? POLLIN : 0;
}

static void move(struct plain *p, const struct pollfd *polls)
{
	if (p->pipe[0] >= 0 && (polls[0].revents & (POLLIN | POLLHUP)))
		pass(STDIN_FILENO, p->pipe[0], &p->pipe[0]);
	if (p->pipe[1] >= 0 && polls[1].revents)
		pass(p->pipe[1], STDOUT_FILENO, &p->pipe[1]);
	if (p->pipe[2] >= 0 && polls[2].revents)
		pass(p->pipe[2], STDERR_FILENO, &p->pipe[2]);
}

/* What is still in the pipes; children of the command may hold them open, so it is not awaited. */
static void drain(struct plain *p)
{
	struct pollfd polls[3] = {{.fd = -1}};

	do {
		for (int i = 1; i < 3; i++)
			polls[i] = (struct pollfd){.fd = p->pipe[i], .events = POLLIN};
		if (poll(polls, 3, 0) <= 0)
			return;
		move(p, polls);
	} while (p->pipe[1] >= 0 || p->pipe[2] >= 0);
}

int plain_run(struct plain *p, const struct relay *r, int *ret_status, struct ctr_error *err)
{
	(void)signal(SIGPIPE, SIG_IGN); /* a command that closes its input is no failure */
	for (;;) {
		bool full = p->pipe[0] >= 0 && !input_events(p);
		struct pollfd polls[5] = {
		    {.fd = p->pipe[0] >= 0 && !full ? STDIN_FILENO : -1, .events = POLLIN},
		    {.fd = p->pipe[1], .events = POLLIN},
		    {.fd = p->pipe[2], .events = POLLIN},
		    {.fd = r->signals, .events = POLLIN},
		    {.fd = r->peer.fd, .events = POLLIN},
		};

		if (poll(polls, 5, full ? 100 : -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "exec", "poll");
		move(p, polls);
		if (polls[3].revents)
			relay_pass_signals(r);
		if (polls[4].revents) {
			drain(p);
			return relay_hear_exit(r, ret_status, err);
		}
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "init.h"

static void answer_error(const struct conn *c, const struct ctr_error *err)
{
	struct msg m;

	msg_init(&m, "error");
	msg_add_error(&m, err);
	(void)!msg_send(c->sock, &m, 0); /* a peer that does not read loses it */
}

static void answer_started(const struct conn *c)
{
	struct msg m;

	msg_init(&m, "started");
	msg_add(&m, "pid", "%d", c->pid);
	if (c->master >= 0)
		msg_add_fd(&m, c->master);
	(void)!msg_send(c->sock, &m, 0); /* a peer that does not read loses it */
}

static unsigned short size_of(const struct msg *m, const char *key)
{
	uint64_t v;

	return msg_get_u64(m, key, &v) < 0 || v > 65535 ? 0 : (unsigned short)v;
}

static int parse(struct msg *m, struct start_request *req, struct ctr_error *err)
{
	uint64_t terminal;

	if (msg_get_u64(m, "terminal", &terminal) < 0 || terminal > 1)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "start", "terminal must be 0 or 1");
	req->terminal = terminal;
	req->rows = size_of(m, "rows");
	req->cols = size_of(m, "cols");
	return 0;
}

/* The container's own devpts; ptmx below it is what only this instance serves. */
static int open_terminal(struct start_request *req, struct ctr_error *err)
{
	struct winsize size = {.ws_row = req->rows, .ws_col = req->cols};
	autofd int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlock = 0;

	if (master < 0)
		return err_sys(err, errno, "terminal", "open /dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_sys(err, errno, "terminal", "set up a terminal");
	req->master = take_fd(&master);
	return 0;
}

static int launch(struct init *in, struct conn *c, struct start_request *req, struct ctr_error *err)
{
	autofd int rd = -1, wr = -1;
	int p[2], r;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, errno, "start", "pipe");
	rd = p[0];
	wr = p[1];
	r = init_watch(in, rd, TAG(TAG_REPORT, c - in->conns));
	if (r < 0)
		return err_sys(err, r, "start", "watch the child");
	pid = fork();
	if (pid == 0)
		init_child(in, c, req, wr);
	if (pid < 0)
		return err_sys(err, errno, "start", "fork");
	init_unwatch(in, c->sock); /* the message stays in its queue until the child has it */
	c->pid = pid;
	c->exited = false;
	c->report = take_fd(&rd);
	return 0;
}

void init_start(struct init *in, struct conn *c)
{
	struct start_request req = {.master = -1};
	struct ctr_error err;
	int r = parse(&in->msg, &req, &err);

	if (r == 0 && req.terminal)
		r = open_terminal(&req, &err);
	if (r == 0)
		r = launch(in, c, &req, &err);
	if (r == 0) {
		c->master = req.master;
		return;
	}
	cleanup_fd(&req.master); /* nobody else has seen it */
	answer_error(c, &err);
	init_drop(in, c); /* with the message, which nobody takes */
}

/* End of file: it executed; a record: it did not, and will be reaped without a word. */
void init_started(struct init *in, struct conn *c)
{
	struct ctr_error err;
	ssize_t n = read(c->report, &err, sizeof(err));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	cleanup_fd(&c->report);
	if (n == sizeof(err)) {
		err.stage[sizeof(err.stage) - 1] = err.text[sizeof(err.text) - 1] = '\0';
		answer_error(c, &err);
		cleanup_fd(&c->master); /* nobody else has it */
		c->pid = 0;
		c->exited = false;
	} else {
		answer_started(c);
	}
	if (init_watch(in, c->sock, TAG(TAG_CONN, c - in->conns)) < 0)
		init_drop(in, c);
}

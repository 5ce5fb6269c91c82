/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "init.h"
#include "ring.h"

static void answer_started(const struct conn *c, const struct session *s)
{
	struct msg m;

	msg_init(&m, "started");
	msg_add(&m, "pid", "%d", s->pid);
	if (s->name > 0) {
		msg_add(&m, "session", "%u", s->name);
		msg_add_fd(&m, s->master);
		msg_add_fd(&m, s->ring);
	}
	(void)!msg_send(c->sock, &m, 0); /* a peer that does not read loses it */
}

/* The lowest number that no other session has. */
static unsigned int free_name(const struct init *in)
{
	bool taken[SESSION_MAX + 1] = {false};
	unsigned int name = 1;

	for (size_t i = 0; i < SESSION_MAX; i++)
		if (in->sessions[i].used && in->sessions[i].name <= SESSION_MAX)
			taken[in->sessions[i].name] = true;
	while (name < SESSION_MAX && taken[name])
		name++;
	return name;
}

static int launch(struct init *in, const struct conn *c, struct start_request *req,
		  struct ctr_error *err)
{
	struct session *s = init_session(in, c);
	autofd int rd = -1, wr = -1;
	int p[2], r;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, errno, "start", "pipe");
	rd = p[0];
	wr = p[1];
	r = init_watch(in, rd, TAG(TAG_REPORT, s - in->sessions));
	if (r < 0)
		return err_sys(err, r, "start", "watch the child");
	pid = fork();
	if (pid == 0)
		init_child(in, c, req, wr);
	if (pid < 0)
		return err_sys(err, errno, "start", "fork");
	init_unwatch(in, c->sock); /* the message stays in its queue until the child has it */
	s->pid = pid;
	s->report = take_fd(&rd);
	return 0;
}

static int make_ring(int *ret, struct ctr_error *err)
{
	int fd = ring_make();

	if (fd < 0)
		return err_sys(err, fd, "terminal", "make the memory of a session");
	*ret = fd;
	return 0;
}

void init_start(struct init *in, struct conn *c)
{
	struct start_request req = {.master = -1};
	struct session *s = init_session_new(in, c);
	struct ctr_error err;
	autofd int ring = -1;
	int r = init_request(&in->msg, &req, &err);

	if (r == 0 && !s)
		r = err_set(&err, CTR_E_BUSY, EAGAIN, "start",
			    "as many programs were started here as may be");
	if (s)
		c->session = (int)(s - in->sessions);
	if (r == 0 && req.terminal)
		r = init_open_terminal(&req, &err);
	if (r == 0 && req.terminal)
		r = make_ring(&ring, &err);
	if (r == 0)
		r = launch(in, c, &req, &err);
	if (r < 0) {
		cleanup_fd(&req.master); /* nobody else has seen it */
		init_refuse(c, &err);
		init_drop(in, c); /* with the message, which nobody takes */
		return;
	}
	s->master = req.master;
	s->ring = take_fd(&ring);
	s->name = req.terminal ? free_name(in) : 0;
	c->told = true;
}

/* End of file: it executed; a record: it did not, and will be reaped without a word. */
void init_started(struct init *in, struct session *s)
{
	struct conn *c = &in->conns[s->lead];
	struct ctr_error err;
	ssize_t n = read(s->report, &err, sizeof(err));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	cleanup_fd(&s->report);
	if (n == sizeof(err)) {
		err.stage[sizeof(err.stage) - 1] = err.text[sizeof(err.text) - 1] = '\0';
		init_refuse(c, &err);
		cleanup_fd(&s->master); /* nobody else has it */
		s->pid = 0;
		init_session_end(in, s);
	} else {
		answer_started(c, s);
		if (s->exited)
			init_session_exited(in, s);
	}
	if (init_watch(in, c->sock, TAG(TAG_CONN, c - in->conns)) < 0)
		init_drop(in, c);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "init.h"
#include "str.h"
#include "trim.h"

/* A process that is to become the program that is started: PID 1 with Init=none, and later ones. */

static void report_error(int report, const struct ctr_error *err)
{
	(void)!fd_write_all(report, err, sizeof(*err)); /* who is gone needs no answer */
}

/* It stays in the queue, from where init_run() takes it with its descriptors. */
static int await_start(struct init *in, int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	bool fds;
	int r;

	do {
		r = poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : msg_peek(sock, &in->msg, &fds);
	} while (r == -EAGAIN || r == -ECONNRESET);
	if (r == 0 && !str_equal(msg_verb(&in->msg), "start"))
		r = -EBADMSG;
	return r;
}

/* The other end is the library's: it has the terminal before it hears that the program runs. */
static int hand_terminal(int sock, struct start_request *req, struct ctr_error *err)
{
	struct msg m;
	int r = init_open_terminal(req, err);

	if (r < 0)
		return r;
	msg_init(&m, "terminal");
	msg_add_fd(&m, req->master);
	r = msg_send(sock, &m, 0);
	return r < 0 ? err_sys(err, r, "terminal", "hand the terminal over") : 0;
}

void init_become(struct init *in, int sock, int report)
{
	struct start_request req = {.master = -1};
	struct conn c = {.sock = sock, .session = -1};
	struct ctr_error err = {0};
	const int on = 1;
	int r = setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ? -errno : 0;

	if (r == 0)
		r = await_start(in, sock);
	if (r < 0) {
		err_sys(&err, r == -ENOTCONN ? ECANCELED : r, "start", "read what to start");
		report_error(report, &err);
		if (r != -ENOTCONN)
			_exit(127);
		return;
	}
	r = init_request(&in->msg, &req, &err);
	if (r == 0 && req.terminal)
		r = hand_terminal(sock, &req, &err);
	if (r == 0)
		(void)!init_run(in, &c, &req, &report, &err); /* back: it failed */
	report_error(report, &err);
	_exit(127);
}

int init_bare(struct init *in, struct restrict_set *set)
{
	/* MUST-6: nobody inside looks into PID 1 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || restrict_load(INIT_FD_RESTRICT, set, NULL) < 0)
		return EXIT_FAILURE;
	(void)close(INIT_FD_RESTRICT);
	in->restrictions = set;
	in->bare = true;
	if (fd_set_cloexec(INIT_FD_SYNC, 1) < 0 || fcntl(INIT_FD_SYNC, F_SETFL, O_NONBLOCK) < 0)
		return EXIT_FAILURE;
	msg_init(&in->msg, "ready");
	if (msg_send(INIT_FD_SYNC, &in->msg, 1000) < 0)
		return EXIT_FAILURE;
	trim();
	for (;;) {
		autofd int sock = -1, report = -1;

		if (msg_recv(INIT_FD_SYNC, &in->msg, -1) < 0)
			return EXIT_FAILURE;
		sock = msg_take_fd(&in->msg, 0);
		report = msg_take_fd(&in->msg, 1);
		if (sock < 0 || report < 0)
			return EXIT_FAILURE;
		init_become(in, sock, report);
	}
}

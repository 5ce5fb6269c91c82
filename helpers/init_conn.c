/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "init.h"
#include "sys.h"

/*
 * The table of peers. PID 1 must not be the one that closes what a peer has sent: a TCP socket with
 * SO_LINGER, a file of a FUSE server or a terminal in use hold up close(2) for as long as their
 * owner likes, and everybody in the container with it. So it never receives a descriptor (the
 * child does, init_child.c), and where some may still be in a queue a child closes it.
 */

enum { AGAIN_MS = 100, LEAVE_TICK_MS = 20 };

int init_watch(struct init *in, int fd, uint64_t tag)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = tag};

	return epoll_ctl(in->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

void init_unwatch(struct init *in, int fd)
{
	(void)epoll_ctl(in->epoll, EPOLL_CTL_DEL, fd, NULL); /* ENOENT: it was not watched */
}

/* After it nothing more arrives, so what is empty stays empty. */
static bool is_emptied(int sock)
{
	struct msg m;
	bool fds = false;

	if (shutdown(sock, SHUT_RD) < 0)
		return false;
	for (;;) {
		int r = msg_peek(sock, &m, &fds);

		if (r == -ENOTCONN)
			return true;
		if (r == -ECONNRESET)
			continue;
		if ((r < 0 && r != -EBADMSG) || fds || recv(sock, NULL, 0, MSG_DONTWAIT) < 0)
			return false;
	}
}

/*
 * It shares the table of descriptors: what it closes is closed. Its signal is another one than
 * that of orphans, which the kernel makes SIGCHLD (reparent_leader(), exit.c), so that these
 * children can be counted: a checkpoint waits until all have closed.
 */
bool init_close(struct init *in, int fd)
{
	struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGUSR1};
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid == 0) {
		(void)close(fd);
		_exit(0);
	}
	in->nclosers += pid > 0;
	return pid > 0;
}

void init_reap_closers(struct init *in)
{
	while (in->nclosers > 0 && waitpid(-1, NULL, __WCLONE | WNOHANG) > 0)
		in->nclosers--;
}

/* Where no child can be made now (TasksMax=) the row stays in use, as one of its owner's. */
static void bury(struct init *in, struct conn *c)
{
	c->dead = !init_close(in, c->sock);
	if (!c->dead)
		c->sock = -1;
}

void init_drop(struct init *in, struct conn *c)
{
	struct session *s = init_session(in, c);

	init_unwatch(in, c->sock);
	c->watches = false;
	c->session = -1;
	if (is_emptied(c->sock))
		cleanup_fd(&c->sock);
	else
		bury(in, c);
	if (s)
		init_session_leave(in, s, c);
	c->leave = 0;
	init_quiet_drop(in, c);
}

void init_say(const struct conn *c, const struct msg *m)
{
	(void)!msg_send(c->sock, m, 0); /* a peer that does not read loses it, others wait not */
}

void init_refuse(const struct conn *c, const struct ctr_error *err)
{
	struct msg m;

	msg_init(&m, "error");
	msg_add_error(&m, err);
	init_say(c, &m);
}

/* A user gets his share and no more, and none of the last rows, which are for root and the dead. */
static bool may_stay(const struct init *in, const struct conn *new)
{
	const struct ucred *cred = &new->cred;
	unsigned int same = 0, used = 0;

	if (in->quiet.step != QUIET_NO && !init_is_host_root(new))
		return false;
	if (cred->uid == 0)
		return true;
	for (size_t i = 0; i < CONN_MAX; i++) {
		used += in->conns[i].sock >= 0;
		same += in->conns[i].sock >= 0 && in->conns[i].cred.uid == cred->uid;
	}
	/* pid 0: from outside, where nobody but root has business; his limits can not be read */
	return same < CONN_PER_UID && used < CONN_MAX - CONN_SPARE && cred->pid != 0;
}

void init_accept(struct init *in)
{
	const int on = 1;
	struct conn *c = in->conns, *end = c + CONN_MAX;
	struct conn new = {.session = -1};
	autofd int fd = -1;
	bool ready;

	while (c < end && c->sock >= 0)
		c++;
	if (c == end) { /* asked again when a row is free, hear() */
		init_unwatch(in, in->listen);
		in->deaf = true;
		return;
	}
	fd = accept4(in->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	ready = msg_peer_cred(fd, &new.cred) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
		may_stay(in, &new) && init_watch(in, fd, TAG(TAG_CONN, c - in->conns)) == 0;
	new.sock = take_fd(&fd);
	*c = new;
	if (!ready)
		init_drop(in, c);
}

static void hear(struct init *in)
{
	for (size_t i = 0; in->deaf && i < CONN_MAX; i++)
		if (in->conns[i].sock < 0 && init_watch(in, in->listen, TAG(TAG_LISTEN, 0)) == 0)
			in->deaf = false;
}

int init_tick_conns(struct init *in)
{
	int next = -1;

	for (size_t i = 0; i < CONN_MAX; i++) {
		struct conn *c = &in->conns[i];

		if (c->sock < 0)
			continue;
		if (!c->dead && c->leave && child_now_ms() >= c->leave)
			init_drop(in, c);
		else if (c->dead)
			bury(in, c);
		if (c->sock >= 0 && c->leave)
			next = LEAVE_TICK_MS;
		else if (c->sock >= 0 && c->dead && next < 0)
			next = AGAIN_MS;
	}
	hear(in);
	return next;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "init.h"
#include "sys.h"

/*
 * The table of peers. PID 1 must not be the one that closes what a peer has sent: a TCP socket with
 * SO_LINGER, a file of a FUSE server or a terminal in use hold up close(2) for as long as their
 * owner likes, and everybody in the container with it. So it never receives a descriptor (the
 * child does, init_child.c), and where some may still be in a queue a child closes it.
 */

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

/* It shares the table of descriptors: what it closes is closed, and only it is held up. */
static bool close_by_child(int a, int b)
{
	struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid == 0) {
		(void)close(a);
		if (b >= 0)
			(void)close(b);
		_exit(0);
	}
	return pid > 0;
}

/* Where no child can be made now (TasksMax=) the row stays in use, as one of its owner's. */
static void bury(struct init *in, struct conn *c)
{
	bool was = c->dead;

	c->dead = !close_by_child(c->sock, c->master);
	in->ndead += c->dead;
	in->ndead -= was;
	if (!c->dead)
		c->sock = c->master = -1;
}

void init_bury_all(struct init *in)
{
	for (size_t i = 0; in->ndead > 0 && i < CONN_MAX; i++)
		if (in->conns[i].sock >= 0 && in->conns[i].dead)
			bury(in, &in->conns[i]);
}

/* Hang-up of a session: a pty hangs up by its last master, a plain command by signal. */
void init_drop(struct init *in, struct conn *c)
{
	bool terminal = c->master >= 0;

	init_unwatch(in, c->sock);
	cleanup_fd(&c->report);
	if (!terminal && is_emptied(c->sock))
		cleanup_fd(&c->sock);
	else
		bury(in, c);
	if (c->pid > 0 && !c->exited && (!terminal || c->dead)) {
		(void)kill(-c->pid, SIGHUP); /* ESRCH: it has ended meanwhile */
		(void)kill(-c->pid, SIGCONT);
	}
	c->pid = 0;
}

/* A user gets his share and no more, and none of the last rows, which are for root and the dead. */
static bool may_stay(const struct init *in, const struct ucred *cred)
{
	unsigned int same = 0, used = 0;

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
	autofd int fd = -1;
	struct ucred cred = {0};
	bool ready;

	while (c < end && c->sock >= 0)
		c++;
	if (c == end) { /* asked again when a row is free, init_hear() */
		init_unwatch(in, in->listen);
		in->deaf = true;
		return;
	}
	fd = accept4(in->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	ready = msg_peer_cred(fd, &cred) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
		may_stay(in, &cred) && init_watch(in, fd, TAG(TAG_CONN, c - in->conns)) == 0;
	*c = (struct conn){.sock = take_fd(&fd), .master = -1, .report = -1, .cred = cred};
	if (!ready)
		init_drop(in, c);
}

void init_hear(struct init *in)
{
	for (size_t i = 0; in->deaf && i < CONN_MAX; i++)
		if (in->conns[i].sock < 0 && init_watch(in, in->listen, TAG(TAG_LISTEN, 0)) == 0)
			in->deaf = false;
}

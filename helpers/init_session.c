/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include "child.h"
#include "cleanup.h"
#include "init.h"

/* The table of sessions: a plain command lives with its peer, a terminal session may outlive him.
 */

enum { AGAIN_MS = 100, WAIT_TICK_MS = 20, LEAVE_MS = 500 };

struct session *init_session(struct init *in, const struct conn *c)
{
	return c->session >= 0 ? &in->sessions[c->session] : NULL;
}

static bool is_peer_of(const struct init *in, const struct conn *c, const struct session *s)
{
	return c->sock >= 0 && !c->dead && c->session == s - in->sessions;
}

bool init_is_detached(const struct session *s)
{
	return s->used && !s->dead && s->name > 0 && s->lead < 0 && !s->exited;
}

/* Detached ones count too, so that a user's share of rows is all that he can use up. */
struct session *init_session_new(struct init *in, const struct conn *c)
{
	struct session *free = NULL;
	unsigned int same = 0, used = 0;
	struct timespec now;

	for (size_t i = SESSION_MAX; i-- > 0;) {
		struct session *s = &in->sessions[i];

		if (!s->used)
			free = s;
		used += s->used;
		same += s->used && s->uid == c->cred.uid;
	}
	if (!free ||
	    (c->cred.uid != 0 && (same >= CONN_PER_UID || used >= SESSION_MAX - CONN_SPARE)))
		return NULL;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	*free = (struct session){.used = true,
				 .master = -1,
				 .ring = -1,
				 .report = -1,
				 .lead = (int)(c - in->conns),
				 .uid = c->cred.uid,
				 .outside = c->cred.pid == 0,
				 .since_us =
				     (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000};
	return free;
}

void init_signal(const struct session *s, int sig)
{
	pid_t group = s->pid, front;

	if (s->pid <= 0 || s->exited || s->dead)
		return;
	if (s->master >= 0 && ioctl(s->master, TIOCGPGRP, &front) == 0 && front > 1)
		group = front;
	(void)kill(-group, sig); /* ESRCH: it has ended meanwhile */
}

/* A pty hangs up by its last master, a plain command by signal. */
void init_session_end(struct init *in, struct session *s)
{
	bool plain = s->master < 0;

	for (size_t i = 0; i < CONN_MAX; i++)
		if (in->conns[i].session == s - in->sessions)
			in->conns[i].session = -1;
	cleanup_fd(&s->report);
	cleanup_fd(&s->ring);
	if (s->keeper > 0)
		(void)kill(s->keeper, SIGKILL);
	s->dead = !plain && !init_close(in, s->master);
	if (s->pid > 0 && !s->exited && (plain || s->dead)) {
		(void)kill(-s->pid, SIGHUP); /* ESRCH: it has ended meanwhile */
		(void)kill(-s->pid, SIGCONT);
	}
	s->pid = s->keeper = 0;
	s->keep_end = 0;
	s->lead = -1;
	s->used = s->dead;
}

/*
 * Does it stay when its last peer goes? One that was told to go leaves it detached, and so does the
 * administrator, whose visit to a login's session shall not end it.
 */
static bool stays(const struct init *in, const struct session *s, const struct conn *last)
{
	if (s->name == 0 || s->exited || s->report >= 0 || in->stopping)
		return false;
	if (last->leave || s->outside)
		return last->leave;
	return init_is_host_root(last) ||
	       in->restrictions->on_disconnect != RESTRICT_DISCONNECT_KILL;
}

void init_session_leave(struct init *in, struct session *s, struct conn *c)
{
	struct conn *next = NULL;
	struct msg m;

	if (s->lead != c - in->conns)
		return;
	for (size_t i = CONN_MAX; i-- > 0 && !s->exited;)
		if (is_peer_of(in, &in->conns[i], s) && !in->conns[i].leave)
			next = &in->conns[i];
	if (next) {
		s->lead = (int)(next - in->conns);
		msg_init(&m, "lead");
		init_say(next, &m);
	} else if (stays(in, s, c)) {
		s->lead = -1; /* its keeper comes with the next tick */
	} else {
		init_session_end(in, s);
	}
}

static void tell_exit(const struct conn *c, const struct session *s)
{
	struct msg m;

	msg_init(&m, "exited");
	msg_add(&m, "status", "%d", s->status);
	init_say(c, &m);
}

void init_session_exited(struct init *in, struct session *s)
{
	if (s->lead < 0) {
		init_session_end(in, s);
		return;
	}
	for (size_t i = 0; i < CONN_MAX; i++)
		if (is_peer_of(in, &in->conns[i], s) && in->conns[i].told)
			tell_exit(&in->conns[i], s);
}

void init_session_part(struct init *in, const struct session *s, const char *why, bool again)
{
	struct msg m;

	msg_init(&m, "detached");
	msg_add(&m, "session", "%u", s->name);
	msg_add(&m, "why", "%s", why);
	msg_add(&m, "again", "%d", again);
	for (size_t i = 0; i < CONN_MAX; i++) {
		struct conn *c = &in->conns[i];

		if (!is_peer_of(in, c, s) || c->leave)
			continue;
		init_say(c, &m);
		c->leave = child_now_ms() + LEAVE_MS; /* it closes when it reads no more */
	}
}

static void reaped(struct init *in, pid_t pid, int status)
{
	for (size_t i = 0; i < SESSION_MAX; i++) {
		struct session *s = &in->sessions[i];

		if (!s->used || s->dead)
			continue;
		if (s->keeper == pid) {
			s->keeper = 0;
			s->keep_end = 0;
			init_attach_go(in, s);
		} else if (s->pid == pid) {
			s->exited = true;
			s->status = status;
			if (s->report < 0)
				init_session_exited(in, s);
		}
	}
}

void init_reap(struct init *in)
{
	int status;
	pid_t pid;

	init_reap_closers(in);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(in, pid, status);
}

/*
 * Is it one for which a container is to be kept? By the definition each terminal session of a
 * login; else those alone that are detached, which the host's root did, or that he visits.
 */
static bool is_kept(const struct init *in, const struct session *s)
{
	if (init_is_detached(s))
		return true;
	if (!s->used || s->dead || s->name == 0 || s->exited || s->outside)
		return false;
	return in->restrictions->on_disconnect != RESTRICT_DISCONNECT_KILL ||
	       init_is_host_root(&in->conns[s->lead]);
}

static void tell_watchers(struct init *in)
{
	bool kept = false;
	struct msg m;

	for (size_t i = 0; i < SESSION_MAX && !kept; i++)
		kept = is_kept(in, &in->sessions[i]);
	msg_init(&m, "idle");
	for (size_t i = 0; i < CONN_MAX && !kept; i++) {
		struct conn *c = &in->conns[i];

		if (c->watches)
			init_say(c, &m);
		c->watches = false;
	}
}

static int tick(struct init *in, struct session *s)
{
	if (s->dead) {
		s->dead = s->used = !init_close(in, s->master);
		return s->dead ? AGAIN_MS : -1;
	}
	if (s->keep_end && child_now_ms() >= s->keep_end)
		(void)kill(s->keeper, SIGKILL); /* its end shows in reaped() */
	if (s->keep_end)
		return WAIT_TICK_MS;
	if (!init_is_detached(s) || s->keeper > 0)
		return -1;
	s->keeper = init_keep(s);
	if (s->keeper > 0)
		return -1;
	s->keeper = 0;
	return AGAIN_MS; /* the program waits for it, with TasksMax= used up */
}

int init_tick_sessions(struct init *in)
{
	int next = -1;

	for (size_t i = 0; i < SESSION_MAX; i++) {
		int ms = in->sessions[i].used ? tick(in, &in->sessions[i]) : -1;

		if (ms >= 0 && (next < 0 || ms < next))
			next = ms;
	}
	tell_watchers(in);
	return next;
}

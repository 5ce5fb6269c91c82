/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"
#include "cleanup.h"
#include "str.h"
#include "supervisor.h"

/*
 * After the last login a container goes on for sessions that were detached. PID 1 says when there
 * is none left; from then on it lingers.
 */

enum { AGAIN_MS = 1000, SEND_MS = 100 };

static void linger(struct supervisor *s)
{
	if (s->linger_us < SPEC_INFINITY)
		s->linger_end = child_now_ms() + s->linger_us / 1000;
}

void supervisor_watch(struct supervisor *s)
{
	autofd int fd = -1;
	struct msg m;

	supervisor_watch_end(s);
	if (s->nsessions > 0 || s->keep || s->kill_end)
		return;
	fd = supervisor_only_init_is_left(s) ? -1 : supervisor_connect_init(s);
	msg_init(&m, "watch");
	if (fd < 0 || msg_send(fd, &m, SEND_MS) < 0)
		linger(s);
	else
		s->watch = take_fd(&fd);
}

void supervisor_watch_end(struct supervisor *s)
{
	if (s->watch > 0)
		cleanup_fd(&s->watch);
	s->watch = 0;
	s->watch_at = 0;
}

/* `quiet`: a checkpoint; supervisor_unquiet() asks again. Lost: so does the timer. */
void supervisor_watch_heard(struct supervisor *s)
{
	struct msg m;
	int r = msg_recv(s->watch, &m, 0);

	if (r == -EAGAIN)
		return;
	supervisor_watch_end(s);
	if (r == 0 && str_equal(msg_verb(&m), "idle"))
		linger(s);
	else if (r < 0)
		s->watch_at = child_now_ms() + AGAIN_MS;
	msg_done(&m);
}

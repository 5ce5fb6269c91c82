/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"
#include "cleanup.h"
#include "str.h"
#include "supervisor.h"

/*
 * After the last login a container goes on for sessions that were detached. PID 1 says when there
 * is none left; from then on it lingers.
 */

enum { AGAIN_MS = 1000, SEND_MS = 100, IDLE_MS = 500 };

/* When Linger= will have passed; 0: never */
static uint64_t linger_over(const struct supervisor *s)
{
	return s->linger_us < SPEC_INFINITY ? child_now_ms() + s->linger_us / 1000 : 0;
}

static void linger(struct supervisor *s)
{
	s->linger_end = linger_over(s);
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
	/* PID 1 says `idle` first when there is nothing to be saved */
	if (s->watch > 0 && s->save_on_disconnect && s->linger_us < SPEC_INFINITY)
		s->save_end = linger_over(s) + IDLE_MS;
}

void supervisor_watch_end(struct supervisor *s)
{
	if (s->watch > 0)
		cleanup_fd(&s->watch);
	s->watch = 0;
	s->watch_at = 0;
	s->save_end = 0;
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

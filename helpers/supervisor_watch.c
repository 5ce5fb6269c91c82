/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "num.h"
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

/* A hint for the next login, who asks; so one that can not be made is missed by nobody. */
static void mark(const struct supervisor *s)
{
	autofd int fd =
	    openat(s->c.dirfd, SUPERVISOR_KEPT, O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	(void)fd;
}

/* In a page of PID 1's answer; a user has no more than that. */
static bool has_detached(const struct msg *m, uid_t uid)
{
	const char *key, *value;
	uint64_t n, of = 0;
	size_t pos = 0, len;

	while (msg_next(m, &pos, &key, &len, &value)) {
		if (num_u64(value, &n) < 0)
			return false;
		if (len == 3 && memcmp(key, "uid", len) == 0)
			of = n;
		if (len == 8 && memcmp(key, "attached", len) == 0 && n == 0 && of == uid)
			return true;
	}
	return false;
}

/* MUST-4: PID 1 answers at once, or is passed over. */
bool supervisor_is_kept_for(struct supervisor *s, const struct login *l)
{
	autofd int fd = -1;
	automsg struct msg m;
	bool yes;

	m.nfds = 0;
	if (s->nsessions > 0 || s->watch <= 0 || cg_frozen(&s->c.cg) != CG_THAWED)
		return false;
	fd = supervisor_connect_init(s);
	msg_init(&m, "sessions");
	yes = fd >= 0 && msg_send(fd, &m, SEND_MS) == 0 && msg_recv(fd, &m, SEND_MS) == 0;
	return yes && str_equal(msg_verb(&m), "sessions") && has_detached(&m, l->uid) &&
	       supervisor_check(s, l, NULL) == 0;
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
	if (s->watch > 0 && s->reattach && s->c.st.instance == MATCH_SESSION)
		mark(s);
	/* PID 1 says `idle` first when there is nothing to be saved */
	if (s->watch > 0 && s->save_on_disconnect && s->linger_us < SPEC_INFINITY)
		s->save_end = linger_over(s) + IDLE_MS;
}

void supervisor_watch_end(struct supervisor *s)
{
	if (s->watch > 0) {
		cleanup_fd(&s->watch);
		(void)unlinkat(s->c.dirfd, SUPERVISOR_KEPT, 0); /* ENOENT: not marked */
	}
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "num.h"
#include "supervisor.h"

/* Who connects to the control socket, and what it is told. */

enum { SESSION_PAGE = 64, LOCK_MS = 1000 };

/* In pages: `from` is where to go on, `total` tells when to stop (docs/ARCHITECTURE.md). */
static void answer_sessions(struct supervisor *s, struct msg *m)
{
	uint64_t from = 0;

	(void)!msg_get_u64(m, "from", &from); /* absent: the first ones */
	msg_init(m, "ok");
	msg_add(m, "total", "%zu", s->nsessions);
	for (size_t i = from, n = 0; i < s->nsessions && n < SESSION_PAGE; i++, n++) {
		const struct session *e = &s->sessions[i];

		msg_add(m, "session", "%d", e->pid);
		msg_add(m, "uid", "%u", e->uid);
		msg_add(m, "since", "%llu", (unsigned long long)e->since_us);
		msg_add(m, "user", "%s", e->user);
		msg_add(m, "service", "%s", e->service);
		msg_add(m, "rhost", "%s", e->rhost);
		msg_add(m, "tty", "%s", e->tty);
	}
}

static int answer_connect(struct supervisor *s, struct msg *m, struct ctr_error *err)
{
	int fd;

	if (s->kill_end)
		return err_set(err, CTR_E_NOT_RUNNING, ESRCH, "connect", "container %s is ending",
			       s->c.st.id);
	if (s->c.st.bare)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "connect",
			       "PID 1 of container %s is its own program (Init=none): there are no "
			       "sessions",
			       s->c.st.id);
	fd = supervisor_connect_init(s);
	if (fd < 0)
		return err_sys(err, fd, "connect", "connect to PID 1 of %s", s->c.st.id);
	msg_init(m, "ok");
	msg_add_fd(m, fd); /* closed by the sender, supervisor_answer() */
	return 0;
}

static void begin_terminate(struct supervisor *s, struct client *c, const struct msg *m)
{
	uint64_t grace = 0, forget = 0;

	(void)!msg_get_u64(m, "grace", &grace); /* absent: at once */
	(void)!msg_get_u64(m, "forget", &forget);
	c->waits = true;
	if (forget == 1)
		s->keep = false;
	supervisor_stop(s, grace > 60000 ? 60000 : (unsigned int)grace);
}

static int answer_login(struct supervisor *s, struct msg *m, struct ctr_error *err)
{
	autofd int sock = msg_take_fd(m, 0), caller = msg_take_fd(m, 1), lock = -1;
	struct login l;
	int r = login_parse(m, &l, err);

	if (r < 0)
		return r;
	if (sock < 0 || caller < 0)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "login", "descriptors are missing");
	if (s->kill_end)
		return err_set(err, CTR_E_BUSY, EAGAIN, "login", "container %s is ending",
			       s->c.st.id);
	/* it was for what is detached here: another container will do (EEXIST) */
	if (str_equal(msg_get(m, "alone"), "1") && !supervisor_is_kept_for(s, &l))
		return err_set(err, CTR_E_BUSY, EEXIST, "login", "nothing of uid %u is detached",
			       l.uid);
	lock = state_lock(s->c.rootfd, s->c.st.id, LOCK_MS, err);
	if (lock < 0)
		return lock;
	r = supervisor_admit(s, &l, sock, caller, err);
	if (r == 0 && str_equal(msg_get(m, "note"), "1"))
		supervisor_note(s, l.uid);
	state_unlock(s->c.rootfd, s->c.st.id, &lock);
	if (r < 0)
		return r;
	(void)take_fd(&sock); /* the session's now */
	(void)take_fd(&caller);
	return 0;
}

/* 0: m is the answer; 1: no answer yet; -errno: err is */
static int answer(struct supervisor *s, struct client *c, struct msg *m, struct ctr_error *err)
{
	char verb[16];
	int r = 0;

	if (str_copy(verb, sizeof(verb), msg_verb(m)) < 0)
		verb[0] = '\0';
	if (strcmp(verb, "login") == 0)
		r = answer_login(s, m, err);
	if (strcmp(verb, "knock") == 0)
		supervisor_knock(s, m);
	if (strcmp(verb, "checkpoint") == 0) {
		r = supervisor_checkpoint(s, m, err);
		c->waits = r == 0 && s->kill_end; /* answered when all is removed */
		return c->waits ? 1 : r;
	}
	if (strcmp(verb, "pre-dump") == 0)
		return supervisor_pre_dump(s, m, err);
	msg_done(m);
	if (strcmp(verb, "knock") == 0)
		return 1;
	if (strcmp(verb, "connect") == 0)
		return answer_connect(s, m, err);
	if (strcmp(verb, "begin") == 0)
		return supervisor_begin(s, m, err);
	if (strcmp(verb, "terminate") == 0) {
		begin_terminate(s, c, m);
		return 1;
	}
	if (strcmp(verb, "sessions") == 0) {
		answer_sessions(s, m);
		return 0;
	}
	if (strcmp(verb, "login") != 0 && strcmp(verb, "ping") != 0)
		return err_set(err, CTR_E_UNSUPPORTED, EINVAL, "control", "unknown verb");
	msg_init(m, "ok");
	return r;
}

void supervisor_answer(struct supervisor *s, size_t i)
{
	struct client *c = &s->clients[i];
	struct ctr_error err;
	struct msg m;
	int r = msg_recv(c->sock, &m, 0);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		cleanup_fd(&c->sock);
		s->clients[i] = s->clients[--s->nclients];
		return;
	}
	r = answer(s, c, &m, &err);
	if (r < 0)
		supervisor_deny(c->sock, &err);
	else if (r == 0)
		(void)!msg_send(c->sock, &m, 100); /* a client that does not read loses it */
	msg_done(&m);
}

void supervisor_accept(struct supervisor *s)
{
	autofd int fd = accept4(s->c.control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 && s->nclients < CLIENT_MAX)
		s->clients[s->nclients++] = (struct client){.sock = take_fd(&fd)};
}

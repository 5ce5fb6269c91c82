/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>

#include "child.h"
#include "init.h"
#include "num.h"
#include "str.h"

/*
 * Who gets a session's terminal: its own user, and the host's root (MUST-7: by what the kernel says
 * of the peer). Root inside and the users of a shared container have their own sessions alone.
 */

enum { PAGE = 64, KEEP_MS = 200 };

static bool may_attach(const struct conn *c, const struct session *s)
{
	return init_is_host_root(c) || (c->cred.pid != 0 && s->uid == c->cred.uid && !s->outside);
}

static bool is_listed(const struct session *s)
{
	return s->used && !s->dead && s->name > 0 && !s->exited && s->report < 0;
}

static void add_row(struct msg *m, const struct session *s)
{
	msg_add(m, "session", "%u", s->name);
	msg_add(m, "uid", "%u", s->uid);
	msg_add(m, "pid", "%d", s->pid);
	msg_add(m, "since", "%llu", (unsigned long long)s->since_us);
	msg_add(m, "attached", "%d", s->lead >= 0);
}

void init_list(struct init *in, struct conn *c)
{
	uint64_t from = 0;
	size_t total = 0, n = 0;
	struct msg m;

	(void)!msg_get_u64(&in->msg, "from", &from); /* absent: the first ones */
	for (size_t i = 0; i < SESSION_MAX; i++)
		total += is_listed(&in->sessions[i]);
	msg_init(&m, "sessions");
	msg_add(&m, "total", "%zu", total);
	for (size_t i = 0, k = 0; i < SESSION_MAX && n < PAGE; i++) {
		if (!is_listed(&in->sessions[i]) || k++ < from)
			continue;
		add_row(&m, &in->sessions[i]);
		n++;
	}
	init_say(c, &m);
}

static struct session *find(struct init *in, const struct conn *c, const char *name)
{
	uint32_t number;

	if (num_id(name, &number) < 0)
		return NULL;
	for (size_t i = 0; i < SESSION_MAX; i++)
		if (is_listed(&in->sessions[i]) && in->sessions[i].name == number &&
		    may_attach(c, &in->sessions[i]))
			return &in->sessions[i];
	return NULL;
}

/* What a login finds: the only detached session, or which ones can be had, or none. */
static struct session *choose(struct init *in, const struct conn *c)
{
	int reattach = init_is_host_root(c) ? RESTRICT_REATTACH_YES : in->restrictions->reattach;
	bool shared = in->restrictions->attachments == RESTRICT_ATTACHMENTS_SHARED;
	struct session *one = NULL;
	size_t n = 0, detached = 0;
	struct msg m;

	msg_init(&m, "choose");
	for (size_t i = 0; i < SESSION_MAX; i++) {
		struct session *s = &in->sessions[i];

		if (!is_listed(s) || !may_attach(c, s) || (!shared && !init_is_detached(s)))
			continue;
		if (n++ < PAGE)
			add_row(&m, s);
		if (!init_is_detached(s))
			continue;
		one = s;
		detached++;
	}
	if (detached == 1 && reattach == RESTRICT_REATTACH_YES)
		return one;
	/* what somebody is attached to is offered to who is asked, and never stands in the way */
	if (n == 0 || reattach == RESTRICT_REATTACH_NO ||
	    (detached == 0 && reattach == RESTRICT_REATTACH_YES))
		msg_init(&m, "none");
	init_say(c, &m);
	return NULL;
}

/* The terminal itself. A peer that does not take it must not be taken for attached. */
static bool give(const struct init *in, const struct conn *c, const struct session *s)
{
	struct msg m;

	msg_init(&m, "attached");
	msg_add(&m, "session", "%u", s->name);
	msg_add(&m, "pid", "%d", s->pid);
	msg_add(&m, "lead", "%d", s->lead == c - in->conns);
	msg_add_fd(&m, s->master);
	msg_add_fd(&m, s->ring);
	return msg_send(c->sock, &m, 0) == 0;
}

void init_attach_go(struct init *in, struct session *s)
{
	size_t row = (size_t)(s - in->sessions);

	for (size_t i = 0; i < CONN_MAX && s->lead >= 0; i++) {
		struct conn *c = &in->conns[i];

		if (c->sock < 0 || c->dead || c->session != (int)row || c->told)
			continue;
		c->told = true;
		if (!give(in, c, s))
			init_drop(in, c);
	}
	if (s->used && !s->dead && s->exited)
		init_session_exited(in, s);
}

static void refuse_second(const struct init *in, const struct conn *c, const struct session *s)
{
	const struct ucred *first = &in->conns[s->lead].cred;
	struct ctr_error err;

	if (first->pid == 0)
		err_set(&err, CTR_E_DENIED, EBUSY, "attach",
			"session %u is attached by the administrator", s->name);
	else
		err_set(&err, CTR_E_DENIED, EBUSY, "attach",
			"session %u is attached by process %d of uid %u", s->name, first->pid,
			first->uid);
	init_refuse(c, &err);
}

static void attach(struct init *in, struct conn *c, struct session *s)
{
	/* one that was told to go and is not gone yet: it leaves the session detached */
	while (s->lead >= 0 && in->conns[s->lead].leave)
		init_drop(in, &in->conns[s->lead]);
	if (s->lead >= 0 && in->restrictions->attachments == RESTRICT_ATTACHMENTS_ONE) {
		refuse_second(in, c, s);
		return;
	}
	c->session = (int)(s - in->sessions);
	c->told = false;
	if (s->lead < 0)
		s->lead = (int)(c - in->conns);
	if (s->keeper == 0) {
		init_attach_go(in, s);
		return;
	}
	if (!s->keep_end) /* a second one may be waiting for the same end */
		s->keep_end = child_now_ms() + KEEP_MS;
	(void)kill(s->keeper, SIGTERM);
}

void init_attach(struct init *in, struct conn *c)
{
	const char *name = msg_get(&in->msg, "session");
	struct ctr_error err;
	struct session *s;

	if (!name || c->session >= 0) {
		init_drop(in, c);
		return;
	}
	s = *name ? find(in, c, name) : choose(in, c);
	if (s) {
		attach(in, c, s);
	} else if (*name) {
		err_set(&err, CTR_E_NO_PROCESS, ESRCH, "attach", "there is no session %.16s", name);
		init_refuse(c, &err);
	}
}

void init_detach(struct init *in, struct conn *c)
{
	const char *name = msg_get(&in->msg, "session");
	struct session *s = name ? find(in, c, name) : NULL;
	struct ctr_error err;
	struct msg m;

	if (!s) {
		err_set(&err, CTR_E_NO_PROCESS, ESRCH, "detach", "there is no session %.16s",
			name ? name : "");
		init_refuse(c, &err);
		return;
	}
	init_session_part(in, s, "request", false);
	msg_init(&m, "ok");
	init_say(c, &m);
}

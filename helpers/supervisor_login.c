/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "groups.h"
#include "load.h"
#include "supervisor.h"

/* What a login gets: the policy, asked and carried out. */

enum {
	LOGIN_MS = 5000, /* for a module that does not tell */
	LOGIN_MAX_MS = 60000
};

/* The last tenth is for the answer and for entering. */
static unsigned int most_of(uint64_t ms)
{
	return (unsigned int)(ms - ms / 10);
}

void supervisor_deny(int sock, const struct ctr_error *err)
{
	struct msg m;

	msg_init(&m, "denied");
	msg_add_error(&m, err);
	(void)!msg_send(sock, &m, 1000); /* who went away does not log in either */
}

static void remember_rule(struct supervisor *s, const struct login *l,
			  const struct match_decision *d)
{
	struct state *st = &s->c.st;

	/* what is too long for the record is shown empty; decisions use the login itself */
	(void)!str_copy(st->definition, sizeof(st->definition), d->rule->container);
	(void)!str_copy(st->rule, sizeof(st->rule), d->rule->name);
	(void)!str_copy(st->service, sizeof(st->service), l->service);
	(void)!str_format(st->rhost, sizeof(st->rhost), "%.63s", l->rhost);
	(void)!str_copy(st->tty, sizeof(st->tty), l->tty);
	if (d->instance != MATCH_SHARED) {
		(void)!str_copy(st->user, sizeof(st->user), l->user);
		st->uid = l->uid;
		s->c.gid = l->gid;
	}
	st->instance = d->instance;
	st->started = 1; /* the login is what runs in it */
	s->entry = d->entry;
	s->attach = d->attach;
}

static int answer_host(struct supervisor *s, const struct login *l, int sock, const char *why)
{
	struct msg m;

	log_event(s, "host", l, "why=\"%s\"", why);
	msg_init(&m, "host");
	msg_add(&m, "rule", "%s", why);
	(void)!msg_send(sock, &m, 1000); /* who went away needs no answer */
	return 1;
}

/* MUST-2: whom AlwaysHost= names passes by a policy that can not be used otherwise. */
static bool is_always_host(const struct load_paths *paths, const struct match_facts *f)
{
	struct policy only = {.mode = MATCH_ENFORCE};
	struct match_decision d;
	bool yes;

	if (load_always_host(paths, &only.always_host, NULL) < 0)
		return false;
	match_decide(&only, f, &d);
	yes = d.verdict == MATCH_HOST && str_equal(d.why, "AlwaysHost");
	strv_done(&only.always_host);
	return yes;
}

/* What the policy says, carried out: 1 done, 0 this process serves, -errno refused. */
static int carry_out(struct supervisor *s, const struct load_paths *paths, const struct login *l,
		     const struct placing *p, struct ctr_error *err)
{
	int r;

	if (p->d->verdict == MATCH_HOST)
		return answer_host(s, l, p->fds[0], p->d->why);
	if (p->d->permissive)
		return answer_host(s, l, p->fds[0], "Mode=permissive");
	if (p->d->verdict == MATCH_DENY)
		return err_set(err, CTR_E_DENIED, EACCES, "policy", "denied by rule %s", p->d->why);
	remember_rule(s, l, p->d);
	r = s->c.rootfd = state_open_root(s->opt.state_root, err);
	return r < 0 ? r : supervisor_place(s, paths, l, p, err);
}

static int decide(struct supervisor *s, const struct load_paths *paths, const struct login *l,
		  const int fds[2], struct ctr_error *err)
{
	autopolicy struct policy *policy = NULL;
	struct match_facts f = {.user = l->user,
				.service = l->service,
				.tty = l->tty,
				.rhost = l->rhost,
				.ruser = l->ruser,
				.uid = l->uid,
				.gid = l->gid};
	struct match_decision d;
	struct placing p = {.d = &d, .fds = {fds[0], fds[1]}, .wait_ms = most_of(s->c.timeout_ms)};
	int r = load_policy(paths, &policy, NULL, err);
	bool broken = r < 0;

	/* what is wrong with the policy is to be told, not what is wrong with NSS */
	r = broken || match_needs_groups(policy, &f) ? groups_find(&f, broken ? NULL : err) : 0;
	if (r == 0 && broken) {
		r = is_always_host(paths, &f) ? answer_host(s, l, fds[0], "AlwaysHost") : -EINVAL;
	} else if (r == 0) {
		log_trace(s, l, policy, &f);
		match_decide(policy, &f, &d);
		r = carry_out(s, paths, l, &p, err);
	}
	groups_done(&f);
	/* the administrator's explicit choice (MUST-1) */
	if (r < 0 && policy && policy->on_error == MATCH_ERROR_HOST && err->code != CTR_E_DENIED) {
		log_event(s, "failure", l, "stage=%s error=\"%s\"", err->stage, err->text);
		return answer_host(s, l, fds[0], "OnError=host");
	}
	return r;
}

static int login_with_paths(struct supervisor *s, const struct login *l, const int fds[2],
			    struct ctr_error *err)
{
	struct load_paths paths;
	int r = load_default_paths(s->opt.conf, &paths, err);

	if (r < 0)
		return r;
	r = decide(s, &paths, l, fds, err);
	load_paths_done(&paths);
	return r;
}

bool supervisor_login(struct supervisor *s, int sock)
{
	autofd int caller = -1, session = sock;
	struct login l = {0};
	struct ctr_error err = {0};
	automsg struct msg m;
	uint64_t ms = LOGIN_MS;
	int r = msg_recv(sock, &m, 2000);

	if (r < 0)
		return false;
	caller = msg_take_fd(&m, 0);
	r = login_parse(&m, &l, &err);
	if (r == 0 && caller < 0)
		r = err_set(&err, CTR_E_SYSTEM, EBADMSG, "login", "the caller's pidfd is missing");
	s->c.abort_fd = sock;
	(void)!msg_get_u64(&m, "timeout", &ms);
	s->c.timeout_ms = most_of(ms > LOGIN_MAX_MS ? LOGIN_MAX_MS : ms);
	if (r == 0)
		r = login_with_paths(s, &l, (int[]){sock, caller}, &err);
	s->c.abort_fd = -1;
	if (r == 0) { /* both belong to the first session now */
		(void)take_fd(&session);
		(void)take_fd(&caller);
		return true;
	}
	if (r < 0) {
		log_event(s, err.code == CTR_E_DENIED ? "denied" : "refused", &l,
			  "stage=%s error=\"%s\"", err.stage, err.text);
		supervisor_deny(sock, &err);
	}
	return false;
}

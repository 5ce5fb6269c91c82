/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "groups.h"
#include "load.h"
#include "recent.h"
#include "supervisor.h"

/*
 * A login whose module asks here before it executes anything, since the user's last login came
 * here. The policy is read anew, as a supervisor of its own would: files may have changed. Whatever
 * is not plainly "contained, and in this container" that one decides, and logs.
 */

enum { LOCK_MS = 50, GROUPS_MS = 100, GROUPS_REST_MS = 60000, TRIM_MS = 1000 };

void supervisor_note(const struct supervisor *s, uid_t uid)
{
	(void)!recent_note(s->c.rootfd, uid, s->c.st.id, NULL); /* the next one takes longer */
}

static bool is_same(const char *mine, pid_t pid, const char *name)
{
	char path[64];
	struct stat a, b;

	return str_format(path, sizeof(path), "/proc/%d/%s", pid, name) == 0 &&
	       stat(mine, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* A supervisor that the caller executes reads the files that the caller sees. */
static bool sees_our_files(pid_t caller)
{
	return is_same("/proc/self/ns/mnt", caller, "ns/mnt") && is_same("/", caller, "root");
}

/* Who asked waited too long, and has gone the other way. */
static bool has_left(int sock)
{
	struct pollfd p = {.fd = sock};

	return poll(&p, 1, 0) != 0;
}

/* A question to the policy, for a child too. */
struct question {
	const struct supervisor *s;
	const struct login *l;
	const struct policy *policy;
	struct match_facts f;
};

static bool says_here(const struct question *q)
{
	struct match_decision d;

	match_decide(q->policy, &q->f, &d);
	return d.verdict == MATCH_CONTAIN && !d.permissive && supervisor_is_place(q->s, q->l, &d);
}

/* In a child: NSS may wait for a server, and what it loads stays. */
static int ask_with_groups(void *arg, struct ctr_error *err)
{
	struct question *q = arg;
	int r = groups_find(&q->f, err); /* freed by the child's end */

	return r < 0 || says_here(q) ? r : -EACCES;
}

/* MUST-4: others wait while the child is waited for, so not long and not again and again. */
static bool says_here_with_groups(struct supervisor *s, struct question *q)
{
	int r;

	if (child_now_ms() < s->groups_at)
		return false;
	r = child_run(ask_with_groups, q, GROUPS_MS, NULL);
	if (r == -ETIMEDOUT)
		s->groups_at = child_now_ms() + GROUPS_REST_MS;
	return r == 0;
}

static bool policy_says_here(struct supervisor *s, const struct load_paths *paths,
			     const struct login *l)
{
	autopolicy struct policy *policy = NULL;
	struct question q = {.s = s,
			     .l = l,
			     .f = {.user = l->user,
				   .service = l->service,
				   .tty = l->tty,
				   .rhost = l->rhost,
				   .ruser = l->ruser,
				   .uid = l->uid,
				   .gid = l->gid}};

	if (load_policy(paths, &policy, NULL, NULL) < 0)
		return false;
	q.policy = policy;
	return match_needs_groups(policy, &q.f) ? says_here_with_groups(s, &q) : says_here(&q);
}

/* @conf: the module's argument; definitions of one name differ between two of them */
static bool belongs_here(struct supervisor *s, const struct login *l, const char *conf)
{
	struct load_paths paths;
	bool yes;

	if (s->kill_end || !str_equal(conf, s->opt.conf ? s->opt.conf : ""))
		return false;
	if (!sees_our_files(l->pid))
		return false;
	if (load_default_paths(s->opt.conf, &paths, NULL) < 0)
		return false;
	yes = policy_says_here(s, &paths, l);
	load_paths_done(&paths);
	return yes;
}

/* Returns 1 when it is none of ours, -errno when it was one and failed. */
static int take_in(struct supervisor *s, const struct login *l, int sock, int caller,
		   struct ctr_error *err)
{
	autofd int lock = state_lock(s->c.rootfd, s->c.st.id, LOCK_MS, NULL);
	int r = 1;

	if (lock >= 0 && supervisor_check(s, l, NULL) == 0)
		r = supervisor_take(s, l, sock, caller, err);
	state_unlock(s->c.rootfd, s->c.st.id, &lock);
	return r;
}

static void say_elsewhere(int sock)
{
	struct msg m;

	msg_init(&m, "elsewhere");
	(void)!msg_send(sock, &m, 0); /* who hears nothing goes the other way too */
}

void supervisor_knock(struct supervisor *s, struct msg *m)
{
	autofd int caller = msg_take_fd(m, 0), sock = msg_take_fd(m, 1);
	struct ctr_error err;
	struct login l;
	int r = 1;

	if (caller < 0 || sock < 0 || has_left(sock))
		return;
	s->trim_at = child_now_ms() + TRIM_MS;
	if (login_parse(m, &l, NULL) == 0 && belongs_here(s, &l, msg_get(m, "conf")))
		r = take_in(s, &l, sock, caller, &err);
	if (r == 0) {
		(void)take_fd(&sock); /* the session's now */
		(void)take_fd(&caller);
	} else if (r > 0) {
		say_elsewhere(sock);
	} else if (!has_left(sock)) {
		log_event(s, "refused", &l, "stage=%s error=\"%s\"", err.stage, err.text);
		supervisor_deny(sock, &err);
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "ckptdir.h"
#include "cleanup.h"
#include "load.h"
#include "nsconf.h"
#include "reap.h"
#include "record.h"
#include "supervisor.h"

/* Which container a login gets: a living one, whose supervisor takes it, or a new one. */

enum { CANDIDATES = 1000, LOOKED_AT = 16, RESTORE_MS = 600000, WAIT_FOR_LOGIN_MS = 300000 };

static void base_id(const struct login *l, const struct match_decision *d, char base[STATE_ID_MAX])
{
	const char *def = d->rule->container;
	char user[48];
	int r = 0;

	if (!state_id_is_valid(l->user) || strlen(l->user) > 32)
		r = str_format(user, sizeof(user), "u%u", l->uid);
	else
		r = str_copy(user, sizeof(user), l->user);
	if (r == 0 && d->instance == MATCH_SHARED)
		r = str_copy(base, STATE_ID_MAX, def);
	else if (r == 0 && d->instance == MATCH_USER)
		r = str_format(base, STATE_ID_MAX, "%s.%s", user, def);
	else if (r == 0)
		r = str_copy(base, STATE_ID_MAX, user);
	if (r < 0)
		(void)!str_format(base, STATE_ID_MAX, "u%u", l->uid); /* always fits */
}

/* Whether a login may join that record's container: never another user's by a clash of names. */
static bool may_join(const struct state *st, const struct login *l, const struct match_decision *d)
{
	if (d->instance == MATCH_SESSION || st->instance != d->instance || st->stopped)
		return false;
	if (!str_equal(st->definition, d->rule->container))
		return false;
	return d->instance == MATCH_SHARED || st->uid == l->uid;
}

bool supervisor_is_place(const struct supervisor *s, const struct login *l,
			 const struct match_decision *d)
{
	char base[STATE_ID_MAX];

	base_id(l, d, base);
	return str_equal(s->c.st.id, base) && may_join(&s->c.st, l, d);
}

/* The supervisor went away just now: look again. */
static int ending(struct supervisor *s, struct ctr_error *err)
{
	return err_set(err, CTR_E_BUSY, EAGAIN, "login", "container %s is ending", s->c.st.id);
}

/*
 * Without the lock: the supervisor may need it for another login before it answers this one. One
 * that ends meanwhile says so, or is not there any more.
 */
static int forward(struct supervisor *s, const struct login *l, const struct placing *p, bool alone,
		   struct ctr_error *err)
{
	autofd int dir = state_open_dir(s->c.rootfd, s->c.st.id, NULL), control = -1;
	automsg struct msg m;
	int r;

	m.nfds = 0;
	if (dir >= 0)
		control = msg_connect_at(dir, "control");
	if (control < 0)
		return ending(s, err);
	msg_init(&m, "login");
	login_format(l, &m);
	msg_add(&m, "note", "%d", supervisor_is_place(s, l, p->d));
	msg_add(&m, "alone", "%d", alone);
	msg_add_fd(&m, p->fds[0]);
	msg_add_fd(&m, p->fds[1]);
	r = msg_send(control, &m, 1000);
	m.nfds = 0; /* lent */
	if (r == 0)
		r = msg_recv(control, &m, (int)p->wait_ms);
	if (r == -ENOTCONN || r == -EPIPE || r == -ECONNRESET)
		return ending(s, err);
	if (r < 0)
		return err_sys(err, r, "login", "hand the login over to the supervisor");
	if (strcmp(msg_verb(&m), "ok") == 0)
		return 0;
	if (msg_get_error(&m, err) < 0)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "login",
			       "the supervisor's answer is bad");
	return err && err->errnum ? -err->errnum : -EACCES;
}

/* One candidate, its lock held. 1: to be joined; 0: free, to be made; -EEXIST: try the next. */
static int try_candidate(struct supervisor *s, const struct login *l,
			 const struct match_decision *d, struct ctr_error *err)
{
	autofd int dir = state_open_dir(s->c.rootfd, s->c.st.id, NULL);
	struct state st;
	int r;

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	r = record_read(dir, s->c.st.id, &st, err);
	if (r == 0 && !st.stopped && proc_is_alive(&st.super))
		return may_join(&st, l, d) ? 1 : -EEXIST;
	if (r == 0 && st.keep)
		return -EEXIST; /* a stopped container of the C API is its maker's to destroy */
	r = reap_container(s->c.rootfd, s->c.st.id, err);
	return r == -EBUSY ? -EEXIST : r; /* a living one with a damaged record is left alone */
}

static bool has_checkpoint(const struct supervisor *s)
{
	autofd int root = -1, dir = -1;

	if (access(s->opt.checkpoint_root, F_OK) < 0)
		return false;
	root = ckptdir_open_root(s->opt.checkpoint_root, NULL);
	dir = root < 0 ? -1 : ckptdir_open(root, s->c.st.id, NULL);
	return dir >= 0;
}

/*
 * What does not come back keeps its ID, and the login gets the next one. It is worked on until it
 * is done: when this login gives up meanwhile, the next one finds it.
 */
static int come_back(struct supervisor *s, const struct login *l)
{
	struct state wanted = s->c.st;
	unsigned int timeout_ms = s->c.timeout_ms;
	int abort_fd = s->c.abort_fd, r;
	struct ctr_error why;

	s->c.abort_fd = -1;
	s->c.timeout_ms = RESTORE_MS;
	r = supervisor_restore(s, true, &why);
	s->c.abort_fd = abort_fd;
	s->c.timeout_ms = timeout_ms;
	if (r == 0)
		return 0;
	log_event(s, "restore-failed", l, "stage=%s error=\"%s\"", why.stage, why.text);
	s->c.st = wanted;
	return 1;
}

/* 1: the ID is a checkpoint's, which stays */
static int make(struct supervisor *s, const struct load_paths *paths, const struct login *l,
		struct ctr_error *err)
{
	struct load_who who = {.user = l->user,
			       .home = l->home,
			       .shell = l->shell,
			       .id = s->c.st.id,
			       .uid = l->uid,
			       .gid = l->gid};
	autospec struct spec *spec = NULL;
	int r = load_definition(paths, s->c.st.definition, &who, &spec, NULL, err);

	if (r < 0)
		return r;
	if (idmap_is_mapped(&spec->users) && s->c.st.instance == MATCH_SHARED)
		return err_set(err, CTR_E_CONFIG, EINVAL, "users",
			       "Instance=shared and PrivateUsers= of %s contradict each other: "
			       "each login would have to keep his own numbers",
			       s->c.st.definition);
	if (nsconf_joined(spec) & CLONE_NEWUSER)
		return err_set(
		    err, CTR_E_CONFIG, EINVAL, "users",
		    "JoinNamespaces=user: of %s: a login has no number of his own there; "
		    "it is for containers of ctr_create() and containerctl start",
		    s->c.st.definition);
	if (spec->init == SPEC_INIT_NONE)
		return err_set(err, CTR_E_CONFIG, EINVAL, "init",
			       "Init=none of %s: PID 1 would start nothing for a login; it is for "
			       "containers of ctr_create() and containerctl start",
			       s->c.st.definition);
	if (has_checkpoint(s))
		return spec->restore_on_login ? come_back(s, l) : 1;
	(void)!str_copy(s->shell, sizeof(s->shell), login_shell(l)); /* as long as the login's */
	s->c.shell = s->shell;
	return supervisor_make(s, spec, err);
}

/* What came back stays for the next login when this one has given up. */
static int admit(struct supervisor *s, const struct login *l, const struct placing *p,
		 struct ctr_error *err)
{
	int r = supervisor_admit(s, l, p->fds[0], p->fds[1], err);

	if (r < 0 && s->restored) {
		log_event(s, "refused", l, "stage=%s error=\"%s\"", err->stage, err->text);
		supervisor_deny(p->fds[0], err);
		s->linger_end = child_now_ms() + WAIT_FOR_LOGIN_MS;
		return 0;
	}
	if (r < 0)
		create_undo(&s->c, false);
	else if (supervisor_is_place(s, l, p->d))
		supervisor_note(s, l->uid);
	return r;
}

/* One candidate from its lock to its unlock; results as try_candidate, and -EAGAIN: look again. */
static int place_one(struct supervisor *s, const struct load_paths *paths, const struct login *l,
		     const struct placing *p, struct ctr_error *err)
{
	bool session = p->d->instance == MATCH_SESSION;
	autofd int lock = state_lock(s->c.rootfd, s->c.st.id, session ? 0 : p->wait_ms, err);
	int r;

	if (lock < 0)
		return lock == -EAGAIN && session ? -EEXIST : lock;
	r = try_candidate(s, l, p->d, err);
	if (r == 1) {
		state_unlock(s->c.rootfd, s->c.st.id, &lock);
		r = forward(s, l, p, false, err);
		return r < 0 ? r : 1;
	}
	if (r == 0) {
		r = make(s, paths, l, err);
		if (r == 0)
			r = admit(s, l, p, err);
		if (r == -EEXIST || r == -EAGAIN)
			r = -EIO; /* not about the ID: the record says more */
		else if (r == 1)
			r = -EEXIST;
	}
	state_unlock(s->c.rootfd, s->c.st.id, &lock);
	return r;
}

/* MUST-7: by the record, as for may_join(). */
static bool is_his(const struct state *st, const struct login *l, const struct match_decision *d)
{
	return st->instance == MATCH_SESSION && !st->stopped && st->uid == l->uid &&
	       str_equal(st->user, l->user) && str_equal(st->definition, d->rule->container) &&
	       proc_is_alive(&st->super);
}

/* Nobody waits for a container that is busy; 1: it has the login, 0: it can not be had. */
static int take_over(struct supervisor *s, const struct login *l, const struct placing *p,
		     struct ctr_error *err)
{
	autofd int dir = state_open_dir(s->c.rootfd, s->c.st.id, NULL), lock = -1;
	struct state st;
	int r;

	if (dir < 0 || faccessat(dir, SUPERVISOR_KEPT, F_OK, 0) < 0)
		return 0;
	lock = state_lock(s->c.rootfd, s->c.st.id, 0, NULL);
	if (lock < 0)
		return 0;
	r = record_read(dir, s->c.st.id, &st, NULL);
	state_unlock(s->c.rootfd, s->c.st.id, &lock);
	if (r < 0 || !is_his(&st, l, p->d))
		return 0;
	r = forward(s, l, p, true, err);
	return r == -EEXIST || r == -EAGAIN ? 0 : r < 0 ? r : 1;
}

/*
 * With one container a session a detached session waits in one without logins. Whether a login has
 * a terminal shows only when its program runs; one that could have gets it.
 */
static int find_kept(struct supervisor *s, const struct login *l, const struct placing *p,
		     const char *base, struct ctr_error *err)
{
	int entry = match_entry(s->entry, l->program, l->hook), r = 0;

	if (p->d->instance != MATCH_SESSION || !match_attach(s->attach, l->service, entry))
		return 0;
	for (unsigned int k = 1; r == 0 && k <= LOOKED_AT; k++) {
		r = str_format(s->c.st.id, sizeof(s->c.st.id), "%s-%u", base, k);
		if (r == 0)
			r = take_over(s, l, p, err);
	}
	return r;
}

/*
 * With one container a session there may be hundreds of candidates. The first ones are looked at,
 * and taken over from a dead supervisor; of the others a name that stands is passed over, and gc
 * removes it if nobody lives there.
 */
static bool is_passed_over(const struct supervisor *s, const struct placing *p, unsigned int k)
{
	autofd int dir = -1;

	if (p->d->instance != MATCH_SESSION || k <= LOOKED_AT)
		return false;
	dir = state_open_dir(s->c.rootfd, s->c.st.id, NULL);
	return dir >= 0;
}

int supervisor_place(struct supervisor *s, const struct load_paths *paths, const struct login *l,
		     const struct placing *p, struct ctr_error *err)
{
	uint64_t end = child_now_ms() + p->wait_ms;
	bool bare = p->d->instance != MATCH_SESSION;
	unsigned int k = 1;
	char base[STATE_ID_MAX];
	int r;

	base_id(l, p->d, base);
	r = find_kept(s, l, p, base, err);
	if (r != 0)
		return r;
	while (k <= CANDIDATES) {
		r = bare && k == 1 ? str_copy(s->c.st.id, sizeof(s->c.st.id), base)
				   : str_format(s->c.st.id, sizeof(s->c.st.id), "%s-%u", base, k);

		if (r == 0)
			r = is_passed_over(s, p, k) ? -EEXIST : place_one(s, paths, l, p, err);
		if (r == -EEXIST)
			k++;
		else if (r == -EAGAIN && child_now_ms() < end)
			(void)usleep(5000); /* it is ending: its lock is needed for that */
		else
			return r;
	}
	return err_set(err, CTR_E_BUSY, EBUSY, "login", "no free container ID for %s", base);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cg.h"
#include "cleanup.h"
#include "hookstate.h"
#include "msg.h"
#include "netlease.h"
#include "network.h"
#include "record.h"

enum { KILL_MS = 5000, LOCK_MS = 200, LINE_MAX_LEN = 200 };

enum { ALIVE, DEAD, DAMAGED, LATER };

/*
 * Alive, which a kept record of a stopped container counts as, or dead, or alive with a record that
 * can not be read: whether it is shows by its socket then. One of a later release is for that to
 * judge. st is zero without a record.
 */
static int look(int rootfd, const char *id, struct state *st)
{
	autofd int dir = state_open_dir(rootfd, id, NULL), control = -1;
	int r;

	memset(st, 0, sizeof(*st));
	if (dir < 0)
		return dir;
	r = record_read(dir, id, st, NULL);
	if (r == -ENOTSUP)
		return LATER;
	if (r < 0) {
		memset(st, 0, sizeof(*st));
		control = msg_connect_at(dir, "control");
		return control >= 0 ? DAMAGED : DEAD;
	}
	return (st->stopped && st->keep) || proc_is_alive(&st->super) ? ALIVE : DEAD;
}

static int remove_groups(const char *id, const struct state *st, struct ctr_error *err)
{
	struct cg_facts facts;
	struct cg cg = {.facts = &facts, .inherit = st->cgroup_inherit};
	int r = cg_probe(&facts, err);

	if (r < 0 || cg.inherit)
		return r;
	r = st->cgroup[0] ? str_copy(cg.path, sizeof(cg.path), st->cgroup)
			  : str_format(cg.path, sizeof(cg.path), "pam_container/%s", id);
	if (r < 0)
		return err_sys(err, r, "reap", "name the cgroup of %s", id);
	r = cg_kill(&cg, KILL_MS, err);
	return r < 0 ? r : cg_remove(&cg, err);
}

/* What a hook says is for the log of who runs it, and must not keep the rest from going. */
static void run_hooks(int rootfd, const char *id, const struct state *st)
{
	autofd int dir = state_open_dir(rootfd, id, NULL);

	if (dir >= 0 && !st->stopped)
		(void)!hookstate_poststop(st, dir, NULL);
}

int reap_container(int rootfd, const char *id, struct ctr_error *err)
{
	autofd int dir = -1;
	struct state st;
	int r = look(rootfd, id, &st);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_sys(err, r, "reap", "look at container %s", id);
	if (r != DEAD)
		return err_set(err, CTR_E_NOT_STOPPED, EBUSY, "reap", "container %s is not dead",
			       id);
	r = remove_groups(id, &st, err);
	dir = r < 0 ? r : state_open_dir(rootfd, id, err);
	r = dir < 0 ? dir : network_remove(rootfd, dir, id, err);
	if (r == 0)
		run_hooks(rootfd, id, &st);
	return r < 0 ? r : state_remove_dir(rootfd, id, err);
}

static int say(struct strv *lines, const char *id, const char *what, struct ctr_error *err)
{
	char line[LINE_MAX_LEN];
	int r = str_format(line, sizeof(line), "container %s: %s", id, what);

	if (r == 0)
		r = strv_add(lines, line);
	return r < 0 ? err_sys(err, r, "reap", "report on %s", id) : 0;
}

/* Its supervisor removes all of it, once it gets the lock that is held here. */
static int end_damaged(int rootfd, const char *id, struct ctr_error *err)
{
	autofd int dir = state_open_dir(rootfd, id, err), control = -1;
	struct msg m;
	int r;

	if (dir < 0)
		return dir;
	control = msg_connect_at(dir, "control");
	msg_init(&m, "terminate");
	msg_add(&m, "forget", "1");
	r = control < 0 ? control : msg_send(control, &m, LOCK_MS);
	return r < 0 ? err_sys(err, r, "reap", "end container %s", id) : 0;
}

static int reap_locked(int rootfd, const char *id, bool dry, struct strv *lines,
		       struct ctr_error *err)
{
	struct state st;
	int r, how = look(rootfd, id, &st);

	if (how == DEAD) {
		r = say(lines, id,
			dry ? "its supervisor is gone" : "its supervisor is gone: removed", err);
		return r < 0 || dry ? r : reap_container(rootfd, id, err);
	}
	if (how == DAMAGED) {
		r = say(lines, id, dry ? "its record is damaged" : "its record is damaged: ended",
			err);
		return r < 0 || dry ? r : end_damaged(rootfd, id, err);
	}
	if (how == LATER)
		return say(lines, id, "its record is of a later release: left alone", err);
	return 0; /* alive, or gone since it was listed */
}

static int reap_one(int rootfd, const char *id, bool dry, struct strv *lines, struct ctr_error *err)
{
	autofd int lock = state_lock(rootfd, id, LOCK_MS, err);
	int r;

	if (lock == -EAGAIN)
		return 0; /* somebody is at work on it, so it is not left behind */
	if (lock < 0)
		return lock;
	r = reap_locked(rootfd, id, dry, lines, err);
	state_unlock(rootfd, id, &lock);
	return r;
}

/* Folders that were never named (SIGKILL between mkdir and rename): empty, and nobody's. */
static int reap_unnamed(int rootfd, bool dry, struct strv *lines, struct ctr_error *err)
{
	int fd = openat(rootfd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	int r = 0;

	if (!d)
		return err_sys(err, errno, "reap", "read the folder of containers");
	for (struct dirent *e = readdir(d); r == 0 && e; e = readdir(d)) {
		if (!str_has_prefix(e->d_name, ".new-", NULL))
			continue;
		r = say(lines, e->d_name, dry ? "half made" : "half made: removed", err);
		if (r == 0 && !dry && unlinkat(fd, e->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = err_sys(err, errno, "reap", "remove %s", e->d_name);
	}
	return r;
}

int reap_all(int rootfd, bool dry, struct strv *lines, struct ctr_error *err)
{
	autostrv struct strv ids = {0};
	int first = state_list(rootfd, &ids, err);

	if (first < 0)
		return first;
	for (size_t i = 0; i < ids.n; i++) {
		int r = reap_one(rootfd, ids.v[i], dry, lines, first < 0 ? NULL : err);

		if (r < 0 && first == 0)
			first = r;
	}
	if (first == 0)
		first = reap_unnamed(rootfd, dry, lines, err);
	if (first == 0 && !dry)
		first = netlease_release(rootfd, NULL, err);
	return first;
}

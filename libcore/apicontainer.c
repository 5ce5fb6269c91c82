/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "ckptdir.h"
#include "cleanup.h"
#include "fd.h"
#include "launch.h"
#include "reap.h"
#include "record.h"

enum { ANSWER_MARGIN_MS = 1000, APPEAR_MS = 1000 };

/* ---- the object, and what it finds when it looks ---- */

void ctr_container_free(struct ctr_container *c)
{
	if (!c)
		return;
	cleanup_fd(&c->rootfd);
	cleanup_fd(&c->ckptfd);
	free(c->disk);
	free(c);
}

static int read_record(int rootfd, const char *id, struct state *st, struct ctr_error *err)
{
	autofd int dir = state_open_dir(rootfd, id, err);

	return dir < 0 ? dir : record_read(dir, id, st, err);
}

/*
 * A folder without a record is being filled by a supervisor that holds the lock, or was left by one
 * that died. Who gets the lock sees which.
 */
static int read_settled(int rootfd, const char *id, struct state *st, struct ctr_error *e)
{
	autofd int lock = -1;
	int r = read_record(rootfd, id, st, e);

	if (r != -ENOENT || e->code == CTR_E_NOT_FOUND)
		return r;
	lock = state_lock(rootfd, id, APPEAR_MS, e);
	if (lock < 0)
		return lock;
	r = read_record(rootfd, id, st, e);
	state_unlock(rootfd, id, &lock);
	return r;
}

int api_open_disk(const struct ctr_container *c)
{
	if (c->ckptfd >= 0)
		return fcntl(c->ckptfd, F_DUPFD_CLOEXEC, 3);
	return access(c->disk, F_OK) < 0 ? -ENOENT : ckptdir_open_root(c->disk, NULL);
}

static int open_image(const struct ctr_container *c)
{
	autofd int disk = api_open_disk(c);

	return disk < 0 ? disk : ckptdir_open(disk, c->id, NULL);
}

/*
 * One that lives nowhere may be on disk, with its record as it was then. Whether the images are
 * what they were is looked at when they are restored. r: of reading the record.
 */
static int or_image(int r, const struct ctr_container *c, struct api_view *v, struct ctr_error *e)
{
	autofd int dir = r < 0 && e->code == CTR_E_NOT_FOUND ? open_image(c) : -1;

	return dir < 0 ? r : record_read(dir, c->id, &v->st, e);
}

static int read_view(const struct ctr_container *c, struct api_view *v, struct ctr_error *err)
{
	struct ctr_error mine = {0}, *e = err ? err : &mine;

	return or_image(read_settled(c->rootfd, c->id, &v->st, e), c, v, e);
}

/* With the lock held, which nobody waits for then: what has no record now has none. */
static int read_locked_view(const struct ctr_container *c, struct api_view *v,
			    struct ctr_error *err)
{
	struct ctr_error mine = {0}, *e = err ? err : &mine;

	return or_image(read_record(c->rootfd, c->id, &v->st, e), c, v, e);
}

static bool is_same(const struct ctr_container *c, const struct state *st)
{
	return st->created_us == c->created_us && st->super.pid == c->super.pid &&
	       st->super.start_ticks == c->super.start_ticks;
}

/* MUST-8: that pid and start time say it lives is not all: it stands in the namespace on record. */
static int check_init(const struct state *st, struct ctr_error *err)
{
	uint64_t inode, own = state_ns(st, "pid");

	if (!own || proc_ns_inode(st->init.pid, "pid", &inode) < 0 || inode == own)
		return 0;
	return err_set(err, CTR_E_STATE, EBADMSG, "state",
		       "record of container %s names process %d, which is not its PID 1", st->id,
		       st->init.pid);
}

/* pause: whether it is told of, which takes a look at two freezers */
static int derive_status(const struct ctr_container *c, struct api_view *v, bool pause,
			 struct ctr_error *err)
{
	struct machine_facts f = {.alive = !v->st.stopped && proc_is_alive(&v->st.super) &&
					   proc_is_alive(&v->st.init),
				  .started = v->st.started};
	int r;

	if (f.alive) {
		r = check_init(&v->st, err);
		if (r < 0)
			return r;
		f.frozen = pause ? cg_frozen(&v->cg) : CG_THAWED;
	}
	if (f.frozen < 0) /* it ended between the two looks, or the kernel has something to say */
		f.alive = proc_is_alive(&v->st.init);
	if (f.alive && f.frozen < 0)
		return err_sys(err, f.frozen, "state", "read the freezer of container %s",
			       v->st.id);
	if (!f.alive) {
		autofd int dir = open_image(c);

		f.checkpointed = dir >= 0;
	}
	v->status = machine_status(&f);
	return 0;
}

/* Derives the rest from a record that was read. */
static int look_at(const struct ctr_container *c, struct api_view *v, bool pause,
		   struct ctr_error *err)
{
	if (!is_same(c, &v->st))
		return err_set(err, CTR_E_NOT_FOUND, ENOENT, "state",
			       "container %s is gone; another one has its ID now", c->id);
	v->cg = (struct cg){.facts = &c->facts, .inherit = v->st.cgroup_inherit};
	memcpy(v->cg.path, v->st.cgroup, sizeof(v->cg.path));
	return derive_status(c, v, pause, err);
}

int api_look(const struct ctr_container *c, struct api_view *ret, struct ctr_error *err)
{
	int r = read_view(c, ret, err);

	return r < 0 ? r : look_at(c, ret, true, err);
}

int api_check(const struct ctr_container *c, enum machine_op op, struct api_view *ret,
	      struct ctr_error *err)
{
	int r = read_view(c, ret, err);

	if (r == 0)
		r = look_at(c, ret, machine_minds_pause(op), err);
	return r < 0 ? r : machine_check(op, ret->status, c->id, err);
}

int api_why(const struct ctr_container *c, enum machine_op op, int r, struct ctr_error *err)
{
	struct ctr_error now = {0};
	struct api_view v;

	if (r >= 0)
		return r;
	if (api_check(c, op, &v, &now) == 0 ||
	    (now.code != CTR_E_NOT_RUNNING && now.code != CTR_E_NOT_FOUND))
		return r;
	api_tell_end(c, API_END_MS, &now);
	if (err)
		*err = now;
	return -now.errnum;
}

int api_lock_check(const struct ctr_container *c, enum machine_op op, struct api_lock *lock,
		   struct api_view *ret, struct ctr_error *err)
{
	int r;

	*lock = (struct api_lock){.rootfd = c->rootfd, .id = c->id, .fd = -1};
	lock->fd = state_lock(c->rootfd, c->id, API_LOCK_MS, err);
	r = lock->fd < 0 ? lock->fd : read_locked_view(c, ret, err);
	if (r == 0)
		r = look_at(c, ret, true, err);
	return r < 0 ? r : machine_check(op, ret->status, c->id, err);
}

void api_unlock(struct api_lock *lock)
{
	if (lock->id)
		state_unlock(lock->rootfd, lock->id, &lock->fd);
}

/* ---- create, load, list ---- */

int api_supervisor(const struct ctr_factory *f, const char *verb, struct ctr_error *err)
{
	autofree char *path = str_dup_format("%s/container-supervisor", f->helper_dir);
	autofree char *root = str_dup_format("--state-root=%s", f->state_root);
	autofree char *dir = str_dup_format("--helper-dir=%s", f->helper_dir);
	autofree char *disk = str_dup_format("--checkpoint-root=%s", f->checkpoint_root);
	autofree char *criu = str_dup_format("--criu=%s", f->criu);
	const char *const argv[] = {"container-supervisor", root, dir, disk, criu, verb, NULL};

	if (!path || !root || !dir || !disk || !criu)
		return err_sys(err, ENOMEM, verb, "prepare the supervisor");
	return launch_start(path, argv, err);
}

/* Its text, and what the factory adds where it leaves that open. */
static char *definition_of(const struct ctr_factory *f, const struct spec *spec)
{
	if (!f->cgroup || spec->cgroup != SPEC_CG_AUTO)
		return strdup(spec_text(spec));
	return str_dup_format("%s[Resources]\nCgroup=%s\n", spec_text(spec), f->cgroup);
}

static int request(const struct ctr_factory *f, const char *id, const struct spec *spec,
		   struct msg *m, struct ctr_error *err)
{
	autofree char *text = definition_of(f, spec);
	autofd int sock = -1, fd = text ? fd_memfd("definition", text, strlen(text)) : -ENOMEM;
	int r;

	if (fd < 0)
		return err_sys(err, fd, "create", "write the definition");
	sock = api_supervisor(f, "create", err);
	if (sock < 0)
		return sock;
	msg_init(m, "create");
	msg_add(m, "id", "%s", id);
	if (spec->name)
		msg_add(m, "definition", "%s", spec->name);
	msg_add(m, "keep", "1");
	msg_add(m, "timeout", "%u", f->timeout_ms);
	msg_add_fd(m, fd);
	r = msg_send(sock, m, API_ANSWER_MS);
	m->nfds = 0; /* lent */
	return r < 0 ? err_sys(err, r, "create", "ask the supervisor") : take_fd(&sock);
}

/*
 * The supervisor waits at most once for the lock and once for the set-up. When the answer does not
 * come the socket closes, and it takes back what it made.
 */
int api_await_created(int sock, unsigned int timeout_ms, struct ctr_error *err)
{
	struct ctr_error mine = {0}, *e = err ? err : &mine;
	automsg struct msg m;
	int r = msg_recv(sock, &m, (int)timeout_ms);

	if (r == -ENOTCONN)
		return err_set(e, CTR_E_SYSTEM, ECHILD, "create",
			       "the supervisor died before it answered");
	if (r == -ETIMEDOUT)
		return err_set(e, CTR_E_TIMEOUT, ETIMEDOUT, "create",
			       "no answer of the supervisor within %u ms", timeout_ms);
	if (r < 0)
		return err_sys(e, r, "create", "read the supervisor's answer");
	if (strcmp(msg_verb(&m), "created") == 0)
		return 0;
	if (msg_get_error(&m, e) < 0 || e->errnum <= 0)
		return err_set(e, CTR_E_SYSTEM, EBADMSG, "create",
			       "the supervisor's answer is bad");
	return -e->errnum;
}

int api_open_checkpoints(const struct ctr_factory *f, struct ctr_error *err)
{
	/* asking does not make it */
	if (access(f->checkpoint_root, F_OK) < 0 && errno == ENOENT)
		return -ENOENT;
	return ckptdir_open_root(f->checkpoint_root, err);
}

static int probe(struct ctr_factory *f, struct ctr_error *err)
{
	int r = f->probed ? 0 : cg_probe(&f->facts, err);

	f->probed = r == 0;
	return r;
}

/* The state root is duplicated: the object outlives the call. */
static int open_container(struct ctr_factory *f, int rootfd, const char *id,
			  struct ctr_container *c, struct ctr_error *err)
{
	struct api_view v;
	int r;

	c->ckptfd = api_open_checkpoints(f, err);
	if (c->ckptfd < 0 && c->ckptfd != -ENOENT)
		return c->ckptfd;
	c->disk = strdup(f->checkpoint_root);
	c->rootfd = fcntl(rootfd, F_DUPFD_CLOEXEC, 3);
	if (c->rootfd < 0 || !c->disk)
		return err_sys(err, c->disk ? errno : ENOMEM, "load", "load container %s", id);
	r = str_copy(c->id, sizeof(c->id), id); /* fits: it was checked */
	if (r == 0)
		r = read_view(c, &v, err);
	if (r == 0)
		r = probe(f, err);
	if (r < 0)
		return r;
	c->facts = f->facts;
	c->created_us = v.st.created_us;
	c->super = v.st.super;
	return look_at(c, &v, false, err);
}

static int load(struct ctr_factory *f, int rootfd, const char *id, struct ctr_container **ret,
		struct ctr_error *err)
{
	struct ctr_container *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_sys(err, ENOMEM, "load", "load container %s", id);
	c->rootfd = -1;
	r = open_container(f, rootfd, id, c, err);
	if (r < 0) {
		ctr_container_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int ctr_create(struct ctr_factory *f, const char *id, const struct ctr_config *cfg,
	       struct ctr_container **ret, struct ctr_error *err)
{
	struct ctr_error mine = {0}, *e = err ? err : &mine;
	autofd int root = -1, sock = -1;
	struct msg m;
	int r = state_check_id(id, e);

	if (r < 0)
		return r;
	root = state_open_root(f->state_root, e);
	if (root < 0)
		return root;
	sock = request(f, id, cfg->spec, &m, e);
	if (sock < 0)
		return sock;
	r = api_await_created(sock, 2 * f->timeout_ms + ANSWER_MARGIN_MS, e);
	return r < 0 ? r : load(f, root, id, ret, e);
}

int ctr_load(struct ctr_factory *f, const char *id, struct ctr_container **ret,
	     struct ctr_error *err)
{
	autofd int root = -1;
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	root = state_open_root(f->state_root, err);
	return root < 0 ? root : load(f, root, id, ret, err);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is on disk only is listed too. */
static int add_checkpoints(const struct ctr_factory *f, struct strv *ids, struct ctr_error *err)
{
	autofd int disk = api_open_checkpoints(f, err);
	autostrv struct strv images = {0};
	int r = disk < 0 ? (disk == -ENOENT ? 0 : disk) : ckptdir_list(disk, &images, err);

	for (size_t i = 0; r == 0 && i < images.n; i++)
		if (!strv_has(ids, images.v[i]) && strv_add(ids, images.v[i]) < 0)
			r = err_sys(err, ENOMEM, "list", "list the checkpoints");
	if (r == 0 && ids->n > 0)
		qsort(ids->v, ids->n, sizeof(*ids->v), compare);
	return r;
}

int ctr_list(struct ctr_factory *f, char ***ret_ids, size_t *ret_n, struct ctr_error *err)
{
	autofd int root = state_open_root(f->state_root, err);
	struct strv ids = {0};
	int r = root < 0 ? root : state_list(root, &ids, err);

	if (r == 0)
		r = add_checkpoints(f, &ids, err);
	if (r < 0) {
		strv_done(&ids);
		return r;
	}
	*ret_ids = ids.v;
	*ret_n = ids.n;
	return 0;
}

void ctr_list_free(char **ids, size_t n)
{
	struct strv sv = {.v = ids, .n = n};

	strv_done(&sv);
}

/* Checkpoints that nobody is making any more; a root that is not there is not made for this. */
static int sweep_checkpoints(const struct ctr_factory *f, int dry, struct strv *lines,
			     struct ctr_error *err)
{
	autofd int root = -1;
	autofree char *line = NULL;
	int n;

	if (access(f->checkpoint_root, F_OK) < 0)
		return 0;
	root = ckptdir_open_root(f->checkpoint_root, err);
	n = root < 0 ? root : ckptdir_sweep(root, dry != 0, err);
	if (n <= 0)
		return n;
	line = str_dup_format("checkpoints: %d unfinished%s", n, dry ? "" : ": removed");
	return line && strv_add(lines, line) == 0
		   ? 0
		   : err_sys(err, ENOMEM, "gc", "list what was done");
}

int ctr_gc(struct ctr_factory *f, int dry, char ***ret_lines, size_t *ret_n, struct ctr_error *err)
{
	autofd int root = state_open_root(f->state_root, err);
	struct strv lines = {0};
	int r = root < 0 ? root : reap_all(root, dry, &lines, err);

	if (r == 0)
		r = sweep_checkpoints(f, dry, &lines, err);
	if (r < 0) {
		strv_done(&lines);
		return r;
	}
	*ret_lines = lines.v;
	*ret_n = lines.n;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "api.h"
#include "ckptdir.h"
#include "ckptstore.h"
#include "cleanup.h"
#include "crstats.h"
#include "dumpopt.h"
#include "zstdlib.h"

/* Dump, sealing, compression, each with their deadlines (criurun.h, seal.h), and what is around */
enum { CHECKPOINT_MS = 1860000, RESTORE_MS = 1260000 };

static void request(struct msg *m, const char *verb, const struct ctr_checkpoint_options *opt)
{
	msg_init(m, verb);
	msg_add(m, "leave_running", "%d", opt->leave_running != 0);
	msg_add(m, "kill_plain", "%d", opt->kill_plain != 0);
	msg_add(m, "tcp_established", "%d", opt->tcp_established != 0);
	msg_add(m, "file_locks", "%d", opt->file_locks != 0);
	msg_add(m, "ext_unix", "%d", opt->ext_unix != 0);
	msg_add(m, "auto_dedup", "%d", opt->auto_dedup != 0);
	msg_add(m, "compress", "%d", opt->compress != 0);
	if (opt->directory)
		msg_add(m, "directory", "%s", opt->directory);
	if (opt->work_directory)
		msg_add(m, "work", "%s", opt->work_directory);
}

/* Before anything is touched: the supervisor would be without it too. */
static int need_zstd(struct ctr_error *err)
{
	autozstd struct zstdlib l = {0};

	return zstdlib_open(&l, err);
}

/* What is not told is 0. */
static void read_stats(const struct msg *m, struct ctr_checkpoint_stats *ret)
{
	uint64_t *const v[CRSTATS_N] = {&ret->freezing_us,   &ret->frozen_us,
					&ret->memdump_us,    &ret->memwrite_us,
					&ret->pages_scanned, &ret->pages_skipped_parent,
					&ret->pages_written};

	for (size_t i = 0; i < CRSTATS_N; i++)
		if (msg_get_u64(m, crstats_name(i), v[i]) < 0)
			*v[i] = 0;
}

static void read_answer(const struct msg *m, const struct ctr_checkpoint_options *opt)
{
	uint64_t v = 0;

	if (opt->stats)
		read_stats(m, opt->stats);
	if (opt->compressed)
		*opt->compressed = msg_get_u64(m, "compressed", &v) == 0 && v == 1;
}

static int ask(struct ctr_container *c, enum machine_op op,
	       const struct ctr_checkpoint_options *opt, struct ctr_error *err)
{
	static const struct ctr_checkpoint_options none;
	autofd int control = -1;
	autowatch struct api_watch w = {.sock = -1, .theirs = -1};
	struct api_view v;
	struct msg m;
	int r = api_check(c, op, &v, err);

	if (r == 0 && opt)
		r = dumpopt_check(opt, state_ns(&v.st, "net") != 0, err);
	if (r == 0 && opt && opt->compress)
		r = need_zstd(err);
	if (r < 0)
		return r;
	control = api_control(c, err);
	if (control < 0)
		return control;
	request(&m, op == MACHINE_PRE_DUMP ? "pre-dump" : "checkpoint", opt ? opt : &none);
	if (opt) {
		w.fn = opt->progress;
		w.arg = opt->progress_arg;
	}
	r = api_watch_open(&w, &m, err);
	if (r == 0)
		r = api_ask_for(control, &m, &w, CHECKPOINT_MS, err);
	if (r < 0)
		return r;
	msg_done(&m);
	if (opt)
		read_answer(&m, opt);
	return 0;
}

int ctr_checkpoint(struct ctr_container *c, const struct ctr_checkpoint_options *opt,
		   struct ctr_error *err)
{
	return ask(c, MACHINE_CHECKPOINT, opt, err);
}

int ctr_pre_dump(struct ctr_container *c, const struct ctr_checkpoint_options *opt,
		 struct ctr_error *err)
{
	return ask(c, MACHINE_PRE_DUMP, opt, err);
}

static int restore(struct ctr_factory *f, const char *id, const struct ctr_restore_options *opt,
		   struct ctr_error *err)
{
	autowatch struct api_watch w = {.sock = -1, .theirs = -1};
	autofd int sock = -1;
	struct msg m;
	int r;

	sock = api_supervisor(f, "restore", err);
	if (sock < 0)
		return sock;
	msg_init(&m, "restore");
	msg_add(&m, "id", "%s", id);
	msg_add(&m, "timeout", "%u", f->timeout_ms);
	if (opt) {
		w.fn = opt->progress;
		w.arg = opt->progress_arg;
	}
	if (opt && opt->work_directory)
		msg_add(&m, "work", "%s", opt->work_directory);
	r = api_watch_open(&w, &m, err);
	if (r < 0)
		return r;
	r = msg_send(sock, &m, API_ANSWER_MS);
	if (r == 0)
		api_watch_wait(&w, sock, RESTORE_MS);
	return r < 0 ? err_sys(err, r, "restore", "ask the supervisor")
		     : api_await_created(sock, RESTORE_MS, err);
}

/* What is called for is the only one there. */
static int only_one(int storefd, const char *store, char ret[STATE_ID_MAX + 1],
		    struct ctr_error *err)
{
	autostrv struct strv ids = {0};
	int r = ckptdir_list(storefd, &ids, err);

	if (r < 0)
		return r;
	if (ids.n != 1)
		return err_set(err, CTR_E_NOT_FOUND, ids.n ? E2BIG : ENOENT, "restore",
			       "%s has %zu checkpoints%s", store, ids.n,
			       ids.n ? "; say which one" : "");
	return str_copy(ret, STATE_ID_MAX + 1, ids.v[0]);
}

/* *id: "" for the only one. 1: the root has it already */
static int adopt(int rootfd, const char *store, char id[STATE_ID_MAX + 1], struct ctr_error *err)
{
	autofd int storefd = ckptstore_open(store, false, err), dir = -1;
	int r = storefd < 0 ? storefd : 0;

	if (r == 0 && !*id)
		r = only_one(storefd, store, id, err);
	if (r < 0)
		return r;
	dir = ckptdir_open(storefd, id, err);
	return dir < 0 ? take_fd(&dir) : ckptdir_adopt(rootfd, store, id, false, err);
}

int ctr_restore_with(struct ctr_factory *f, const char *id, const struct ctr_restore_options *opt,
		     struct ctr_container **ret, struct ctr_error *err)
{
	const char *store = opt ? opt->directory : NULL;
	char name[STATE_ID_MAX + 1] = "";
	autofd int root = -1;
	int adopted = 1, r = !id && store ? 0 : state_check_id(id, err);

	if (r == 0 && id)
		r = str_copy(name, sizeof(name), id); /* it fits, it was checked */
	if (r < 0)
		return r;
	if (store) {
		root = ckptdir_open_root(f->checkpoint_root, err);
		adopted = root < 0 ? root : adopt(root, store, name, err);
	}
	r = adopted < 0 ? adopted : restore(f, name, opt, err);
	if (r < 0 && adopted == 0)
		ckptdir_forget(root, name); /* as it was */
	return r < 0 || !ret ? r : ctr_load(f, name, ret, err);
}

int ctr_restore(struct ctr_factory *f, const char *id, struct ctr_container **ret,
		struct ctr_error *err)
{
	return ctr_restore_with(f, id, NULL, ret, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "api.h"
#include "cleanup.h"
#include "crstats.h"
#include "dumpopt.h"

/* Dump and sealing, each with their own deadlines (criurun.h, seal.h), and what is around them */
enum { CHECKPOINT_MS = 1260000, RESTORE_MS = 1260000 };

static void request(struct msg *m, const char *verb, const struct ctr_checkpoint_options *opt)
{
	msg_init(m, verb);
	msg_add(m, "leave_running", "%d", opt->leave_running != 0);
	msg_add(m, "kill_plain", "%d", opt->kill_plain != 0);
	msg_add(m, "tcp_established", "%d", opt->tcp_established != 0);
	msg_add(m, "file_locks", "%d", opt->file_locks != 0);
	msg_add(m, "ext_unix", "%d", opt->ext_unix != 0);
	msg_add(m, "auto_dedup", "%d", opt->auto_dedup != 0);
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

static int ask(struct ctr_container *c, enum machine_op op,
	       const struct ctr_checkpoint_options *opt, struct ctr_error *err)
{
	static const struct ctr_checkpoint_options none;
	autofd int control = -1;
	struct api_view v;
	struct msg m;
	int r = api_check(c, op, &v, err);

	if (r == 0 && opt)
		r = dumpopt_check(opt, state_ns(&v.st, "net") != 0, err);
	if (r < 0)
		return r;
	control = api_control(c, err);
	if (control < 0)
		return control;
	request(&m, op == MACHINE_PRE_DUMP ? "pre-dump" : "checkpoint", opt ? opt : &none);
	r = api_ask_for(control, &m, CHECKPOINT_MS, err);
	if (r < 0)
		return r;
	msg_done(&m);
	if (opt && opt->stats)
		read_stats(&m, opt->stats);
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

int ctr_restore(struct ctr_factory *f, const char *id, struct ctr_container **ret,
		struct ctr_error *err)
{
	autofd int sock = -1;
	struct msg m;
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	sock = api_supervisor(f, "restore", err);
	if (sock < 0)
		return sock;
	msg_init(&m, "restore");
	msg_add(&m, "id", "%s", id);
	msg_add(&m, "timeout", "%u", f->timeout_ms);
	r = msg_send(sock, &m, API_ANSWER_MS);
	r = r < 0 ? err_sys(err, r, "restore", "ask the supervisor")
		  : api_await_created(sock, RESTORE_MS, err);
	return r < 0 || !ret ? r : ctr_load(f, id, ret, err);
}

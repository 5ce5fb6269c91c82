/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "child.h"
#include "cleanup.h"
#include "criurun.h"
#include "supervisor.h"
#include "tree.h"

/* Memory to disk while all runs on: the checkpoint after it has less to write. */

enum { LOCK_MS = 5000, DUMP_MS = 600000, PRE_MAX = 64 };

void supervisor_pre_drop(struct supervisor *s)
{
	autofd int rootfd = -1;

	if (s->pre.dirfd < 0)
		return;
	rootfd = ckptdir_open_root(s->opt.checkpoint_root, NULL);
	if (rootfd >= 0)
		ckptdir_drop_in(rootfd, s->pre.store, s->pre.name);
	cleanup_fd(&s->pre.dirfd); /* nobody's any more: what is left of it is swept */
	s->pre.n = 0;
}

/* The folder of the next one, in that of the checkpoint to come; its descriptor */
static int next_folder(struct supervisor *s, const char *wanted, struct ctr_error *err)
{
	char name[sizeof(CKPT_PRE) + 12];
	int fd, r;

	if (s->pre.dirfd < 0) {
		autofd int storefd = supervisor_store(s, wanted, s->pre.store, err), rootfd = -1;

		rootfd = storefd < 0 ? take_fd(&storefd)
				     : ckptdir_open_root(s->opt.checkpoint_root, err);
		fd = rootfd < 0 ? take_fd(&rootfd)
				: ckptdir_new_in(rootfd, s->pre.store, s->pre.name, err);
		if (fd < 0)
			return fd;
		s->pre.dirfd = fd;
	}
	r = str_format(name, sizeof(name), CKPT_PRE "%u", s->pre.n + 1);
	if (r == 0 && mkdirat(s->pre.dirfd, name, 0700) < 0)
		r = -errno;
	fd = r < 0 ? r : openat(s->pre.dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, r < 0 ? r : errno, "pre-dump", "make the folder %s", name)
		      : fd;
}

static int dump(struct supervisor *s, const struct ckpt *plan, int images, struct ctr_error *err)
{
	char parent[sizeof(CKPT_PRE) + 16] = "";
	struct criu_dump d = {.job = {.program = s->opt.criu,
				      .images = images,
				      .work = s->work >= 0 ? s->work : s->c.dirfd,
				      .externals = &plan->externals,
				      .netns = state_ns(&s->c.st, "net")},
			      .init = s->c.st.init.pid,
			      .pre = true,
			      .timeout_ms = DUMP_MS};
	int r = 0;

	if (s->pre.n > 0) {
		r = str_format(parent, sizeof(parent), "../" CKPT_PRE "%u", s->pre.n);
		d.parent = parent;
	}
	r = r < 0 ? err_sys(err, r, "pre-dump", "name the images before")
		  : criurun_dump(&d, NULL, NULL, err);
	s->dumped = (struct crstats){{0}};
	if (r == 0)
		(void)!crstats_read_at(d.job.work, &s->dumped); /* of use to people only */
	return r;
}

/* Before anything is touched: CRIU 4.1 aborts where the kernel does not track memory. */
static int check(struct supervisor *s, struct ctr_error *err)
{
	int r = supervisor_may_dump(s, err), bits;

	if (r < 0)
		return r;
	if (s->pre.n == PRE_MAX)
		return err_set(err, CTR_E_UNSUPPORTED, E2BIG, "pre-dump",
			       "there are %d pre-dumps already; take the checkpoint", PRE_MAX);
	bits = criurun_features(s->opt.criu, err);
	return bits < 0 ? bits : criurun_need_tracking(bits, err);
}

static int pre_dump_locked(struct supervisor *s, const char *wanted, struct ctr_error *err)
{
	autockpt struct ckpt plan = {0};
	autofd int images = -1;
	int r = check(s, err);

	if (r == 0)
		r = supervisor_look_at_mounts(s, &plan, err);
	if (r < 0)
		return r;
	images = next_folder(s, wanted, err);
	supervisor_tell(s, CTR_PHASE_WRITING, s->pre.store, s->pre.name);
	r = images < 0 ? images : dump(s, &plan, images, err);
	if (r == 0)
		s->pre.n++;
	else
		supervisor_pre_drop(s); /* pages may be taken for unchanged that are in none */
	return r;
}

int supervisor_pre_dump(struct supervisor *s, struct msg *m, struct ctr_error *err)
{
	uint64_t begin = child_now_ms();
	autofd int lock = state_lock(s->c.rootfd, s->c.st.id, LOCK_MS, err);
	autofd int tell = msg_take_fd(m, 0);
	int r;

	s->tell = tell;
	r = lock < 0 ? lock : supervisor_open_work(s, m, err);
	if (r == 0)
		r = pre_dump_locked(s, msg_get(m, "directory"), err);
	s->tell = -1;
	cleanup_fd(&s->work);
	msg_done(m);
	if (lock >= 0)
		state_unlock(s->c.rootfd, s->c.st.id, &lock);
	if (r < 0) {
		log_event(s, "failure", NULL, "stage=%s error=\"%s\"", err->stage, err->text);
		return r;
	}
	log_event(s, "pre-dump", NULL, "number=%u duration_ms=%llu", s->pre.n,
		  (unsigned long long)(child_now_ms() - begin));
	s->packed = false;
	msg_init(m, "ok");
	supervisor_say_dumped(s, m);
	return 0;
}

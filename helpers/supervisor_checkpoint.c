/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "ckpt.h"
#include "ckptdir.h"
#include "ckptstore.h"
#include "cleanup.h"
#include "criurun.h"
#include "mntlist.h"
#include "netlock.h"
#include "network.h"
#include "record.h"
#include "seal.h"
#include "supervisor.h"
#include "sys.h"
#include "tcppeer.h"

/* A checkpoint: PID 1 stands still, CRIU dumps, the images are sealed before anything ends. */

enum { LOCK_MS = 5000, QUIET_MS = 8000, UNQUIET_MS = 2000, DUMP_MS = 600000 };

/** struct request - what the client wants */
struct request {
	bool kill_plain, auto_dedup, compress;
	const char *store; /* NULL: as the definition says */
	struct ckpt plan;
};

static bool flag(const struct msg *m, const char *name)
{
	uint64_t v;

	return msg_get_u64(m, name, &v) == 0 && v == 1;
}

/* ---- PID 1 ---- */

static int hush(struct supervisor *s, const struct request *rq, struct ctr_error *err)
{
	autofd int fd = supervisor_connect_init(s);
	struct msg m;
	int r;

	if (fd < 0)
		return err_sys(err, fd, "checkpoint", "connect to PID 1 of %s", s->c.st.id);
	msg_init(&m, "quiesce");
	msg_add(&m, "kill_plain", "%d", rq->kill_plain);
	msg_add(&m, "again", "1");
	r = msg_send(fd, &m, 1000);
	if (r == 0)
		r = msg_recv(fd, &m, QUIET_MS);
	if (r < 0)
		return err_sys(err, r, "checkpoint", "have PID 1 of %s stand still", s->c.st.id);
	if (str_equal(msg_verb(&m), "quiet")) {
		r = msg_recv(fd, &m, QUIET_MS);
		if (r == -ENOTCONN)
			return 0;
		(void)!supervisor_unquiet(s, NULL); /* one that does not answer shows by itself */
		return err_sys(err, r < 0 ? r : EPROTO, "checkpoint", "wait for PID 1 to hang up");
	}
	if (str_equal(msg_verb(&m), "busy"))
		return supervisor_name_plain(s, &m, err);
	if (msg_get_error(&m, err) == 0 && err && err->errnum > 0)
		return -err->errnum;
	return err_set(err, CTR_E_SYSTEM, EBADMSG, "checkpoint", "PID 1's answer is bad");
}

/* It has no socket before it has seen the signal. */
static int connect_woken(struct supervisor *s)
{
	uint64_t end = child_now_ms() + UNQUIET_MS;
	int fd, r = sys_pidfd_send_signal(s->c.pidfd, SIGUSR2);

	if (r < 0)
		return r;
	while ((fd = supervisor_connect_init(s)) < 0 && child_now_ms() < end)
		(void)usleep(1000);
	return fd;
}

int supervisor_unquiet(struct supervisor *s, struct ctr_error *err)
{
	autofd int fd = connect_woken(s);
	struct msg m;
	int r = fd < 0 ? fd : 0;

	msg_init(&m, "unquiet");
	if (r == 0)
		r = msg_send(fd, &m, 1000);
	if (r == 0)
		r = msg_recv(fd, &m, UNQUIET_MS);
	if (r == 0 && !str_equal(msg_verb(&m), "ok"))
		r = -EPROTO;
	if (r == 0)
		supervisor_watch(s); /* its connection was closed, and there may be no login */
	return r < 0 ? err_sys(err, r, "checkpoint", "have PID 1 of %s go on", s->c.st.id) : 0;
}

/* ---- the dump ---- */

/** struct making - one checkpoint in the making */
struct making {
	struct supervisor *s;
	struct request *rq;
	struct state st; /* as it is on disk now */
	int rootfd, storefd, dirfd, images;
	char store[PATH_MAX]; /* "": the root */
	char parent[32];      /* of the images; "": none */
	char name[CKPTDIR_NAME];
	struct crver asked; /* criu's version, while it dumps */
	struct sealing sealing;
};

/* While all stands still and can still be left as it is. */
static int seal(void *arg, struct ctr_error *err)
{
	struct making *mk = arg;

	supervisor_tell(mk->s, CTR_PHASE_SIGNING, mk->store, mk->name);
	return seal_make(&mk->sealing, err);
}

/* Beside PID 1, and CRIU, which is at work on one CPU. */
static int begin_seal(struct making *mk, struct ctr_error *err)
{
	struct seal sl = {.rootfd = mk->rootfd,
			  .storefd = mk->storefd,
			  .store = *mk->store ? mk->store : NULL,
			  .dirfd = mk->dirfd,
			  .name = mk->name,
			  .st = &mk->st,
			  .cg = &mk->s->c.cg,
			  .helper_dir = mk->s->opt.helper_dir,
			  .asked = &mk->asked,
			  .leave_running = mk->rq->plan.left_running,
			  .parents = *mk->parent};
	autofd int upper = -1;

	if (mk->s->c.scratch >= 0) {
		upper = openat(mk->s->c.scratch, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (upper < 0)
			return err_sys(err, errno, "checkpoint", "open the overlay's folder");
	}
	sl.upper = upper; /* the child has a copy of it */
	return seal_begin(&sl, &mk->sealing, err);
}

/* By its inode: who publishes may fail, or be killed, when it is done. */
static bool is_published(const struct making *mk, int rootfd)
{
	struct stat mine, there;
	char path[sizeof("checkpoints/") + sizeof(mk->st.id)];

	return str_format(path, sizeof(path), "checkpoints/%s", mk->st.id) == 0 &&
	       fstat(mk->dirfd, &mine) == 0 && fstatat(rootfd, path, &there, 0) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/* The container goes on, and what is on disk would be a way back in time (MUST-10). */
static void take_back(const struct making *mk)
{
	if (is_published(mk, mk->rootfd))
		(void)!ckptdir_remove(mk->rootfd, mk->st.id, NULL);
	if (is_published(mk, mk->storefd))
		(void)!ckptdir_remove(mk->storefd, mk->st.id, NULL);
	ckptdir_drop_in(mk->rootfd, mk->store, mk->name);
}

int supervisor_look_at_mounts(const struct supervisor *s, struct ckpt *plan, struct ctr_error *err)
{
	autostrv struct strv lines = {0}, host = {0};
	int r = mntlist_read(s->c.st.init.pid, &lines, err);

	if (r == 0)
		r = mntlist_read(getpid(), &host, err);
	if (r < 0)
		return r;
	r = mntlist_externals(&lines, &host, &plan->externals);
	if (r == 0)
		r = mntlist_walls(&lines, &host, &plan->walls);
	return r < 0 ? err_sys(err, r, "checkpoint", "read the mounts of %s", s->c.st.id) : 0;
}

/*
 * Packets can be kept away from connections that are not there in the host's network, and in one
 * that is the container's alone and goes with it: of a joined one CRIU would lock others out.
 */
static bool can_keep_connections(const struct supervisor *s)
{
	return s->net == SPEC_NET_HOST || s->net == SPEC_NET_VETH;
}

static bool keeps_connections(const struct supervisor *s, const struct ckpt *plan)
{
	return plan->tcp_established && can_keep_connections(s);
}

static void unlock_network(const struct supervisor *s, const struct ckpt *plan)
{
	for (size_t i = 0; keeps_connections(s, plan) && i < CREATE_NS; i++)
		if (create_ns_flag(i) == CLONE_NEWNET && s->c.ns_fd[i] >= 0)
			netlock_open(s->c.ns_fd[i]);
}

static int dump(struct making *mk, struct ctr_error *err)
{
	struct supervisor *s = mk->s;
	const struct ckpt *plan = &mk->rq->plan;
	const struct criu_dump d = {.job = {.program = s->opt.criu,
					    .images = mk->images,
					    .work = s->work >= 0 ? s->work : s->c.dirfd,
					    .externals = &plan->externals,
					    .netns = state_ns(&mk->st, "net"),
					    .lock_network = keeps_connections(s, plan),
					    .file_locks = plan->file_locks,
					    .ext_unix = plan->ext_unix},
				    .init = s->c.st.init.pid,
				    .parent = *mk->parent ? mk->parent : NULL,
				    .auto_dedup = mk->rq->auto_dedup,
				    .leave_running = plan->left_running,
				    .timeout_ms = DUMP_MS};

	int r;

	supervisor_tell(s, CTR_PHASE_WRITING, mk->store, mk->name);
	r = criurun_dump(&d, seal, mk, err);
	if (r < 0)
		unlock_network(s, plan);
	supervisor_tell(s, CTR_PHASE_ENDING, mk->store, s->c.st.id);
	s->dumped = (struct crstats){{0}};
	if (r == 0)
		(void)!crstats_read_at(d.job.work, &s->dumped); /* of use to people only */
	return r;
}

/* Before anything is touched: what is joined may be connected, the login's own sshd for one. */
static int check_connections(const struct making *mk, struct ctr_error *err)
{
	const struct supervisor *s = mk->s;
	const char *hint = can_keep_connections(s) ? ", or use --tcp-established" : "";
	autofree pid_t *pids = NULL;
	size_t n = 0, kept = 0;
	int r;

	if (s->unsaved)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint",
			       "container %s has joined an ipc or uts namespace (JoinNamespaces=): "
			       "what is others' would be saved, or set back",
			       s->c.st.id);
	r = keeps_connections(s, &mk->rq->plan) ? 0 : cg_pids(&s->c.cg, &pids, &n, err);
	for (size_t i = 0; i < n; i++)
		if (proc_is_below(pids[i], s->c.st.init.pid))
			pids[kept++] = pids[i];
	return r < 0 ? r : tcppeer_refuse(pids, kept, hint, err);
}

/* Record, plan and images in a folder of its own. */
static int prepare(struct making *mk, struct ctr_error *err)
{
	int r = record_read(mk->s->c.dirfd, mk->s->c.st.id, &mk->st, err);

	if (r == 0)
		r = record_write(mk->dirfd, &mk->st, err);
	if (r == 0)
		r = network_copy(mk->s->c.dirfd, mk->dirfd, err);
	if (r == 0)
		r = supervisor_look_at_mounts(mk->s, &mk->rq->plan, err);
	if (r == 0)
		r = ckpt_write(mk->dirfd, &mk->rq->plan, err);
	if (r == 0 && mkdirat(mk->dirfd, CKPT_IMAGES, 0700) < 0)
		r = err_sys(err, errno, "checkpoint", "make the folder of images");
	if (r < 0)
		return r;
	mk->images = openat(mk->dirfd, CKPT_IMAGES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return mk->images < 0 ? err_sys(err, errno, "checkpoint", "open the folder of images") : 0;
}

/*
 * That of the pre-dumps, if there are any. Whatever becomes of this dump, they are no parents any
 * more: it begins the tracking of memory anew.
 */
static int take_folder(struct making *mk, struct ctr_error *err)
{
	struct predumps *pre = &mk->s->pre;
	int r;

	if (pre->n > 0 && strcmp(pre->store, mk->store) != 0)
		return err_set(err, CTR_E_UNSUPPORTED, EXDEV, "checkpoint",
			       "its pre-dumps are in another folder, %s",
			       *pre->store ? pre->store : mk->s->opt.checkpoint_root);
	if (pre->n == 0) {
		mk->dirfd = ckptdir_new_in(mk->rootfd, mk->store, mk->name, err);
		return mk->dirfd < 0 ? mk->dirfd : 0;
	}
	r = str_format(mk->parent, sizeof(mk->parent), "../" CKPT_PRE "%u", pre->n);
	memcpy(mk->name, pre->name, sizeof(mk->name));
	mk->dirfd = take_fd(&pre->dirfd);
	pre->n = 0;
	return r;
}

static int make(struct making *mk, struct ctr_error *err)
{
	int r;

	r = check_connections(mk, err);
	if (r < 0)
		return r;
	r = take_folder(mk, err);
	if (r == 0)
		supervisor_tell(mk->s, CTR_PHASE_PREPARING, mk->store, mk->name);
	if (r == 0)
		r = prepare(mk, err);
	if (r == 0)
		r = crver_ask(mk->s->c.rootfd, mk->s->opt.criu, &mk->asked, err);
	if (r == 0)
		r = begin_seal(mk, err);
	if (r == 0)
		r = hush(mk->s, mk->rq, err);
	if (r == 0) {
		r = dump(mk, err);
		if (r < 0 || mk->rq->plan.left_running)
			(void)!supervisor_unquiet(mk->s,
						  NULL); /* one that is gone shows by itself */
	}
	seal_drop(&mk->sealing);
	crver_forget(&mk->asked);
	if (r < 0)
		take_back(mk);
	else
		mk->s->unsynced = take_fd(&mk->dirfd);
	cleanup_fd(&mk->images);
	cleanup_fd(&mk->dirfd);
	return r;
}

void supervisor_tell(const struct supervisor *s, enum ctr_phase phase, const char *store,
		     const char *name)
{
	struct msg m;

	if (s->tell < 0)
		return;
	msg_init(&m, "phase");
	msg_add(&m, "phase", "%d", (int)phase);
	msg_add(&m, "folder", "%s/checkpoints/%s", *store ? store : s->opt.checkpoint_root, name);
	(void)!msg_send(s->tell, &m, 0); /* one that does not read misses it */
}

int supervisor_store(const struct supervisor *s, const char *wanted, char ret[PATH_MAX],
		     struct ctr_error *err)
{
	const char *path = wanted ? wanted : s->store;
	autofd int fd = -1, root = -1;
	struct stat a, b;

	if (!*path) {
		ret[0] = '\0';
		return ckptdir_open_root(s->opt.checkpoint_root, err);
	}
	fd = ckptstore_open(path, true, err);
	root = fd < 0 ? -1 : ckptdir_open_root(s->opt.checkpoint_root, err);
	if (root < 0)
		return fd < 0 ? take_fd(&fd) : take_fd(&root);
	if (fstat(fd, &a) == 0 && fstat(root, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino)
		path = "";
	return str_copy(ret, PATH_MAX, path) < 0
		   ? err_sys(err, ENAMETOOLONG, "checkpoint", "open %s", path)
		   : take_fd(&fd);
}

int supervisor_open_work(struct supervisor *s, const struct msg *m, struct ctr_error *err)
{
	const char *path = msg_get(m, "work");

	s->work = path ? ckptstore_open(path, true, err) : -1;
	return path && s->work < 0 ? s->work : 0;
}

int supervisor_may_dump(const struct supervisor *s, struct ctr_error *err)
{
	if (s->kill_end)
		return err_set(err, CTR_E_NOT_RUNNING, ESRCH, "checkpoint",
			       "container %s is ending", s->c.st.id);
	if (cg_frozen(&s->c.cg) != CG_THAWED)
		return err_set(err, CTR_E_PAUSED, EBUSY, "checkpoint",
			       "container %s is paused; containerctl resume %s", s->c.st.id,
			       s->c.st.id);
	/* which makes the processes ready for CRIU, and takes them up again */
	if (s->c.st.bare)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint",
			       "PID 1 of container %s is its own program (Init=none), which can "
			       "not be saved",
			       s->c.st.id);
	/* what CRIU does with one: docs/ARCHITECTURE.md, User namespaces */
	if (s->c.users.fd >= 0)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint",
			       "container %s is in a user namespace (PrivateUsers=, "
			       "JoinNamespaces=), which can not be saved",
			       s->c.st.id);
	return 0;
}

static int checkpoint_locked(struct supervisor *s, struct request *rq, struct ctr_error *err)
{
	struct making mk = {
	    .s = s, .rq = rq, .rootfd = -1, .storefd = -1, .dirfd = -1, .images = -1};
	int r;

	r = supervisor_may_dump(s, err);
	if (r < 0)
		return r;
	mk.rootfd = ckptdir_open_root(s->opt.checkpoint_root, err);
	if (mk.rootfd < 0)
		return mk.rootfd;
	r = mk.storefd = supervisor_store(s, rq->store, mk.store, err);
	if (r >= 0)
		r = make(&mk, err);
	s->packed = r >= 0 && rq->compress && supervisor_pack(s, mk.rootfd, mk.store);
	cleanup_fd(&mk.storefd);
	cleanup_fd(&mk.rootfd);
	return r;
}

int supervisor_checkpoint(struct supervisor *s, struct msg *m, struct ctr_error *err)
{
	struct request rq = {
	    .kill_plain = flag(m, "kill_plain"),
	    .auto_dedup = flag(m, "auto_dedup"),
	    .compress = flag(m, "compress"),
	    .store = msg_get(m, "directory"),
	    .plan = {.left_running = flag(m, "leave_running"),
		     .tcp_established = s->tcp_established || flag(m, "tcp_established"),
		     .file_locks = s->file_locks || flag(m, "file_locks"),
		     .ext_unix = flag(m, "ext_unix")}};
	uint64_t begin = child_now_ms();
	autofd int lock = state_lock(s->c.rootfd, s->c.st.id, LOCK_MS, err);
	autofd int tell = msg_take_fd(m, 0);
	int r = lock;

	s->tell = tell;
	if (lock >= 0)
		r = supervisor_open_work(s, m, err);
	if (r >= 0)
		r = checkpoint_locked(s, &rq, err);
	s->tell = -1;
	cleanup_fd(&s->work);
	ckpt_done(&rq.plan);
	if (lock >= 0)
		state_unlock(s->c.rootfd, s->c.st.id, &lock);
	if (r < 0) {
		log_event(s, "failure", NULL, "stage=%s error=\"%s\"", err->stage, err->text);
		return r;
	}
	log_event(s, "checkpoint", NULL, "left_running=%d duration_ms=%llu", rq.plan.left_running,
		  (unsigned long long)(child_now_ms() - begin));
	if (!rq.plan.left_running) {
		s->keep = false; /* what it was is in the checkpoint */
		supervisor_stop(s, 0);
	}
	msg_init(m, "ok");
	supervisor_say_dumped(s, m);
	return 0;
}

void supervisor_sync(struct supervisor *s)
{
	autofd int dirfd = take_fd(&s->unsynced);

	if (dirfd >= 0 && seal_sync(&(const struct seal){.dirfd = dirfd}, NULL) < 0)
		log_event(s, "failure", NULL, "stage=sync error=\"the checkpoint\"");
}

void supervisor_say_dumped(const struct supervisor *s, struct msg *m)
{
	for (size_t i = 0; i < CRSTATS_N; i++)
		msg_add(m, crstats_name(i), "%llu", (unsigned long long)s->dumped.v[i]);
	msg_add(m, "compressed", "%d", s->packed);
}

bool supervisor_save(struct supervisor *s)
{
	struct ctr_error err;
	struct msg m;

	msg_init(&m, "checkpoint");
	msg_add(&m, "kill_plain", "1"); /* nobody is there to whom they could tell anything */
	return supervisor_checkpoint(s, &m, &err) == 0;
}

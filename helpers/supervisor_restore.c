/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "ckpt.h"
#include "ckptdir.h"
#include "cleanup.h"
#include "load.h"
#include "packed.h"
#include "record.h"
#include "seal.h"
#include "supervisor.h"

/* A container comes back from its checkpoint. */

enum { RESTORE_MS = 600000 };

/** struct coming - one that comes back */
struct coming {
	struct supervisor *s;
	bool login;
	int rootfd, dirfd, images, upper;
	int scratch;		   /* what CRIU reads of a compressed one; -1: dirfd has that */
	struct ckptdir_retired at; /* where that is */
	struct seal seal;
	struct checking checking;
	struct ckpt plan;
};

/* MUST-10: CRIU reads the memory when all of it was checked. */
static int checked(void *arg, struct ctr_error *err)
{
	struct coming *cm = arg;

	return seal_check_end(&cm->checking, err);
}

static int spend(void *arg, struct ctr_error *err)
{
	const struct coming *cm = arg;

	return seal_spend(&cm->seal, err);
}

static bool is_same_owner(const struct state *a, const struct state *b)
{
	return a->uid == b->uid && a->instance == b->instance && str_equal(a->user, b->user) &&
	       str_equal(a->definition, b->definition);
}

/*
 * Whether there is one is all that is believed of the list. Locked, so that it is swept when this
 * process was killed (MUST-9).
 */
static int make_scratch(struct coming *cm, struct ctr_error *err)
{
	if (faccessat(cm->dirfd, PACKED_LIST, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	ckptdir_store(cm->rootfd, cm->s->c.st.id, cm->at.store);
	cm->scratch = ckptdir_new_in(cm->rootfd, cm->at.store, cm->at.name, err);
	return cm->scratch < 0 ? cm->scratch : 0;
}

static void drop_scratch(struct coming *cm)
{
	if (cm->scratch >= 0)
		ckptdir_drop_in(cm->rootfd, cm->at.store, cm->at.name);
	cleanup_fd(&cm->scratch);
}

/* MUST-10: of the folder nothing is read that was not checked before. */
static int check(struct coming *cm, struct ctr_error *err)
{
	struct supervisor *s = cm->s;
	struct state st;
	int r = make_scratch(cm, err);

	if (r < 0)
		return r;
	cm->seal = (struct seal){.rootfd = cm->rootfd,
				 .dirfd = cm->dirfd,
				 .st = &s->c.st,
				 .upper = -1,
				 .scratch = cm->scratch,
				 .helper_dir = s->opt.helper_dir,
				 .criu = s->opt.criu,
				 .stateroot = s->c.rootfd};
	r = seal_check_begin(&cm->seal, &cm->checking, err);
	if (r == 0)
		r = record_read(cm->dirfd, s->c.st.id, &st, err);
	if (r == 0)
		r = ckpt_read(cm->dirfd, &cm->plan, err);
	if (r == 0 && cm->login && (cm->plan.left_running || !is_same_owner(&st, &s->c.st)))
		r = err_set(err, CTR_E_IMAGE, EPERM, "restore",
			    "checkpoint %s is not for a login of uid %u into %s", s->c.st.id,
			    s->c.st.uid, s->c.st.definition);
	if (r == 0)
		s->c.st = st;
	return r;
}

static int open_parts(struct coming *cm, struct ctr_error *err)
{
	int from = cm->scratch >= 0 ? cm->scratch : cm->dirfd;

	cm->images = openat(from, CKPT_IMAGES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cm->images < 0)
		return err_sys(err, errno, "restore", "open the folder of images");
	/* all names were compared with the manifest's: where there is none, there was none */
	cm->upper = openat(from, CKPT_UPPER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return cm->upper < 0 && errno != ENOENT ? err_sys(err, errno, "restore", "open " CKPT_UPPER)
						: 0;
}

/* The record is that of the container as it was; what is new of it are pids, groups, inodes. */
static int make(struct coming *cm, struct ctr_error *err)
{
	struct supervisor *s = cm->s;
	const struct create_restore from = {.criu = s->opt.criu,
					    .folder = cm->dirfd,
					    .images = cm->images,
					    .upper_tar = cm->upper,
					    .work = s->work,
					    .walls = &cm->plan.walls,
					    .externals = &cm->plan.externals,
					    .held = &cm->plan.held,
					    .imported = cm->checking.imported,
					    .places = &cm->plan.places,
					    .lock_network = cm->plan.tcp_established &&
							    !state_ns(&s->c.st, "net"),
					    .hold_network = cm->plan.tcp_established,
					    .file_locks = cm->plan.file_locks,
					    .ext_unix = cm->plan.ext_unix,
					    .checked = checked,
					    .spend = spend,
					    .arg = cm};
	autospec struct spec *spec = NULL;
	const char *name = *s->c.st.definition ? s->c.st.definition : "api";
	int r = load_definition_text(name, s->c.st.text, NULL, &spec, err);

	if (r < 0)
		return r;
	s->keep = s->c.st.keep;
	s->c.st.stopped = s->c.st.oom_killed = 0;
	s->c.restore = &from;
	r = supervisor_make(s, spec, err);
	s->c.restore = NULL;
	return r;
}

static int restore(struct coming *cm, struct ctr_error *err)
{
	struct supervisor *s = cm->s;
	int r;

	supervisor_tell(s, CTR_PHASE_CHECKING, "", s->c.st.id);
	r = check(cm, err);
	supervisor_tell(s, CTR_PHASE_RESTORING, "", s->c.st.id);

	if (r == 0)
		r = open_parts(cm, err);
	if (r == 0)
		r = make(cm, err);
	if (r < 0)
		return r;
	r = supervisor_unquiet(s, err);
	if (r < 0) {
		create_undo(&s->c, false);
		return r;
	}
	/* it is spent: gc would take it */
	s->spent = ckptdir_retire(cm->rootfd, s->c.st.id, &s->retired, NULL);
	return 0;
}

int supervisor_restore(struct supervisor *s, bool login, struct ctr_error *err)
{
	struct coming cm = {.s = s,
			    .login = login,
			    .rootfd = -1,
			    .dirfd = -1,
			    .images = -1,
			    .upper = -1,
			    .scratch = -1};
	uint64_t begin = child_now_ms();
	int r;

	cm.rootfd = ckptdir_open_root(s->opt.checkpoint_root, err);
	r = cm.rootfd;
	if (r >= 0)
		r = cm.dirfd = ckptdir_open(cm.rootfd, s->c.st.id, err);
	if (r >= 0)
		r = restore(&cm, err);
	s->restored = r == 0;
	if (r == 0)
		log_event(s, "restore", NULL, "init=%d duration_ms=%llu", s->c.st.init.pid,
			  (unsigned long long)(child_now_ms() - begin));
	seal_check_drop(&cm.checking);
	drop_scratch(&cm);
	ckpt_done(&cm.plan);
	cleanup_fd(&cm.upper);
	cleanup_fd(&cm.images);
	cleanup_fd(&cm.dirfd);
	cleanup_fd(&cm.rootfd);
	return r;
}

void supervisor_drop_spent(struct supervisor *s)
{
	autofd int fd = take_fd(&s->spent), rootfd = -1;

	if (fd >= 0)
		rootfd = ckptdir_open_root(s->opt.checkpoint_root, NULL);
	if (rootfd >= 0)
		ckptdir_drop_in(rootfd, s->retired.store, s->retired.name);
}

/* ---- the verb ---- */

static int restore_locked(struct supervisor *s, int sock, struct ctr_error *err)
{
	int r = supervisor_make_room(s, err);

	s->c.abort_fd = sock;
	s->c.timeout_ms = RESTORE_MS;
	if (r == 0)
		r = supervisor_restore(s, false, err);
	s->c.abort_fd = -1;
	if (r < 0)
		return r;
	r = supervisor_answer_created(s, sock, err);
	if (r < 0)
		create_undo(&s->c, false);
	return r;
}

static int serve(struct supervisor *s, struct msg *m, int sock, struct ctr_error *err)
{
	const char *id = msg_get(m, "id");
	autofd int lock = -1, tell = msg_take_fd(m, 0);
	uint64_t ms = 5000;
	int r;

	if (!str_equal(msg_verb(m), "restore") || !id)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "restore", "not a restore request");
	r = state_check_id(id, err);
	if (r < 0)
		return r;
	(void)!str_copy(s->c.st.id, sizeof(s->c.st.id), id); /* fits: it was checked */
	(void)!msg_get_u64(m, "timeout", &ms);
	s->c.rootfd = state_open_root(s->opt.state_root, err);
	if (s->c.rootfd < 0)
		return s->c.rootfd;
	lock = state_lock(s->c.rootfd, s->c.st.id, ms > 60000 ? 60000 : (unsigned int)ms, err);
	if (lock < 0)
		return lock;
	r = supervisor_open_work(s, m, err);
	s->tell = tell;
	if (r == 0)
		r = restore_locked(s, sock, err);
	s->tell = -1;
	cleanup_fd(&s->work);
	state_unlock(s->c.rootfd, id, &lock);
	return r;
}

bool supervisor_restore_verb(struct supervisor *s, int sock)
{
	return supervisor_serve(s, sock, serve);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "child.h"
#include "ckptdir.h"
#include "cleanup.h"
#include "proto.h"
#include "reap.h"
#include "sys.h"

/* Beyond the grace: the supervisor's own margin, the kill, the lock and the removal */
enum { GRACE_MAX_MS = 60000, REMOVE_MS = 15000, EXIT_MS = 2000 };

/* ---- pause, resume ---- */

int ctr_pause(struct ctr_container *c, struct ctr_error *err)
{
	autolock struct api_lock lock = {0};
	struct api_view v;
	int r = api_lock_check(c, MACHINE_PAUSE, &lock, &v, err);

	if (r < 0 || v.status == CTR_PAUSED)
		return r;
	return cg_freeze(&v.cg, API_FREEZE_MS, err);
}

int ctr_resume(struct ctr_container *c, struct ctr_error *err)
{
	autolock struct api_lock lock = {0};
	struct api_view v;
	int r = api_lock_check(c, MACHINE_RESUME, &lock, &v, err);

	return r < 0 ? r : cg_thaw(&v.cg, API_FREEZE_MS, err);
}

/* ---- signal ---- */

/* With Cgroup=inherit: by descriptor, looked at again once the pid cannot be another's any more. */
static int signal_each(const struct api_view *v, int sig, struct ctr_error *err)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = api_pids(v, &pids, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		autofd int pidfd = sys_pidfd_open(pids[i], 0);

		if (pidfd < 0 || pids[i] == v->st.init.pid || !api_is_inside(v, pids[i]))
			continue;
		r = sys_pidfd_send_signal(pidfd, sig);
		r = r == -ESRCH ? 0 : r;
		if (r < 0)
			err_sys(err, r, "signal", "signal process %d", pids[i]);
	}
	return r;
}

static int signal_init(const struct api_view *v, int sig, struct ctr_error *err)
{
	autofd int pidfd = sys_pidfd_open(v->st.init.pid, 0);
	int r = pidfd < 0 ? pidfd : proc_is_alive(&v->st.init) ? 0 : -ESRCH;

	if (r == 0)
		r = sys_pidfd_send_signal(pidfd, sig);
	return r < 0 ? err_sys(err, r, "signal", "signal PID 1 of %s", v->st.id) : 0;
}

static int signal_started(const struct ctr_container *c, int sig, struct ctr_error *err)
{
	autofd int sock = api_connect(c, err);

	return sock < 0 ? sock : proto_signal(sock, sig, err);
}

int ctr_signal(struct ctr_container *c, int sig, int all, struct ctr_error *err)
{
	struct api_view v;
	bool program; /* PID 1 is one; before the first start it is ours, and hears no signal */
	int r;

	if (sig < 1 || sig >= NSIG)
		return err_set(err, CTR_E_CONFIG, EINVAL, "signal", "%d is no signal", sig);
	r = api_check(c, MACHINE_SIGNAL, &v, err);
	if (r < 0)
		return r;
	program = v.st.bare && v.st.started;
	if (all)
		r = v.cg.inherit ? signal_each(&v, sig, err)
				 : cg_signal(&v.cg, sig, program ? 0 : v.st.init.pid, err);
	else if (v.st.bare)
		r = program ? signal_init(&v, sig, err) : 0;
	else
		r = signal_started(c, sig, err);
	return api_why(c, MACHINE_SIGNAL, r, err);
}

/* ---- destroy ---- */

/** struct ending - a supervisor that was told to end its container */
struct ending {
	int control, pidfd;
	unsigned int wait_ms;
	bool image; /* nothing but a checkpoint was there: it goes. That of a living one stays */
};

static void ending_done(struct ending *e)
{
	cleanup_fd(&e->control);
	cleanup_fd(&e->pidfd);
}

#define autoending __attribute__((cleanup(ending_done)))

/* Nothing is waited for here: the lock is held, and the supervisor needs it to remove things. */
static int tell_to_end(const struct ctr_container *c, const struct api_view *v, unsigned int grace,
		       struct ending *e, struct ctr_error *err)
{
	struct msg m;
	int r;

	e->pidfd = sys_pidfd_open(v->st.super.pid, 0);
	if (e->pidfd < 0 || !proc_is_alive(&v->st.super)) {
		cleanup_fd(&e->pidfd);
		return 0; /* died meanwhile: reaped below */
	}
	e->wait_ms = grace + REMOVE_MS;
	e->control = api_control(c, err);
	if (e->control == -ESRCH)
		return 0; /* it is about to end, or to be ended below */
	if (e->control < 0)
		return e->control;
	msg_init(&m, "terminate");
	msg_add(&m, "grace", "%u", grace);
	msg_add(&m, "forget", "1");
	r = msg_send(e->control, &m, API_ANSWER_MS);
	if (r == 0 || r == -EPIPE || r == -ECONNRESET) /* it ends in this moment */
		return 0;
	return err_sys(err, r, "destroy", "tell the supervisor of %s", c->id);
}

/* Under the lock, so that no first process is started between the check and the message. */
static int begin(const struct ctr_container *c, int force, unsigned int grace, struct ending *e,
		 struct ctr_error *err)
{
	autolock struct api_lock lock = {0};
	struct api_view v;
	int r = api_lock_check(c, force ? MACHINE_DESTROY_FORCE : MACHINE_DESTROY, &lock, &v, err);

	e->image = r == 0 && v.status == CTR_CHECKPOINTED;
	/* its supervisor may still be at work on the disk: there is nothing to tell it */
	return r < 0 || e->image ? r : tell_to_end(c, &v, grace, e, err);
}

/*
 * A supervisor exits after everything is removed. One that does not answer in time, stopped or
 * hung, is killed: its container is then reaped like any other whose supervisor died (MUST-9).
 */
static int await_end(const struct ending *e, const char *id, struct ctr_error *err)
{
	int r;

	if (e->pidfd < 0)
		return 0;
	r = child_wait_exit(e->pidfd, e->wait_ms);
	if (r == -ETIMEDOUT) {
		(void)sys_pidfd_send_signal(e->pidfd, SIGKILL); /* ESRCH is what is wanted */
		r = child_wait_exit(e->pidfd, EXIT_MS);
	}
	return r < 0 ? err_sys(err, r, "destroy", "wait for the supervisor of container %s", id)
		     : 0;
}

/* What is left when no supervisor is: the record of a stopped container, or a dead one's things. */
static int remove_rest(const struct ctr_container *c, bool image, struct ctr_error *err)
{
	autolock struct api_lock lock = {0};
	struct ctr_error mine = {0};
	struct api_view v;
	autofd int dir = -1, disk = image ? api_open_disk(c) : -1;
	int r = api_lock_check(c, MACHINE_DESTROY_FORCE, &lock, &v, &mine);

	if (r < 0 && mine.code == CTR_E_NOT_FOUND)
		return 0;
	if (r < 0 && err)
		*err = mine;
	if (r < 0)
		return r;
	if (image)
		r = ckptdir_remove(disk, c->id, err);
	dir = state_open_dir(c->rootfd, c->id, NULL);
	if (r < 0 || dir == -ENOENT)
		return r;
	return v.st.stopped ? state_remove_dir(c->rootfd, c->id, err)
			    : reap_container(c->rootfd, c->id, err);
}

int ctr_destroy(struct ctr_container *c, int force, unsigned int grace_ms, struct ctr_error *err)
{
	autoending struct ending e = {.control = -1, .pidfd = -1};
	unsigned int grace = grace_ms > GRACE_MAX_MS ? GRACE_MAX_MS : grace_ms;
	int r = begin(c, force, grace, &e, err);

	if (r == 0)
		r = await_end(&e, c->id, err);
	return r < 0 ? r : remove_rest(c, e.image, err);
}

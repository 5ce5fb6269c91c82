/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "child.h"
#include "cleanup.h"
#include "supervisor.h"
#include "visit.h"

/*
 * Init=none: the first program that is started is PID 1, and later ones enter. All are children of
 * this process: row 0 is PID 1, from the first `begin` on.
 */

enum { LOCK_MS = 1000, REAP_MS = 200, AGAIN_MS = 5 };

/* PID 1 waits for it at its end of the set-up socket (init_bare.c). sock is owned when 0. */
static int begin_first(struct supervisor *s, int sock, struct ctr_error *err)
{
	autofd int report = -1;
	struct parent p;
	struct msg m;
	int r;

	if (s->nbare > 0)
		return err_set(err, CTR_E_BUSY, EBUSY, "start",
			       "the first process of container %s is being started", s->c.st.id);
	r = parent_open(&p, sock, &report);
	if (r < 0)
		return err_sys(err, r, "start", "pipe");
	p.pid = s->c.st.init.pid;
	msg_init(&m, "begin");
	msg_add_fd(&m, sock);
	msg_add_fd(&m, report);
	r = msg_send(s->c.sync, &m, 1000);
	if (r < 0) {
		cleanup_fd(&p.report);
		return err_sys(err, r, "start", "reach PID 1 of %s", s->c.st.id);
	}
	s->bare[s->nbare++] = p;
	return 0;
}

/* Under the lock, so that nobody pauses the container between the look and the step (MUST-4). */
static int begin_later(struct supervisor *s, int sock, bool locked, struct ctr_error *err)
{
	struct parent p = {.report = -1};
	autofd int lock = -1, report = -1;
	int r;

	if (s->nbare == BARE_MAX)
		return err_set(err, CTR_E_BUSY, EAGAIN, "start",
			       "as many programs were started here as may be");
	if (!locked)
		lock = state_lock(s->c.rootfd, s->c.st.id, LOCK_MS, err);
	if (!locked && lock < 0)
		return lock;
	r = parent_open(&p, sock, &report);
	if (r < 0)
		err_sys(err, r, "start", "pipe");
	else
		r = visit(s, &p, report, err);
	if (!locked)
		state_unlock(s->c.rootfd, s->c.st.id, &lock);
	if (r == 0) {
		s->bare[s->nbare++] = p;
		return 0;
	}
	cleanup_fd(&p.report);
	if (p.pid < 0) { /* PID 1 could not end before them */
		s->bare[s->nbare++] = (struct parent){
		    .sock = -1, .report = -1, .pidfd = -1, .pid = p.pid, .held = true};
		s->reap_at = child_now_ms() + REAP_MS;
	}
	return r;
}

int supervisor_begin(struct supervisor *s, struct msg *m, struct ctr_error *err)
{
	autofd int sock = -1, asker = -1;
	bool locked = str_equal(msg_get(m, "locked"), "1");
	int sv[2], r;

	if (s->kill_end)
		return err_set(err, CTR_E_NOT_RUNNING, ESRCH, "start", "container %s is ending",
			       s->c.st.id);
	if (!s->c.st.bare)
		return err_set(err, CTR_E_UNSUPPORTED, EINVAL, "start",
			       "PID 1 of container %s starts programs", s->c.st.id);
	r = msg_pair(sv);
	if (r < 0)
		return err_sys(err, r, "start", "socketpair");
	sock = sv[0];
	asker = sv[1];
	r = s->begun ? begin_later(s, sock, locked, err) : begin_first(s, sock, err);
	if (r < 0)
		return r;
	(void)take_fd(&sock); /* its row has it */
	msg_init(m, "ok");
	msg_add_fd(m, take_fd(&asker)); /* closed by the sender, supervisor_answer() */
	return 0;
}

/* What was started later leads a group; PID 1 is alone, and who started it may go. */
static void pass(struct parent *p, bool first)
{
	int sig = parent_hear(p);

	if (sig > 0)
		(void)kill(first ? p->pid : -p->pid, sig); /* ESRCH: it has ended meanwhile */
	if (sig != -ENOTCONN || first)
		return;
	(void)kill(-p->pid, SIGHUP);
	(void)kill(-p->pid, SIGCONT);
}

void supervisor_begin_reported(struct supervisor *s, size_t i)
{
	int r = parent_hear_report(&s->bare[i]);

	if (i > 0)
		return;
	if (r == 0) {
		s->begun = true;
		cleanup_fd(&s->c.sync);
	} else if (r == -ECANCELED) {
		s->nbare = 0; /* it waits for the next one */
	}
}

void supervisor_begin_heard(struct supervisor *s, size_t i)
{
	struct parent *p = &s->bare[i];

	if (p->report < 0) {
		pass(p, i == 0);
		return;
	}
	/* nobody waits for what it would become; it may be stopped inside, and keeps its row */
	(void)kill(p->pid, SIGKILL);
	cleanup_fd(&p->sock);
}

bool supervisor_begin_reap(struct supervisor *s, size_t i)
{
	struct parent *p = &s->bare[i];
	int status = 0;
	pid_t r;

	do {
		r = waitpid(p->pid, &status, WNOHANG | __WALL);
	} while (r > 0 && p->pid < 0); /* a group, to the last one */
	p->held = r == 0;
	if (p->held) {
		s->reap_at = child_now_ms() + REAP_MS;
		return false;
	}
	parent_exited(p, status);
	*p = s->bare[--s->nbare];
	return true;
}

void supervisor_begin_again(struct supervisor *s)
{
	s->reap_at = 0;
	for (size_t i = s->nbare; i-- > 0;)
		if (s->bare[i].held)
			(void)supervisor_begin_reap(s, i);
}

void supervisor_begin_wait(struct supervisor *s, unsigned int timeout_ms)
{
	uint64_t end = child_now_ms() + timeout_ms, now = 0;

	do {
		for (size_t i = s->nbare; i-- > 1;) {
			now = child_now_ms();
			if ((s->bare[i].pid < 0 ||
			     child_wait_exit(s->bare[i].pidfd,
					     now < end ? (unsigned int)(end - now) : 0) == 0) &&
			    !supervisor_begin_reap(s, i))
				(void)poll(NULL, 0, now < end ? AGAIN_MS : 0);
		}
	} while (s->nbare > 1 && now < end);
}

bool supervisor_begin_stop(struct supervisor *s)
{
	return s->begun && cg_frozen(&s->c.cg) == CG_THAWED &&
	       cg_signal(&s->c.cg, SIGTERM, 0, NULL) == 0;
}

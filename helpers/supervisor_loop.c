/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "record.h"
#include "supervisor.h"
#include "sys.h"
#include "trim.h"

enum { STOP_MARGIN_MS = 500, REMOVE_MS = 5000, LOCK_MS = 1000, KILL_MS = 2000, SETTLE_MS = 50 };

int supervisor_connect_init(struct supervisor *s)
{
	char path[108];
	int r =
	    str_format(path, sizeof(path), "/proc/%d/root/dev/.container/socket", s->c.st.init.pid);
	struct ucred peer;
	const struct userns *users = &s->c.users;
	uint32_t root = 0;
	autofd int fd = -1;

	/* in its user namespace root of the host is nobody, whom PID 1 would not obey */
	if (r == 0)
		fd = users->fd < 0 ? msg_connect_at(AT_FDCWD, path) : userns_connect(users, path);
	if (fd < 0)
		return r < 0 ? r : fd;
	if (users->fd >= 0 && idmap_outside(&users->uid, 0, &root) < 0)
		return -EPERM;
	/* MUST-5: the name may lie, the kernel's word on who listens does not */
	if (msg_peer_cred(fd, &peer) < 0 || peer.pid != s->c.st.init.pid || peer.uid != root)
		return -EPERM;
	return take_fd(&fd);
}

bool supervisor_only_init_is_left(struct supervisor *s)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;

	return cg_pids(&s->c.cg, &pids, &n, NULL) == 0 && n <= 1;
}

void supervisor_stop(struct supervisor *s, unsigned int grace_ms)
{
	autofd int fd = -1;
	struct msg m;

	if (s->kill_end)
		return;
	s->kill_end = child_now_ms();
	if (s->c.st.bare) {
		s->kill_end += grace_ms > 0 && supervisor_begin_stop(s) ? grace_ms : 0;
		return;
	}
	if (grace_ms == 0 || supervisor_only_init_is_left(s) || cg_frozen(&s->c.cg) != CG_THAWED)
		return;
	fd = supervisor_connect_init(s);
	msg_init(&m, "shutdown");
	msg_add(&m, "grace", "%u", grace_ms);
	if (fd >= 0 && msg_send(fd, &m, 100) == 0)
		s->kill_end += grace_ms + STOP_MARGIN_MS;
}

/* ---- sessions ---- */

/* As much of the login as the log wants. */
static struct login session_login(const struct session *e)
{
	struct login l = {.uid = e->uid, .pid = e->pid};

	memcpy(l.user, e->user, sizeof(l.user));
	memcpy(l.service, e->service, sizeof(l.service));
	memcpy(l.rhost, e->rhost, sizeof(e->rhost));
	return l;
}

static void end_session(struct supervisor *s, size_t i, const char *why)
{
	struct session *e = &s->sessions[i];
	struct login l = session_login(e);
	uint64_t us = state_now_us() - e->since_us;

	log_event(s, "end", &l, "duration_ms=%llu why=%s", (unsigned long long)us / 1000, why);
	session_end(e);
	s->sessions[i] = s->sessions[--s->nsessions];
	(void)!supervisor_allow_consoles(s, NULL); /* what stays allowed has no node inside */
	if (s->nsessions == 0)
		supervisor_watch(s);
}

static int admit_process(struct supervisor *s, struct session *e, struct msg *m,
			 struct ctr_error *err)
{
	autofd int pidfd = msg_take_fd(m, 0), lock = -1;
	struct msg ok;
	int r;

	if (m->cred.pid <= 0 || m->cred.uid != 0 || pidfd < 0)
		return err_set(err, CTR_E_DENIED, EPERM, "enter", "request is not root's");
	if (s->kill_end)
		return err_set(err, CTR_E_NOT_RUNNING, ESRCH, "enter", "container %s is ending",
			       s->c.st.id);
	lock = state_lock(s->c.rootfd, s->c.st.id, LOCK_MS, err);
	if (lock < 0)
		return lock;
	msg_init(&ok, "ok");
	r = cghome_read(m->cred.pid, &e->home);
	if (r < 0)
		err_sys(err, r, "enter", "read the cgroups of process %d", m->cred.pid);
	else
		r = supervisor_allow_consoles(s, err);
	if (r == 0)
		r = supervisor_let_in(s, e->sock, m->cred.pid, &ok, err);
	state_unlock(s->c.rootfd, s->c.st.id, &lock);
	if (r < 0)
		return r;
	cleanup_fd(&e->joined);
	e->joined = take_fd(&pidfd);
	e->joined_pid = m->cred.pid;
	return 0;
}

/*
 * A caller that joined by itself goes on after close_session: out of the container's groups it
 * goes, or it would die with them. Inside its PID namespace it can then still not fork.
 */
static void release_caller(struct supervisor *s, struct session *e)
{
	if (e->joined < 0 || e->joined_pid != e->pid)
		return;
	/* fails for one that has just exited, which is as good */
	(void)!cghome_return(&s->c.cg_facts, &e->home, e->pid, NULL);
}

/* Returns false when the session ended. */
static bool session_message(struct supervisor *s, size_t i)
{
	struct session *e = &s->sessions[i];
	struct ctr_error err;
	automsg struct msg m;
	int r = msg_recv(e->sock, &m, 0);

	if (r == -EAGAIN)
		return true;
	if (r < 0 || strcmp(msg_verb(&m), "close") == 0) {
		if (r == 0)
			release_caller(s, e);
		end_session(s, i, r < 0 ? "lost" : "close");
		return false;
	}
	if (strcmp(msg_verb(&m), "enter") != 0)
		return true;
	r = admit_process(s, e, &m, &err);
	if (r < 0) {
		struct login l = session_login(e);

		log_event(s, "refused", &l, "stage=%s error=\"%s\"", err.stage, err.text);
		supervisor_deny(e->sock, &err);
		return true;
	}
	msg_done(&m);
	msg_init(&m, "ok");
	(void)!msg_send(e->sock, &m, 100); /* a peer that went away shows by its pidfd */
	return true;
}

/* ---- the loop ---- */

enum { FIXED = 4, POLL_MAX = FIXED + CLIENT_MAX + 2 * SESSION_MAX + 3 * BARE_MAX };

static size_t fill(struct supervisor *s, struct pollfd *p)
{
	size_t n = 0;

	p[n++] = (struct pollfd){.fd = s->c.pidfd, .events = POLLIN};
	/* with all places taken the next ones wait in the queue of the socket */
	p[n++] =
	    (struct pollfd){.fd = s->c.control, .events = s->nclients < CLIENT_MAX ? POLLIN : 0};
	p[n++] = (struct pollfd){.fd = s->watch > 0 ? s->watch : -1, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = s->oom.fd, .events = POLLIN};
	for (size_t i = 0; i < s->nclients; i++)
		p[n++] = (struct pollfd){.fd = s->clients[i].sock, .events = POLLIN};
	for (size_t i = 0; i < s->nsessions; i++) {
		p[n++] = (struct pollfd){.fd = s->sessions[i].sock, .events = POLLIN};
		p[n++] = (struct pollfd){.fd = s->sessions[i].caller, .events = POLLIN};
	}
	for (size_t i = 0; i < s->nbare; i++) {
		const struct parent *b = &s->bare[i];

		/* until it executes the messages are its own, and PID 1 hears itself who goes */
		p[n++] = (struct pollfd){.fd = b->report, .events = POLLIN};
		p[n++] = (struct pollfd){.fd = i == 0 && b->report >= 0 ? -1 : b->sock,
					 .events = b->report >= 0 ? 0 : POLLIN};
		p[n++] = (struct pollfd){.fd = b->held ? -1 : b->pidfd, .events = POLLIN};
	}
	return n;
}

/* Backwards, so that the row that takes the place of an ended one was looked at already. */
static void dispatch(struct supervisor *s, const struct pollfd *p)
{
	const struct pollfd *clients = p + FIXED, *sessions = clients + s->nclients;
	const struct pollfd *bare = sessions + 2 * s->nsessions;

	for (size_t i = s->nbare; i-- > 0;) {
		if (bare[3 * i].revents)
			supervisor_begin_reported(s, i);
		else if (bare[3 * i + 1].revents)
			supervisor_begin_heard(s, i);
		if (bare[3 * i + 2].revents)
			(void)supervisor_begin_reap(s, i);
	}
	for (size_t i = s->nsessions; i-- > 0;) {
		if (sessions[2 * i].revents && !session_message(s, i))
			continue;
		if (sessions[2 * i + 1].revents)
			end_session(s, i, "caller-gone");
	}
	for (size_t i = s->nclients; i-- > 0;)
		if (clients[i].revents)
			supervisor_answer(s, i);
	if (p[1].revents)
		supervisor_accept(s);
	if (p[2].revents && s->watch > 0)
		supervisor_watch_heard(s);
	if (p[3].revents)
		supervisor_oom_heard(s);
}

static int timeout(const struct supervisor *s)
{
	uint64_t end = s->kill_end ? s->kill_end : s->linger_end, now = child_now_ms();

	if (s->watch_at && (!end || s->watch_at < end))
		end = s->watch_at;
	if (s->save_end && (!end || s->save_end < end))
		end = s->save_end;
	if (s->settle_at && (!end || s->settle_at < end))
		end = s->settle_at;
	if (s->trim_at && (!end || s->trim_at < end))
		end = s->trim_at;
	if (s->oom_at && (!end || s->oom_at < end))
		end = s->oom_at;
	if (s->reap_at && (!end || s->reap_at < end))
		end = s->reap_at;
	if (!end)
		return -1;
	return now < end ? (int)(end - now > 3600000 ? 3600000 : end - now) : 0;
}

/*
 * The record of a container that stays: as others left it, who change `started` and `text` under
 * the lock that is held now. One that can not be written reads as dead, and gc takes it.
 */
static void write_stopped(struct supervisor *s)
{
	struct state st;

	if (record_read(s->c.dirfd, s->c.st.id, &st, NULL) < 0)
		st = s->c.st;
	st.stopped = 1;
	st.exit_status = s->c.st.exit_status;
	st.oom_killed = s->c.st.oom_killed;
	(void)!record_write(s->c.dirfd, &st, NULL);
}

/* Who holds the lock may be waiting for an answer that does not come any more. */
static void hang_up(struct supervisor *s)
{
	cleanup_fd(&s->c.control);
	for (size_t i = s->nclients; i-- > 0;) {
		if (s->clients[i].waits)
			continue;
		cleanup_fd(&s->clients[i].sock);
		s->clients[i] = s->clients[--s->nclients];
	}
}

/*
 * Something inside can not die yet, and who made it so decides when (create_kill()). Meanwhile the
 * ID stays taken, as that of a stopped container that nobody joins, and its lock is free: the next
 * login gets another one (MUST-4).
 */
static void outwait(struct supervisor *s, int *lock)
{
	write_stopped(s);
	log_event(s, "stuck", NULL, "init=%d", s->c.st.init.pid);
	state_unlock(s->c.rootfd, s->c.st.id, lock);
	while (child_wait_exit(s->c.pidfd, s->nbare > 1 ? KILL_MS : 3600000) == -ETIMEDOUT)
		supervisor_begin_wait(s, 0);
	*lock = state_lock(s->c.rootfd, s->c.st.id, REMOVE_MS, NULL);
}

/* Removes everything; what is kept is the record of a container of the C API. */
static void finish(struct supervisor *s)
{
	autofd int lock = -1;
	struct msg m;

	/* who waits for this word holds the lock */
	if (s->nbare > 0 && s->bare[0].report >= 0)
		supervisor_begin_reported(s, 0);
	hang_up(s);
	lock = state_lock(s->c.rootfd, s->c.st.id, REMOVE_MS, NULL);
	supervisor_oom_ended(s); /* asked while there is a group */
	for (size_t i = s->nsessions; i-- > 0;)
		end_session(s, i, "container-ended");
	if (s->nbare > 1 && create_kill(&s->c, 0) == -ETIMEDOUT)
		supervisor_begin_wait(s, KILL_MS);
	if (create_kill(&s->c, KILL_MS) == -ETIMEDOUT)
		outwait(s, &lock);
	create_undo(&s->c, s->keep);
	if (s->keep)
		write_stopped(s);
	if (s->nbare > 0)
		parent_exited(&s->bare[0], s->c.st.exit_status);
	log_event(s, "stop", NULL, "status=%d", s->c.st.exit_status);
	if (lock >= 0)
		state_unlock(s->c.rootfd, s->c.st.id, &lock);
	msg_init(&m, "ok");
	supervisor_say_dumped(s, &m);
	for (size_t i = 0; i < s->nclients; i++)
		if (s->clients[i].waits)
			(void)!msg_send(s->clients[i].sock, &m, 100); /* it may have gone */
	supervisor_pre_drop(s);
	supervisor_sync(s);
}

static void end_of_linger(struct supervisor *s)
{
	if (s->kill_end)
		return;
	if (s->save_on_logout && !supervisor_only_init_is_left(s) && supervisor_save(s))
		return;
	supervisor_stop(s, (unsigned int)(s->stop_us / 1000));
}

/*
 * What takes some milliseconds and need not be done while who has asked for the container goes on
 * to use it, at once. On failure it stays where it was started.
 */
static void settle(struct supervisor *s)
{
	s->settle_at = 0;
	(void)!cg_attach_supervisor(&s->c.cg_facts, NULL);
	trim();
}

int supervisor_loop(struct supervisor *s)
{
	struct pollfd p[POLL_MAX];

	s->settle_at = child_now_ms() + SETTLE_MS;
	supervisor_drop_spent(s);
	supervisor_oom_watch(s);
	for (;;) {
		int n = poll(p, fill(s, p), timeout(s));

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && p[0].revents)
			break;
		if (n > 0)
			dispatch(s, p);
		if (!s->kill_end)
			supervisor_sync(s);
		if (s->settle_at && child_now_ms() >= s->settle_at)
			settle(s);
		if (s->trim_at && child_now_ms() >= s->trim_at) {
			s->trim_at = 0;
			trim();
		}
		if (s->nsessions > 0) {
			supervisor_watch_end(s);
			s->linger_end = 0;
		}
		if (s->oom_at && child_now_ms() >= s->oom_at)
			supervisor_oom_tell(s);
		if (s->reap_at && child_now_ms() >= s->reap_at)
			supervisor_begin_again(s);
		if (s->watch_at && child_now_ms() >= s->watch_at)
			supervisor_watch(s);
		if (s->save_end && child_now_ms() >= s->save_end) {
			s->save_end = 0;
			(void)!supervisor_save(s); /* else it goes on, detached */
		}
		if (s->linger_end && child_now_ms() >= s->linger_end)
			end_of_linger(s);
		if (s->kill_end && child_now_ms() >= s->kill_end)
			break;
	}
	finish(s);
	return 0;
}

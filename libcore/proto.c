/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "cleanup.h"
#include "msg.h"
#include "num.h"
#include "str.h"

static int seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0
		   ? -errno
		   : 0;
}

static void put(FILE *f, const char *key, const char *value)
{
	(void)fprintf(f, "%s=%s%c", key, value, 0); /* ferror() tells at the end */
}

static void put_user(FILE *f, const struct proto_start *p)
{
	(void)fprintf(f, "uid=%u%cgid=%u%c", p->uid, 0, p->gid, 0);
	for (size_t i = 0; i < p->ngroups; i++)
		(void)fprintf(f, "group=%u%c", p->groups[i], 0);
}

/* Set before the program runs: later it may have changed them itself. Speeds mean nothing on a pty.
 */
static void put_termios(FILE *f, const struct termios *t)
{
	(void)fprintf(f, "termios=%u,%u,%u,%u", t->c_iflag, t->c_oflag, t->c_cflag, t->c_lflag);
	for (size_t i = 0; i < NCCS; i++)
		(void)fprintf(f, ",%u", t->c_cc[i]);
	(void)fputc(0, f);
}

/* Arguments and environment may be long: they go in a memfd that PID 1 itself never reads. */
static int make_payload(const struct proto_start *p)
{
	autofd int fd = memfd_create("start", MFD_CLOEXEC | MFD_ALLOW_SEALING), copy = -1;
	autofile FILE *f = NULL;
	int r;

	if (fd < 0)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	f = copy >= 0 ? fdopen(copy, "w") : NULL;
	if (!f)
		return -errno;
	(void)take_fd(&copy);
	put(f, "file", p->file);
	put(f, p->cwd_must ? "cwd-must" : "cwd", p->cwd ? p->cwd : "/");
	if (p->umask >= 0)
		(void)fprintf(f, "umask=%o%c", (unsigned int)p->umask, 0);
	if (p->as_user)
		put_user(f, p);
	if (p->one)
		restrictone_put(p->one, f);
	if (p->terminal && p->termios)
		put_termios(f, p->termios);
	for (size_t i = 0; p->argv[i]; i++)
		put(f, "arg", p->argv[i]);
	for (size_t i = 0; p->env && p->env[i]; i++)
		put(f, "env", p->env[i]);
	if (fflush(f) != 0 || ferror(f))
		return -EIO;
	if (ftello(f) > PROTO_PAYLOAD_MAX)
		return -E2BIG;
	r = seal(fd);
	return r < 0 ? r : take_fd(&fd);
}

static int bad_answer(struct ctr_error *err)
{
	return err_set(err, CTR_E_SYSTEM, EBADMSG, "start", "the answer of PID 1 is bad");
}

static int gone(struct ctr_error *err)
{
	return err_set(err, CTR_E_NO_PROCESS, ESRCH, "start", "the container has ended");
}

static bool is_gone(int r)
{
	return r == -ENOTCONN || r == -EPIPE || r == -ECONNRESET;
}

static int take_error(const struct msg *m, struct ctr_error *err)
{
	struct ctr_error mine, *e = err ? err : &mine;

	if (msg_get_error(m, e) < 0)
		return bad_answer(err);
	return e->errnum ? -e->errnum : -EIO;
}

/* Its records, and its descriptors where it has a terminal. A PID 1 of before has no ring. */
static int take_session(struct msg *m, int terminal, struct proto_session *ret,
			struct ctr_error *err)
{
	struct proto_session s = PROTO_SESSION_NONE;
	uint64_t pid, name = 0, lead = 1;

	if (msg_get_u64(m, "pid", &pid) < 0 || pid > INT32_MAX || (terminal && m->nfds < 1))
		return bad_answer(err);
	(void)!msg_get_u64(m, "session", &name); /* absent: 0 */
	(void)!msg_get_u64(m, "lead", &lead);	 /* absent: who starts it reads it */
	if (name > UINT32_MAX)
		return bad_answer(err);
	s.pid = (pid_t)pid;
	s.name = (unsigned int)name;
	s.lead = lead == 1;
	if (terminal) {
		s.master = msg_take_fd(m, 0);
		s.ring = msg_take_fd(m, 1);
	}
	*ret = s;
	return 0;
}

static int hear(int sock, struct msg *m, const char *what, struct ctr_error *err)
{
	int r = msg_recv(sock, m, 30000);

	if (is_gone(r))
		return gone(err);
	return r < 0 ? err_sys(err, r, "start", "ask PID 1 to %s", what) : 0;
}

/* Sends m and receives the answer into it. */
static int ask(int sock, struct msg *m, const char *what, struct ctr_error *err)
{
	int r = msg_send(sock, m, 5000);

	m->nfds = 0; /* lent, not owned */
	if (is_gone(r))
		return gone(err);
	return r < 0 ? err_sys(err, r, "start", "ask PID 1 to %s", what) : hear(sock, m, what, err);
}

int proto_start(int sock, const struct proto_start *p, struct proto_session *ret,
		struct ctr_error *err)
{
	autofd int payload = make_payload(p), master = -1;
	automsg struct msg m;
	char what[64];
	int r;

	m.nfds = 0;
	if (payload < 0)
		return err_sys(err, payload, "start", "describe %s", p->file);
	msg_init(&m, "start");
	msg_add(&m, "terminal", "%d", p->terminal ? 1 : 0);
	msg_add(&m, "rows", "%u", p->rows);
	msg_add(&m, "cols", "%u", p->cols);
	msg_add_fd(&m, payload);
	for (int i = 0; !p->terminal && i < 3; i++)
		msg_add_fd(&m, p->fds[i]);
	for (size_t i = 0; i < p->nextra; i++)
		msg_add_fd(&m, p->extra[i]);
	(void)!str_format(what, sizeof(what), "start %.56s", p->file);
	r = ask(sock, &m, what, err);
	/* with Init=none the program makes it itself, before it is one */
	if (r == 0 && p->terminal && str_equal(msg_verb(&m), "terminal")) {
		master = msg_take_fd(&m, 0);
		msg_done(&m);
		r = hear(sock, &m, what, err);
	}
	if (r < 0)
		return r;
	if (str_equal(msg_verb(&m), "error"))
		return take_error(&m, err);
	if (!str_equal(msg_verb(&m), "started"))
		return bad_answer(err);
	r = take_session(&m, p->terminal && master < 0, ret, err);
	if (r == 0 && master >= 0)
		ret->master = take_fd(&master);
	return r;
}

/* ---- sessions that are there ---- */

static bool key_is(const char *key, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(key, want, len) == 0;
}

/* One record; a row begins with `session`. 0, -EBADMSG */
static int take_record(struct proto_list *list, const char *key, size_t len, const char *value)
{
	struct proto_row *row = list->n > 0 ? &list->rows[list->n - 1] : NULL;
	uint64_t v;

	if (num_u64(value, &v) < 0)
		return -EBADMSG;
	if (key_is(key, len, "total")) {
		list->total = v;
	} else if (key_is(key, len, "session")) {
		if (list->n == ARRAY_SIZE(list->rows) || v > UINT32_MAX)
			return -EBADMSG;
		list->rows[list->n++] = (struct proto_row){.name = (unsigned int)v};
	} else if (!row) {
		return -EBADMSG;
	} else if (key_is(key, len, "uid")) {
		row->uid = (uid_t)v;
	} else if (key_is(key, len, "pid")) {
		row->pid = (pid_t)v;
	} else if (key_is(key, len, "since")) {
		row->since_us = v;
	} else if (key_is(key, len, "attached")) {
		row->attached = v == 1;
	}
	return 0;
}

static int take_list(const struct msg *m, struct proto_list *ret, struct ctr_error *err)
{
	size_t pos = 0, len;
	const char *key, *value;

	ret->n = ret->total = 0;
	while (msg_next(m, &pos, &key, &len, &value))
		if (take_record(ret, key, len, value) < 0)
			return bad_answer(err);
	if (ret->total < ret->n)
		ret->total = ret->n;
	return 0;
}

int proto_attach(int sock, unsigned int name, struct proto_session *ret, struct proto_list *list,
		 struct ctr_error *err)
{
	automsg struct msg m;
	int r;

	m.nfds = 0;
	msg_init(&m, "attach");
	if (name)
		msg_add(&m, "session", "%u", name);
	else
		msg_add(&m, "session", "%s", "");
	r = ask(sock, &m, "attach a session", err);
	if (r < 0)
		return r;
	if (str_equal(msg_verb(&m), "none"))
		return PROTO_NONE;
	if (str_equal(msg_verb(&m), "error"))
		return take_error(&m, err);
	if (str_equal(msg_verb(&m), "choose")) {
		r = list ? take_list(&m, list, err) : 0;
		return r < 0 ? r : PROTO_CHOOSE;
	}
	if (!str_equal(msg_verb(&m), "attached"))
		return bad_answer(err);
	r = take_session(&m, 1, ret, err);
	return r < 0 ? r : PROTO_ATTACHED;
}

int proto_sessions(int sock, size_t from, struct proto_list *ret, struct ctr_error *err)
{
	automsg struct msg m;
	int r;

	m.nfds = 0;
	msg_init(&m, "sessions");
	msg_add(&m, "from", "%zu", from);
	r = ask(sock, &m, "list sessions", err);
	if (r < 0)
		return r;
	return str_equal(msg_verb(&m), "sessions") ? take_list(&m, ret, err) : bad_answer(err);
}

int proto_detach(int sock, unsigned int name, struct ctr_error *err)
{
	automsg struct msg m;
	int r;

	m.nfds = 0;
	msg_init(&m, "detach");
	msg_add(&m, "session", "%u", name);
	r = ask(sock, &m, "detach a session", err);
	if (r < 0)
		return r;
	if (str_equal(msg_verb(&m), "error"))
		return take_error(&m, err);
	return str_equal(msg_verb(&m), "ok") ? 0 : bad_answer(err);
}

/* ---- what is heard of one ---- */

static int take_news(const struct msg *m, struct proto_news *ret, struct ctr_error *err)
{
	const char *why = msg_get(m, "why");
	uint64_t v = 0;

	if (str_equal(msg_verb(m), "exited")) {
		if (msg_get_u64(m, "status", &v) < 0 || v > 0xffff)
			return bad_answer(err);
		*ret = (struct proto_news){.event = PROTO_EXITED, .status = (int)v};
	} else if (str_equal(msg_verb(m), "detached")) {
		(void)!msg_get_u64(m, "again", &v); /* absent: 0 */
		*ret = (struct proto_news){.event = PROTO_DETACHED,
					   .again = v == 1,
					   .checkpoint = why && str_equal(why, "checkpoint")};
	} else if (str_equal(msg_verb(m), "lead")) {
		*ret = (struct proto_news){.event = PROTO_LEAD};
	} else {
		return bad_answer(err);
	}
	return 0;
}

int proto_hear(int sock, int timeout_ms, struct proto_news *ret, struct ctr_error *err)
{
	automsg struct msg m;
	int r = msg_recv(sock, &m, timeout_ms);

	if (is_gone(r))
		return gone(err);
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "wait", "the process still runs");
	if (r < 0)
		return err_sys(err, r, "wait", "wait for the process");
	return take_news(&m, ret, err);
}

int proto_wait(int sock, int timeout_ms, int *ret_status, struct ctr_error *err)
{
	struct proto_news news;
	int r;

	do {
		r = proto_hear(sock, timeout_ms, &news, err);
	} while (r == 0 && news.event == PROTO_LEAD); /* of no interest to who only waits */
	if (r < 0)
		return r;
	if (news.event == PROTO_DETACHED)
		return err_set(err, CTR_E_NO_PROCESS, ECONNABORTED, "wait",
			       "the session was detached");
	*ret_status = news.status;
	return 0;
}

int proto_signal(int sock, int sig, struct ctr_error *err)
{
	struct msg m;
	int r;

	msg_init(&m, "signal");
	msg_add(&m, "sig", "%d", sig);
	r = msg_send(sock, &m, 1000);
	if (is_gone(r))
		return gone(err);
	return r < 0 ? err_sys(err, r, "signal", "pass on signal %d", sig) : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "cleanup.h"
#include "msg.h"
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

static int take_answer(struct msg *m, int terminal, pid_t *ret_pid, int *ret_master,
		       struct ctr_error *err)
{
	uint64_t pid;

	if (str_equal(msg_verb(m), "error")) {
		if (msg_get_error(m, err) < 0)
			return bad_answer(err);
		return err && err->errnum ? -err->errnum : -EIO;
	}
	if (!str_equal(msg_verb(m), "started") || msg_get_u64(m, "pid", &pid) < 0 ||
	    (terminal && m->nfds != 1))
		return bad_answer(err);
	*ret_pid = (pid_t)pid;
	if (terminal)
		*ret_master = msg_take_fd(m, 0);
	return 0;
}

int proto_start(int sock, const struct proto_start *p, pid_t *ret_pid, int *ret_master,
		struct ctr_error *err)
{
	autofd int payload = make_payload(p);
	automsg struct msg m;
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
	r = msg_send(sock, &m, 5000);
	m.nfds = 0; /* lent, not owned */
	if (r == 0)
		r = msg_recv(sock, &m, 30000);
	if (is_gone(r))
		return gone(err);
	if (r < 0)
		return err_sys(err, r, "start", "ask PID 1 to start %s", p->file);
	return take_answer(&m, p->terminal, ret_pid, ret_master, err);
}

int proto_wait(int sock, int timeout_ms, int *ret_status, struct ctr_error *err)
{
	automsg struct msg m;
	uint64_t status;
	int r = msg_recv(sock, &m, timeout_ms);

	if (is_gone(r))
		return gone(err);
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "wait", "the process still runs");
	if (r < 0)
		return err_sys(err, r, "wait", "wait for the process");
	if (!str_equal(msg_verb(&m), "exited") || msg_get_u64(&m, "status", &status) < 0 ||
	    status > 0xffff)
		return bad_answer(err);
	*ret_status = (int)status;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "init.h"
#include "num.h"
#include "proc.h"
#include "proto.h"
#include "str.h"

/* Between fork and exec: from PID 1's copy to the user's program. */

enum { GROUPS_MAX = 65536 };

/** struct task - what the payload asks for; strings point into the payload */
struct task {
	char *text;
	size_t len;
	const char *file, *cwd;
	char *termios;
	mode_t umask;
	bool root, outside; /* the peer is root; from outside */
	bool has_umask, has_user, has_one, cwd_must;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t ngroups;
	char **argv, **env;
	size_t argc, envc;
	char ssh_tty[32];
	struct restrictone one;
};

static int bad(struct ctr_error *err, const char *what)
{
	return err_set(err, CTR_E_SYSTEM, EBADMSG, "start", "payload: %s", what);
}

static int read_payload(int fd, struct task *t, struct ctr_error *err)
{
	const int want = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & want) != want || fstat(fd, &st) < 0)
		return bad(err, "not sealed");
	if (st.st_size <= 0 || st.st_size > PROTO_PAYLOAD_MAX)
		return bad(err, "empty or too large");
	t->len = (size_t)st.st_size;
	t->text = malloc(t->len);
	if (!t->text)
		return err_sys(err, ENOMEM, "start", "read the payload");
	if (pread(fd, t->text, t->len, 0) != st.st_size || t->text[t->len - 1] != '\0')
		return bad(err, "not ended by NUL");
	return 0;
}

/* Of a root peer alone: the others' groups are there already, and the kernel's (MUST-7). */
static int take_identity(struct task *t, const char *rec, struct ctr_error *err)
{
	const char *v;
	uint32_t id;
	int r = t->outside ? restrictone_take(rec, &t->one) : -ENOENT;

	if (r != -ENOENT) {
		t->has_one = true;
		return r < 0 ? bad(err, "limits") : 0;
	}
	if (t->root && str_has_prefix(rec, "uid=", &v)) {
		t->has_user = true;
		return num_id(v, &t->uid) < 0 ? bad(err, "uid") : 0;
	}
	if (t->root && str_has_prefix(rec, "gid=", &v))
		return num_id(v, &t->gid) < 0 ? bad(err, "gid") : 0;
	if (!t->root || !str_has_prefix(rec, "group=", &v))
		return bad(err, "unknown record");
	if (num_id(v, &id) < 0 || t->ngroups == GROUPS_MAX)
		return bad(err, "group");
	t->groups[t->ngroups++] = id;
	return 0;
}

static int take_record(struct task *t, char *rec, struct ctr_error *err)
{
	const char *v;

	if (str_has_prefix(rec, "arg=", &v)) {
		t->argv[t->argc++] = (char *)v;
	} else if (str_has_prefix(rec, "env=", &v)) {
		t->env[t->envc++] = (char *)v;
	} else if (str_has_prefix(rec, "file=", &v)) {
		t->file = v;
	} else if (str_has_prefix(rec, "cwd=", &v)) {
		t->cwd = v;
	} else if (str_has_prefix(rec, "termios=", &v)) {
		t->termios = (char *)v;
	} else if (str_has_prefix(rec, "cwd-must=", &v)) {
		t->cwd = v;
		t->cwd_must = true;
	} else if (str_has_prefix(rec, "umask=", &v)) {
		t->has_umask = true;
		return num_octal(v, &t->umask) < 0 ? bad(err, "umask") : 0;
	} else {
		return take_identity(t, rec, err);
	}
	return 0;
}

static int parse(struct task *t, size_t env_extra, struct ctr_error *err)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < t->len; i++)
		n += t->text[i] == '\0';
	t->argv = calloc(n + 1, sizeof(*t->argv));
	t->env = calloc(n + env_extra + 1, sizeof(*t->env));
	if (t->root)
		t->groups = calloc(n, sizeof(*t->groups));
	if (!t->argv || !t->env || (t->root && !t->groups))
		return err_sys(err, ENOMEM, "start", "read the payload");
	for (size_t at = 0; r == 0 && at < t->len; at += strlen(t->text + at) + 1)
		r = take_record(t, t->text + at, err);
	if (r == 0 && (!t->file || t->argc == 0))
		r = bad(err, "nothing to execute");
	return r;
}

/* MUST-7: who it becomes is what the kernel says of the peer; root alone may name another. */
static int identify(const struct conn *c, struct task *t, struct ctr_error *err)
{
	socklen_t len = GROUPS_MAX * sizeof(gid_t);

	if (t->has_user)
		return 0;
	t->uid = c->cred.uid;
	t->gid = c->cred.gid;
	free(t->groups);
	t->groups = malloc(len);
	if (!t->groups)
		return err_sys(err, ENOMEM, "start", "read the groups of the peer");
	if (getsockopt(c->sock, SOL_SOCKET, SO_PEERGROUPS, t->groups, &len) < 0)
		return err_sys(err, errno, "start", "read the groups of the peer");
	t->ngroups = len / sizeof(gid_t);
	return 0;
}

static int take_terminal(const struct start_request *req, uid_t uid, struct ctr_error *err)
{
	autofd int slave = ioctl(req->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return err_sys(err, errno, "terminal", "open the terminal");
	if (fchown(slave, uid, TTY_GID) < 0 || fchmod(slave, 0620) < 0)
		return err_sys(err, errno, "terminal", "give the terminal to uid %u", uid);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_sys(err, errno, "terminal", "take the controlling terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return err_sys(err, errno, "terminal", "place descriptor %d", fd);
	return 0;
}

/* sshd names the outer terminal, which does not exist here. */
static void name_terminal(const struct start_request *req, struct task *t)
{
	unsigned int n;

	if (ioctl(req->master, TIOCGPTN, &n) < 0 ||
	    str_format(t->ssh_tty, sizeof(t->ssh_tty), "SSH_TTY=/dev/pts/%u", n) < 0)
		return;
	for (size_t i = 0; i < t->envc; i++)
		if (str_has_prefix(t->env[i], "SSH_TTY=", NULL))
			t->env[i] = t->ssh_tty;
}

/* "IFLAG,OFLAG,CFLAG,LFLAG" and the control characters, each a decimal number (proto.c) */
static int set_termios(char *text, struct ctr_error *err)
{
	struct termios now;
	tcflag_t *const flags[] = {&now.c_iflag, &now.c_oflag, &now.c_cflag, &now.c_lflag};

	if (tcgetattr(STDIN_FILENO, &now) < 0)
		return err_sys(err, errno, "terminal", "read the terminal's settings");
	for (size_t i = 0; i < ARRAY_SIZE(flags) + NCCS; i++) {
		const char *word = strsep(&text, ",");
		uint32_t v;

		if (!word || num_id(word, &v) < 0)
			return bad(err, "termios");
		if (i < ARRAY_SIZE(flags))
			*flags[i] = v;
		else
			now.c_cc[i - ARRAY_SIZE(flags)] = (cc_t)v;
	}
	if (text || tcsetattr(STDIN_FILENO, TCSANOW, &now) < 0)
		return bad(err, "termios");
	return 0;
}

static int take_descriptors(const struct start_request *req, struct ctr_error *err)
{
	int high[3];

	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(req->fds[i], F_DUPFD_CLOEXEC, 10);
		if (high[i] < 0)
			return err_sys(err, errno, "start", "take descriptor %d", i);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return err_sys(err, errno, "start", "place descriptor %d", i);
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* KILL and STOP refuse */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static size_t count_env(const struct restrict_set *set)
{
	size_t n = 0;

	for (uint32_t i = 0; i < set->env_len; i++)
		n += set->env[i] == '\0';
	return n;
}

/* In place of what the login brought: of two equal names getenv(3) would find the login's. */
static void set_env(struct task *t, char *assignment)
{
	size_t n = strcspn(assignment, "=") + 1, i = 0;

	while (i < t->envc && strncmp(t->env[i], assignment, n) != 0)
		i++;
	t->env[i] = assignment;
	t->envc += i == t->envc;
}

static void add_env(const struct restrict_set *set, struct task *t)
{
	for (uint32_t at = 0; at < set->env_len; at += (uint32_t)strlen(set->env + at) + 1)
		set_env(t, (char *)set->env + at);
}

/* A shell goes on in / when its folder is not inside; who named a folder gets an error. */
static int enter_folder(const struct task *t, struct ctr_error *err)
{
	if (t->cwd && chdir(t->cwd) == 0)
		return 0;
	if (t->cwd_must)
		return err_sys(err, errno, "start", "change to folder %s", t->cwd);
	return chdir("/") < 0 ? err_sys(err, errno, "start", "change to folder /") : 0;
}

static int execute(struct task *t, struct ctr_error *err)
{
	const char *path = "/usr/local/bin:/usr/bin:/bin";

	for (size_t i = 0; i < t->envc; i++)
		(void)str_has_prefix(t->env[i], "PATH=", &path);
	if (setenv("PATH", path, 1) < 0)
		return err_sys(err, errno, "exec", "set PATH");
	(void)execvpe(t->file, t->argv, t->env);
	return err_sys(err, errno, "exec", "execute %s", t->file);
}

/* Other peers' connections and terminals are not this one's, nor held open by it. */
static int leave_table(const struct conn *c, const struct start_request *req, int report)
{
	int keep[] = {c->sock, req->master, report};

	for (size_t i = 0; i < 2; i++)
		for (size_t k = i + 1; k < ARRAY_SIZE(keep); k++)
			if (keep[k] < keep[i]) {
				int swap = keep[i];

				keep[i] = keep[k];
				keep[k] = swap;
			}
	return fd_close_except(keep, ARRAY_SIZE(keep));
}

/* The message that PID 1 has only looked at (init_conn.c). */
static int take_message(const struct conn *c, struct start_request *req, struct msg *m,
			struct ctr_error *err)
{
	size_t want = req->terminal ? 1 : 4; /* and what is to be passed on */
	int r = msg_recv(c->sock, m, 0);

	if (r < 0)
		return err_sys(err, r, "start", "take the message");
	if (m->nfds < want || m->nfds > want + PROTO_EXTRA_MAX)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "start", "want %zu descriptors, got %zu",
			       want, m->nfds);
	req->payload = m->fds[0];
	for (int i = 0; i < 3; i++)
		req->fds[i] = req->terminal ? -1 : m->fds[1 + i];
	for (size_t i = want; i < m->nfds; i++)
		req->extra[req->nextra++] = m->fds[i];
	return 0;
}

/* A process with sets and limits of its own has a copy of the restrictions, until it executes. */
static int limit(struct init *in, const struct task *t, int self, struct ctr_error *err)
{
	const struct restrict_set *all = in->restrictions;
	struct restrict_set *own;
	int r;

	if (!t->has_one)
		return restrict_limits(all, self, err);
	own = malloc(sizeof(*own));
	if (!own)
		return err_sys(err, ENOMEM, "start", "copy the restrictions");
	*own = *all;
	in->restrictions = own;
	r = restrictone_merge(&t->one, own, err);
	if (r == 0)
		r = restrict_limits(own, self, err);
	return r < 0 ? r : restrictone_check_limits(&t->one, all, err);
}

int init_run(struct init *in, const struct conn *c, struct start_request *req, int *report,
	     struct ctr_error *err)
{
	struct task t = {.root = c->cred.uid == 0, .outside = init_is_host_root(c)};
	struct restrict_user user;
	autofd int self = proc_self();
	int r;

	(void)setsid();				 /* cannot fail in a fresh child */
	r = take_message(c, req, &in->msg, err); /* in any case, or it is started again */
	if (r == 0 && self < 0)
		r = err_sys(err, self, "start", "look at this process, /proc is covered");
	/* a user's payload is read as that user: PID 1's privileges never meet his bytes */
	if (r == 0 && t.root)
		r = read_payload(req->payload, &t, err);
	if (r == 0 && t.root)
		r = parse(&t, count_env(in->restrictions), err);
	if (r == 0)
		r = identify(c, &t, err);
	if (r == 0)
		r = req->terminal ? take_terminal(req, t.uid, err) : take_descriptors(req, err);
	if (r < 0)
		return r;
	r = init_adopt(c, err);
	if (r == 0)
		r = limit(in, &t, self, err);
	user = (struct restrict_user){.uid = t.uid,
				      .gid = t.gid,
				      .groups = t.groups,
				      .ngroups = t.ngroups,
				      .bound = in->bare};
	if (r == 0)
		r = restrict_become(in->restrictions, &user, self, err);
	if (r == 0 && !t.root)
		r = read_payload(req->payload, &t, err);
	if (r == 0 && !t.root)
		r = parse(&t, count_env(in->restrictions), err);
	if (r == 0 && req->terminal && t.termios)
		r = set_termios(t.termios, err);
	if (r < 0)
		return r;
	if (req->terminal)
		name_terminal(req, &t);
	add_env(in->restrictions, &t);
	if (t.has_umask && !in->restrictions->umask_set)
		(void)umask(t.umask);
	r = enter_folder(&t, err);
	if (r < 0)
		return r;
	reset_signals();
	r = init_pass(req, report, err);
	return r < 0 ? r : execute(&t, err);
}

void init_child(struct init *in, const struct conn *c, struct start_request *req, int report)
{
	struct ctr_error err = {0};
	int r = leave_table(c, req, report);

	if (r < 0)
		err_sys(&err, r, "start", "close descriptors");
	if (r < 0 || init_run(in, c, req, &report, &err) < 0)
		_exit(fd_write_all(report, &err, sizeof(err)) < 0 ? 126 : 127);
	_exit(126);
}

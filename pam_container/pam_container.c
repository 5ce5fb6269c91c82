/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "args.h"
#include "attr.h"
#include "child.h"
#include "cleanup.h"
#include "door.h"
#include "enter.h"
#include "facts.h"
#include "helper.h"
#include "knock.h"
#include "proc.h"
#include "str.h"
#include "sys.h"

/*
 * The module. It runs inside sshd, login, su and cron as root; what can wait or fail in
 * interesting ways is in container-supervisor.
 *
 * MUST-1: a login that policy contains is inside, or refused with PAM_ABORT: sudo goes on after
 *         PAM_SESSION_ERR.
 * MUST-2: uid 0 passes before anything is read.
 * MUST-3: the caller is left as found; join moves it, close_session brings it back.
 * MUST-4: nothing here waits longer than timeout=.
 */

#define DATA_HOOK    "pam_container.hook"
#define DATA_SESSION "pam_container.session"

enum { EXIT_REFUSED = 254, REFUSED = -EREMOTEIO };

/** struct login - what open_session learned; kept by pam_set_data */
struct login {
	pid_t opener;
	int sock;	   /* session socket */
	uint64_t deadline; /* of the call that is under way, CLOCK_MONOTONIC ms */
	bool late, attach, inside;
	char shell[256];
	int fd[9];	   /* namespaces and the restrict blob, in the order of names[] */
	int door[MSG_FDS]; /* files of the container's cgroups, see enter() */
	size_t ndoor;
	bool has_door; /* came with the answer */
	struct enter_home home;
};

static const char *const names[] = {"mnt",    "pid",  "ipc",  "uts",	 "net",
				    "cgroup", "user", "time", "restrict"};

enum { SPACES = 8 }; /* the restrict blob comes after them */

/* What was needed to get in; a program that serves its user without exec keeps none of it. */
static void close_ways_in(struct login *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cleanup_fd(&l->fd[i]);
}

static void close_door(struct login *l)
{
	while (l->ndoor > 0)
		cleanup_fd(&l->door[--l->ndoor]);
}

/* Runs in every process that ends its copy of the handle, forked ones too: it only closes. */
static void login_free(pam_handle_t *pamh ATTR_UNUSED, void *data, int status ATTR_UNUSED)
{
	struct login *l = data;

	cleanup_fd(&l->sock);
	close_ways_in(l);
	close_door(l);
	enter_home_done(&l->home);
	free(l);
}

static struct login *login_new(void)
{
	struct login *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->opener = getpid();
	l->sock = -1;
	memset(l->fd, 0xff, sizeof(l->fd)); /* all -1 */
	memset(&l->home, 0xff, sizeof(l->home));
	return l;
}

static struct login *login_get(pam_handle_t *pamh)
{
	const void *data = NULL;

	return pam_get_data(pamh, DATA_SESSION, &data) == PAM_SUCCESS ? (struct login *)data : NULL;
}

/* One line, the same for every reason that is not the user's business (threats B9). */
static const char *plain_line(int code)
{
	if (code == CTR_E_PAUSED)
		return "Your session's container is paused; ask the administrator.";
	if (code == CTR_E_TIMEOUT || code == CTR_E_BUSY)
		return "Your session's container is not ready yet; try again in a moment.";
	return "This login is refused: its container can not be used now.";
}

/* r: what failed; what the supervisor refused (REFUSED, an errno that nothing else here gives) it
 * has logged itself. */
static int refuse(pam_handle_t *pamh, int flags, int r, const struct ctr_error *err)
{
	char user[80];

	str_escape(user, sizeof(user), facts_text(pamh, PAM_USER));
	if (r != REFUSED)
		pam_syslog(pamh, LOG_ERR, "event=refused user=%s stage=%s error=\"%s\"", user,
			   err->stage, err->text);
	if (!(flags & PAM_SILENT))
		(void)pam_error(pamh, "%s", plain_line(err->code));
	return PAM_ABORT;
}

/* ---- the supervisor's answer ---- */

static int bad_answer(struct ctr_error *err)
{
	return err_set(err, CTR_E_SYSTEM, EBADMSG, "answer", "the supervisor's answer is bad");
}

static void take_door(struct login *l, struct msg *m, size_t first)
{
	for (size_t i = first; i < m->nfds; i++)
		l->door[l->ndoor++] = msg_take_fd(m, i);
}

static int take_fds(struct login *l, struct msg *m, struct ctr_error *err)
{
	const char *list = msg_get(m, "ns");
	size_t next = 0;

	while (list && *list) {
		size_t len = strcspn(list, ","), i = 0;

		while (i < SPACES && (strlen(names[i]) != len || strncmp(names[i], list, len) != 0))
			i++;
		if (i == SPACES || l->fd[i] >= 0 || next >= m->nfds)
			return bad_answer(err);
		l->fd[i] = msg_take_fd(m, next++);
		list += len + (list[len] == ',');
	}
	l->fd[SPACES] = msg_take_fd(m, next++);
	l->has_door = msg_get(m, "door") != NULL;
	if (l->has_door)
		take_door(l, m, next);
	/* MUST-1: without a mount and a PID namespace and restrictions there are no walls */
	if (next + l->ndoor != m->nfds || l->fd[0] < 0 || l->fd[1] < 0 || l->fd[SPACES] < 0)
		return bad_answer(err);
	return 0;
}

/* 0: contained, l is filled; 1: stays on the host; -errno: refused. */
static int take_answer(struct login *l, struct msg *m, struct ctr_error *err)
{
	const char *entry = msg_get(m, "entry"), *shell = msg_get(m, "shell");
	uint64_t attach;

	if (str_equal(msg_verb(m), "host"))
		return 1;
	if (str_equal(msg_verb(m), "denied")) {
		if (msg_get_error(m, err) < 0)
			return bad_answer(err);
		return REFUSED;
	}
	if (!str_equal(msg_verb(m), "contained") || !entry || !shell ||
	    msg_get_u64(m, "attach", &attach) < 0 ||
	    str_copy(l->shell, sizeof(l->shell), shell) < 0)
		return bad_answer(err);
	l->late = str_equal(entry, "late");
	l->attach = attach == 1;
	return take_fds(l, m, err);
}

/* Milliseconds until the deadline; 0 when it has passed (MUST-4). */
static int left(const struct login *l)
{
	uint64_t now = child_now_ms();

	return now < l->deadline ? (int)(l->deadline - now) : 0;
}

/* From the supervisor that is executed for this login; m is the login, then its answer. */
static int hear_helper(const struct args *a, struct login *l, bool will_join, struct msg *m,
		       struct ctr_error *err)
{
	int r;

	l->sock = helper_start(a, m, err);
	m->nfds = 0; /* lent */
	if (l->sock < 0)
		return l->sock;
	/* made use of the time until the answer */
	if (will_join && l->home.mnt_fd < 0 && enter_remember(&l->home, err) < 0)
		return -EIO;
	r = msg_recv(l->sock, m, left(l));
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "answer", "no answer within %u ms",
			       a->timeout_ms);
	return r < 0 ? err_sys(err, r, "answer", "talk to container-supervisor") : 0;
}

/* From a living supervisor, which may have none. m stays the login; 0: the answer is there. */
static int hear_recent(const struct args *a, struct login *l, bool will_join, struct msg *m,
		       struct msg *answer)
{
	int r = l->sock = knock_start(a, m);

	if (r < 0)
		return r;
	if (will_join)
		(void)!enter_remember(&l->home, NULL); /* hear_helper() and join() tell why */
	r = knock_answer(l->sock, answer, left(l));
	/* whatever is promised from now on nobody hears: a session of that socket ends with it */
	if (r < 0)
		cleanup_fd(&l->sock);
	return r;
}

static int ask(pam_handle_t *pamh, const struct args *a, struct login *l, struct ctr_error *err)
{
	const void *hook = NULL;
	autofd int self = sys_pidfd_open(getpid(), 0);
	automsg struct msg m, answer;
	bool seen = pam_get_data(pamh, DATA_HOOK, &hook) == PAM_SUCCESS;
	int r;

	m.nfds = answer.nfds = 0;
	if (self < 0)
		return err_sys(err, self, "facts", "open a pidfd");
	r = facts_collect(pamh, seen, &m, err);
	if (r < 0)
		return r;
	msg_add(&m, "timeout", "%d", left(l));
	msg_add_fd(&m, self);
	if (hear_recent(a, l, !seen, &m, &answer) == 0) {
		m.nfds = 0; /* lent */
		return take_answer(l, &answer, err);
	}
	r = hear_helper(a, l, !seen, &m, err);
	return r < 0 ? r : take_answer(l, &m, err);
}

/* ---- entering ---- */

/* The answer, which must be `ok`. */
static int take_ok(const struct login *l, struct msg *m, struct ctr_error *err)
{
	int r = msg_recv(l->sock, m, left(l));

	if (r < 0)
		return err_sys(err, r, "enter", "ask the supervisor to be let in");
	if (str_equal(msg_verb(m), "ok"))
		return 0;
	return msg_get_error(m, err) < 0 ? bad_answer(err) : REFUSED;
}

/* The supervisor opens the control groups; this process steps in by itself (cg.h). */
static int ask_for_door(struct login *l, struct ctr_error *err)
{
	autofd int self = sys_pidfd_open(getpid(), 0);
	automsg struct msg m;
	int r;

	m.nfds = 0;
	if (self < 0)
		return err_sys(err, self, "enter", "open a pidfd");
	msg_init(&m, "enter");
	msg_add_fd(&m, self);
	r = msg_send(l->sock, &m, left(l));
	m.nfds = 0; /* lent */
	if (r < 0)
		return err_sys(err, r, "enter", "ask the supervisor to be let in");
	r = take_ok(l, &m, err);
	if (r == 0)
		take_door(l, &m, 0);
	return r;
}

/* Who joins got the door with the answer. What the supervisor says to `entered` is read later. */
static int step_in(struct login *l, struct ctr_error *err)
{
	int r = l->has_door ? 0 : ask_for_door(l, err);
	struct msg m;

	if (r == 0)
		r = door_pass(l->door, l->ndoor, err);
	close_door(l);
	if (r < 0)
		return r;
	msg_init(&m, "entered");
	r = msg_send(l->sock, &m, left(l));
	return r < 0 ? err_sys(err, r, "enter", "tell the supervisor") : 0;
}

static int enter(struct login *l, const char *const *keep, struct ctr_error *err)
{
	struct enter_plan plan = {.mnt_fd = l->fd[0],
				  .pid_fd = l->fd[1],
				  .ipc_fd = l->fd[2],
				  .uts_fd = l->fd[3],
				  .net_fd = l->fd[4],
				  .cgroup_fd = l->fd[5],
				  .user_fd = l->fd[6],
				  .time_fd = l->fd[7],
				  .restrict_fd = l->fd[SPACES],
				  .shell = l->attach ? l->shell : NULL,
				  .keep_files = keep};
	automsg struct msg m;
	int r = step_in(l, err), ms = left(l);

	m.nfds = 0;
	if (r == 0)
		r = enter_container(&plan, err);
	if (plan.time_fd >= 0)
		l->deadline = child_now_ms() + (uint64_t)ms; /* the clock is another one now */
	/* it looked meanwhile whether this process is in the groups (MUST-1) */
	return r < 0 ? r : take_ok(l, &m, err);
}

/* PAM_TTY is a name that the program chose: only a terminal is shown inside, no other node. */
static bool is_terminal(const char *path)
{
	autofd int fd = -1;

	if (!str_has_prefix(path, "/dev/", NULL) || strstr(path, ".."))
		return false;
	fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && isatty(fd);
}

/* login and su write these by name after open_session, and log by /dev/log. */
static int join(pam_handle_t *pamh, struct login *l, struct ctr_error *err)
{
	const char *tty = facts_text(pamh, PAM_TTY), *own;
	const char *keep[] = {
	    "/run/utmp", "/var/log/wtmp", "/var/log/lastlog", "/dev/log", NULL, NULL, NULL};
	char path[64];
	size_t n = 4;
	int r;

	if (isatty(STDIN_FILENO) && (own = ttyname(STDIN_FILENO)))
		keep[n++] = own;
	if (*tty != '/' && str_format(path, sizeof(path), "/dev/%s", tty) == 0)
		tty = path;
	if (is_terminal(tty) && !str_equal(tty, keep[4]))
		keep[n++] = tty;
	r = l->home.mnt_fd < 0 ? enter_remember(&l->home, err) : 0;
	if (r < 0)
		return r;
	r = enter(l, keep, err);
	if (r < 0)
		(void)!enter_leave(&l->home, NULL); /* as far as it got */
	l->inside = r == 0;
	return r;
}

/*
 * Is this process in a container already (su in a session)? Only PID 1 of a container listens
 * there, and the kernel says who does: nobody else is pid 1 of our own PID namespace.
 */
static bool in_container(void)
{
	autofd int sock = msg_connect_at(AT_FDCWD, "/dev/.container/socket");
	struct ucred peer;

	return sock >= 0 && msg_peer_cred(sock, &peer) == 0 && peer.pid == 1 && peer.uid == 0;
}

/* ---- what libpam calls ---- */

ATTR_PUBLIC int pam_sm_authenticate(pam_handle_t *pamh ATTR_UNUSED, int flags ATTR_UNUSED,
				    int argc ATTR_UNUSED, const char **argv ATTR_UNUSED)
{
	return PAM_IGNORE;
}

/* In the opener: remember that the hook is there. In the child that runs user code: enter. */
ATTR_PUBLIC int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	static char mark; /* its address is the datum */
	struct login *l = login_get(pamh);
	struct ctr_error err;
	struct args a;
	int r;

	if (flags & PAM_DELETE_CRED)
		return PAM_IGNORE;
	if (!l) {
		(void)pam_set_data(pamh, DATA_HOOK, &mark, NULL); /* without: join is used */
		return PAM_IGNORE;
	}
	if (!l->late || l->inside || l->opener == getpid() || enter_is_inside(l->fd[1]) == 1)
		return PAM_IGNORE;
	args_parse(argc, argv, &a);
	l->deadline = child_now_ms() + a.timeout_ms;
	r = enter(l, NULL, &err);
	if (r < 0) {
		/* sshd goes on after a failure here when the key was public (MUST-1) */
		(void)refuse(pamh, flags | PAM_SILENT, r, &err);
		_exit(EXIT_REFUSED);
	}
	l->inside = true;
	/* MUST-6: internal-sftp is this process; the opener has its own */
	close_ways_in(l);
	cleanup_fd(&l->sock);
	return PAM_IGNORE;
}

static int open_session(pam_handle_t *pamh, const struct args *a, struct ctr_error *err)
{
	struct login *l;
	int r = proc_thread_count();

	if (a->bad)
		return err_set(err, CTR_E_CONFIG, EINVAL, "arguments", "unknown argument %s",
			       a->bad);
	/* who could not leave a container, by its filter, does not see itself in /proc */
	if (r < 0)
		return err_sys(err, r, "threads", "count the program's threads");
	if (r != 1)
		return err_set(err, CTR_E_UNSUPPORTED, EBUSY, "threads",
			       "the program has %d threads, namespaces want one", r);
	l = login_new();
	if (!l)
		return err_sys(err, ENOMEM, "open", "allocate");
	l->deadline = child_now_ms() + a->timeout_ms;
	r = ask(pamh, a, l, err);
	if (r == 0 && !l->late)
		r = join(pamh, l, err);
	if (r == 0 && pam_set_data(pamh, DATA_SESSION, l, login_free) != PAM_SUCCESS) {
		if (l->inside)
			(void)!enter_leave(&l->home, NULL); /* refused anyway */
		r = err_sys(err, ENOMEM, "open", "keep the session's data");
	}
	if (r != 0)
		login_free(pamh, l, 0);
	return r;
}

ATTR_PUBLIC int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct ctr_error err = {.text = "unknown"};
	struct args a;
	uid_t uid;
	int r;

	/* MUST-2 */
	if (facts_uid(pamh, &uid) == PAM_SUCCESS && uid == 0)
		return PAM_SUCCESS;
	/* a second line in one stack, by @include; or a program inside, whose walls hold already */
	if (login_get(pamh) || in_container())
		return PAM_SUCCESS;
	args_parse(argc, argv, &a);
	r = open_session(pamh, &a, &err);
	return r < 0 ? refuse(pamh, flags, r, &err) : PAM_SUCCESS;
}

ATTR_PUBLIC int pam_sm_close_session(pam_handle_t *pamh, int flags ATTR_UNUSED,
				     int argc ATTR_UNUSED, const char **argv ATTR_UNUSED)
{
	struct login *l = login_get(pamh);
	struct msg m;

	if (!l || l->opener != getpid())
		return PAM_SUCCESS;
	/* a filter may forbid the way back: then the process ends where it is */
	if (l->inside)
		(void)!enter_leave(&l->home, NULL);
	msg_init(&m, "close");
	(void)!msg_send(l->sock, &m, 100); /* the caller's end says the same later */
	(void)pam_set_data(pamh, DATA_SESSION, NULL, NULL);
	return PAM_SUCCESS;
}

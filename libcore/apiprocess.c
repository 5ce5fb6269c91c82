/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "api.h"
#include "cleanup.h"
#include "compile.h"
#include "console.h"
#include "envlist.h"
#include "path.h"
#include "proto.h"
#include "record.h"

#define ROOT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define USER_PATH "PATH=/usr/local/bin:/usr/bin:/bin"

enum { NULL_MAJOR = 1, NULL_MINOR = 3 };

/* ---- the supervisor and PID 1 ---- */

static int gone(const char *id, struct ctr_error *err)
{
	return err_set(err, CTR_E_NOT_RUNNING, ESRCH, "control",
		       "the supervisor of container %s is gone", id);
}

int api_control(const struct ctr_container *c, struct ctr_error *err)
{
	autofd int dir = state_open_dir(c->rootfd, c->id, err);
	int fd;

	if (dir < 0)
		return dir;
	fd = msg_connect_at(dir, "control");
	if (fd == -ECONNREFUSED || fd == -ENOENT)
		return gone(c->id, err);
	return fd < 0 ? err_sys(err, fd, "control", "reach the supervisor of container %s", c->id)
		      : fd;
}

int api_ask(int control, struct msg *m, struct ctr_error *err)
{
	return api_ask_for(control, m, NULL, API_ANSWER_MS, err);
}

int api_ask_for(int control, struct msg *m, struct api_watch *w, int timeout_ms,
		struct ctr_error *err)
{
	struct ctr_error mine = {0}, *e = err ? err : &mine;
	int r = msg_send(control, m, API_ANSWER_MS);

	m->nfds = 0; /* lent */
	if (r == 0 && w)
		api_watch_wait(w, control, (unsigned int)timeout_ms);
	if (r == 0)
		r = msg_recv(control, m, timeout_ms);
	if (r == -ETIMEDOUT)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "control",
			       "no answer of the supervisor within %d ms", timeout_ms);
	if (r == -ENOTCONN || r == -EPIPE || r == -ECONNRESET)
		return err_set(err, CTR_E_NOT_RUNNING, ESRCH, "control",
			       "the supervisor hung up: the container is ending");
	if (r < 0)
		return err_sys(err, r, "control", "ask the supervisor");
	if (strcmp(msg_verb(m), "ok") == 0)
		return 0;
	msg_done(m);
	if (msg_get_error(m, e) < 0 || e->errnum <= 0)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "control",
			       "the supervisor's answer is bad");
	return -e->errnum;
}

static int connect_by(const struct ctr_container *c, const char *verb, bool locked,
		      struct ctr_error *err)
{
	autofd int control = api_control(c, err);
	automsg struct msg m;
	int r, fd;

	m.nfds = 0;
	if (control < 0)
		return control;
	msg_init(&m, verb);
	msg_add(&m, "locked", "%d", locked);
	r = api_ask(control, &m, err);
	if (r < 0)
		return r;
	fd = msg_take_fd(&m, 0);
	return fd >= 0 ? fd
		       : err_set(err, CTR_E_SYSTEM, EBADMSG, "control",
				 "the supervisor's answer is bad");
}

int api_connect(const struct ctr_container *c, struct ctr_error *err)
{
	return connect_by(c, "connect", false, err);
}

/* locked: by the caller, whom the supervisor would wait for else */
static int begin(const struct ctr_container *c, bool locked, struct ctr_error *err)
{
	return connect_by(c, "begin", locked, err);
}

/* ---- what to start ---- */

/** struct plan - a process as PID 1 wants to hear of it, and what has to be released */
struct plan {
	struct proto_start start;
	struct api_user user;
	char *home, *name, *shell; /* default environment */
	const char *env[5], **own; /* own: the caller's, settled */
	struct restrictone one;
	int console;
	int null; /* /dev/null of the container, -1 until needed */
};

static void plan_done(struct plan *p)
{
	api_user_done(&p->user);
	free(p->home);
	free(p->name);
	free(p->shell);
	free(p->own);
	cleanup_fd(&p->null);
	cleanup_fd(&p->console);
}

#define autoplan __attribute__((cleanup(plan_done)))

static int default_environment(struct plan *p, struct ctr_error *err)
{
	p->home = str_dup_format("HOME=%s", p->user.home);
	p->name = str_dup_format("USER=%s", p->user.name);
	p->shell = str_dup_format("SHELL=%s", p->user.shell);
	if (!p->home || !p->name || !p->shell)
		return err_sys(err, ENOMEM, "start", "make an environment");
	p->env[0] = p->user.uid == 0 ? ROOT_PATH : USER_PATH;
	p->env[1] = p->home;
	p->env[2] = p->name;
	p->env[3] = p->shell;
	p->start.env = p->env;
	return 0;
}

/*
 * The container's own: a descriptor of the host's would lead out (MUST-6), and keep CRIU from
 * dumping. What the path leads to is opened when it is the device (MUST-5): root inside may have
 * put a node of another one there, whose open acts on the host, or a terminal.
 */
static int open_null(const struct api_view *v, int *ret, struct ctr_error *err)
{
	char path[64];
	autofd int root = -1, at = -1, fd = -1;
	struct stat st;

	if (str_format(path, sizeof(path), "/proc/%d/root", v->st.init.pid) == 0)
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 && (errno == ENOENT || errno == ESRCH)) /* an exiting process has no root */
		return machine_check(MACHINE_START, CTR_STOPPED, v->st.id, err);
	at = root < 0 ? -errno : path_open_in(root, "/dev/null", O_PATH);
	if (at < 0)
		return err_sys(err, at, "start", "open /dev/null of container %s", v->st.id);
	if (fstat(at, &st) < 0 || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(NULL_MAJOR, NULL_MINOR))
		return err_set(err, CTR_E_SYSTEM, EPERM, "start",
			       "/dev/null of container %s is not what it should be", v->st.id);
	if (str_format(path, sizeof(path), "/proc/self/fd/%d", at) == 0)
		fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "start", "open /dev/null of container %s", v->st.id);
	*ret = take_fd(&fd);
	return 0;
}

/*
 * A pipe is its maker's, so the user could not open /dev/stdout, as scripts do. Given away are
 * pipes that have no name alone: a file would be another's, on the host, for good.
 */
static int give_pipe(int fd, const struct api_user *user, struct ctr_error *err)
{
	struct statfs fs;

	if (fcntl(fd, F_GETFD) < 0)
		return err_sys(err, errno, "start", "pass on descriptor %d", fd);
	/* asked first of the descriptor: a file system may not answer */
	if (fcntl(fd, F_GETPIPE_SZ) < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != PIPEFS_MAGIC ||
	    fchown(fd, user->uid, user->gid) == 0)
		return 0;
	return err_sys(err, errno, "start", "give pipe %d to uid %u", fd, user->uid);
}

static int plan_descriptors(const struct api_view *v, const struct ctr_process_spec *spec,
			    struct plan *p, struct ctr_error *err)
{
	const int given[3] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd};

	for (int i = 0; i < 3; i++) {
		int r = 0;

		if (given[i] < 0 && p->null < 0)
			r = open_null(v, &p->null, err);
		if (r == 0 && given[i] >= 0)
			r = give_pipe(given[i], &p->user, err);
		if (r < 0)
			return r;
		p->start.fds[i] = given[i] < 0 ? p->null : given[i];
	}
	return 0;
}

static int settle_environment(struct plan *p, const char *const *env, struct ctr_error *err)
{
	p->home = str_dup_format("HOME=%s", p->user.home);
	p->own = p->home ? envlist_make(env, p->home) : NULL;
	p->start.env = p->own;
	return p->own ? 0 : err_sys(err, ENOMEM, "start", "make an environment");
}

/* A value takes the place of the definition's, as an empty one before it does in a file. */
static int apply_setting(struct spec *spec, const char *key, const char *value,
			 struct ctr_error *err)
{
	int r = 0;

	if (!value)
		return err_set(err, CTR_E_CONFIG, EINVAL, "start", "%.80s has no value", key);
	if (*value != '~')
		r = spec_set(spec, "Exec", key, "", err);
	if (r == 0)
		r = spec_set(spec, "Exec", key, value, err);
	if (r == 0 && !str_has_prefix(key, "Limit", NULL) &&
	    !str_has_prefix(key, "Capability", NULL) && strcmp(key, "AmbientCapabilities") != 0)
		r = err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "start",
			    "%s is the same for all processes of a container", key);
	return r;
}

static int plan_settings(const struct api_view *v, const char *const *settings, struct plan *p,
			 struct ctr_error *err)
{
	autospec struct spec *all = NULL, *spec = NULL;
	int r = api_definition(&v->st, &all, err);

	if (r == 0)
		r = api_definition(&v->st, &spec, err);
	for (size_t i = 0; r == 0 && settings[i]; i += 2)
		r = apply_setting(spec, settings[i], settings[i + 1], err);
	if (r == 0)
		r = restrict_compile_one(spec, all, &p->one, err);
	p->start.one = &p->one;
	return r;
}

/* Before anything runs: what can not be passed on starts nothing. */
static int plan_more(const struct ctr_process_spec *spec, struct plan *p, struct ctr_error *err)
{
	if (spec->n_extra_fds > PROTO_EXTRA_MAX)
		return err_set(err, CTR_E_CONFIG, E2BIG, "start", "more than %d extra descriptors",
			       PROTO_EXTRA_MAX);
	for (size_t i = 0; i < spec->n_extra_fds; i++)
		if (fcntl(spec->extra_fds[i], F_GETFD) < 0)
			return err_sys(err, errno, "start", "pass on descriptor %d",
				       spec->extra_fds[i]);
	p->start.extra = spec->extra_fds;
	p->start.nextra = spec->n_extra_fds;
	if (!spec->console_socket)
		return 0;
	if (!spec->terminal)
		return err_set(err, CTR_E_CONFIG, EINVAL, "start",
			       "a console socket is for a process with a terminal");
	p->console = console_connect(spec->console_socket, err);
	return p->console < 0 ? p->console : 0;
}

static int make_plan(const struct api_view *v, const struct ctr_process_spec *spec, struct plan *p,
		     struct ctr_error *err)
{
	int r;

	if (!spec->argv || !spec->argv[0])
		return err_set(err, CTR_E_CONFIG, EINVAL, "start", "argv is empty");
	if (spec->cwd && spec->cwd[0] != '/')
		return err_set(err, CTR_E_CONFIG, EINVAL, "start",
			       "cwd '%.200s' is not an absolute path", spec->cwd);
	r = api_user_find(spec->user, &p->user, err);
	if (r < 0)
		return r;
	p->start = (struct proto_start){.file = spec->file ? spec->file : spec->argv[0],
					.argv = spec->argv,
					.env = spec->env,
					.cwd = spec->cwd ? spec->cwd : p->user.home,
					.cwd_must = spec->cwd != NULL,
					.umask = -1,
					.as_user = 1,
					.uid = p->user.uid,
					.gid = p->user.gid,
					.groups = p->user.groups,
					.ngroups = p->user.ngroups,
					.terminal = spec->terminal,
					.rows = spec->rows,
					.cols = spec->cols,
					.fds = {-1, -1, -1}};
	r = spec->env ? settle_environment(p, spec->env, err) : default_environment(p, err);
	if (r == 0)
		r = plan_more(spec, p, err);
	if (r == 0 && spec->settings && spec->settings[0])
		r = plan_settings(v, spec->settings, p, err);
	if (r == 0 && !spec->terminal)
		r = plan_descriptors(v, spec, p, err);
	return r;
}

/* ---- the start ---- */

/* @sock: to PID 1, or to the process that is to become the program; owned by p */
static int start(const struct ctr_container *c, int sock, const struct proto_start *what,
		 struct ctr_process *p, struct ctr_error *err)
{
	struct api_view v;
	int r;

	p->sock = sock;
	if (p->sock < 0)
		return p->sock;
	r = proto_start(p->sock, what, &p->session, err);
	/* paused after it was looked at: it is not started when the connection closes now */
	if (r == -ETIMEDOUT && api_look(c, &v, NULL) == 0)
		r = machine_check(MACHINE_START, v.status, c->id, err) < 0 ? -err->errnum : r;
	return r;
}

static int mark_started(const struct ctr_container *c, struct api_view *v, struct ctr_error *err)
{
	autofd int dir = state_open_dir(c->rootfd, c->id, err);

	if (dir < 0)
		return dir;
	v->st.started = 1;
	return record_write(dir, &v->st, err);
}

/*
 * The first process makes the container running, which others must see: until that stands in the
 * record the lock is held, so that nobody destroys a container as merely created meanwhile.
 */
static int start_first(const struct ctr_container *c, const struct proto_start *what,
		       struct ctr_process *p, struct ctr_error *err)
{
	autolock struct api_lock lock = {0};
	struct api_view v;
	int r = api_lock_check(c, MACHINE_START, &lock, &v, err);

	if (r == 0)
		r = start(c, v.st.bare ? begin(c, true, err) : api_connect(c, err), what, p, err);
	if (r == 0 && !v.st.started)
		r = mark_started(c, &v, err);
	return r;
}

int ctr_start(struct ctr_container *c, const struct ctr_process_spec *spec,
	      struct ctr_process **ret, struct ctr_error *err)
{
	struct ctr_error mine = {0}, *e = err ? err : &mine;
	autoplan struct plan plan = {.null = -1, .console = -1};
	struct ctr_process *p;
	struct api_view v;
	int r = api_check(c, MACHINE_START, &v, e);

	if (r == 0)
		r = make_plan(&v, spec, &plan, e);
	if (r < 0)
		return api_why(c, MACHINE_START, r, e);
	r = api_process_new(c, &p, e);
	if (r < 0)
		return r;
	if (!v.st.started)
		r = start_first(c, &plan.start, p, e);
	else
		r = start(c, v.st.bare ? begin(c, false, e) : api_connect(c, e), &plan.start, p, e);
	if (r == 0 && plan.console >= 0)
		r = console_send(plan.console, p->session.master, e);
	if (r < 0) {
		ctr_process_free(p);
		/* a PID 1 that could not become that program is gone, for the reason in e */
		return v.st.bare && !v.st.started ? r : api_why(c, MACHINE_START, r, e);
	}
	if (plan.console >= 0)
		cleanup_fd(&p->session.master); /* another one's from now on */
	*ret = p;
	return 0;
}

/* ---- the process object ---- */

pid_t ctr_process_pid(const struct ctr_process *p)
{
	return p->session.pid;
}

int ctr_process_terminal(const struct ctr_process *p)
{
	return p->session.master;
}

int ctr_process_fd(const struct ctr_process *p)
{
	return p->sock;
}

int ctr_process_wait(struct ctr_process *p, int timeout_ms, int *ret_status, struct ctr_error *err)
{
	int r = p->exited ? 0 : proto_wait(p->sock, timeout_ms, &p->status, err);

	if (r == -ESRCH)
		api_tell_end(p->of, timeout_ms == 0 ? 0 : API_END_MS, err);
	if (r < 0)
		return r;
	p->exited = true;
	if (ret_status)
		*ret_status = p->status;
	return 0;
}

int ctr_process_signal(struct ctr_process *p, int sig, struct ctr_error *err)
{
	int r;

	if (sig < 1 || sig >= NSIG)
		return err_set(err, CTR_E_CONFIG, EINVAL, "signal", "%d is no signal", sig);
	r = ctr_process_wait(p, 0, NULL, NULL); /* 0: it has exited */
	if (r == 0 || r == -ESRCH)
		return err_set(err, CTR_E_NO_PROCESS, ESRCH, "signal", "process %d has ended",
			       p->session.pid);
	return proto_signal(p->sock, sig, err);
}

void ctr_process_free(struct ctr_process *p)
{
	if (!p)
		return;
	cleanup_fd(&p->session.master);
	cleanup_fd(&p->session.ring);
	cleanup_fd(&p->sock);
	ctr_container_free(p->of);
	free(p);
}

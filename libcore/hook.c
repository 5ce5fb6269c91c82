/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "path.h"
#include "sys.h"

enum { SAID_MAX = 160, DEAD_MS = 500 };

static const struct {
	const char *key, *name;
} kinds[SPEC_HOOKS] = {
    [SPEC_HOOK_PRESTART] = {"Prestart", "prestart"},
    [SPEC_HOOK_CREATE_RUNTIME] = {"CreateRuntime", "createRuntime"},
    [SPEC_HOOK_CREATE_CONTAINER] = {"CreateContainer", "createContainer"},
    [SPEC_HOOK_START_CONTAINER] = {"StartContainer", "startContainer"},
    [SPEC_HOOK_POSTSTART] = {"Poststart", "poststart"},
    [SPEC_HOOK_POSTSTOP] = {"Poststop", "poststop"},
};

bool hook_any(const struct spec *spec)
{
	for (size_t i = 0; i < SPEC_HOOKS; i++)
		if (spec->hooks[i].n > 0)
			return true;
	return false;
}

/** struct program - one hook that is about to run */
struct program {
	const struct strv *argv, *env;
	int in, said; /* standard input; what it writes to standard error */
};

/* The record of a failure reaches the parent by a descriptor that exec closes. */
static int become(void *arg, struct ctr_error *err)
{
	const struct program *p = arg;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int in = fcntl(p->in, F_DUPFD_CLOEXEC, 3), said = fcntl(p->said, F_DUPFD_CLOEXEC, 3);
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* KILL and STOP refuse */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(022);
	(void)setsid(); /* a child that was just forked leads no group */
	if (null < 0 || dup2(in, 0) < 0 || dup2(null, 1) < 0 || dup2(said, 2) < 0 ||
	    chdir("/") < 0 || sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, errno, "hook", "prepare %s", p->argv->v[0]);
	(void)execve(p->argv->v[0], p->argv->v, p->env->v);
	return err_sys(err, errno, "hook", "execute %s", p->argv->v[0]);
}

static int make_env(const struct hook_call *call, struct strv *ret)
{
	autofree char *id = str_dup_format("CONTAINER_ID=%s", call->id);
	autofree char *name = str_dup_format("CONTAINER_HOOK=%s", kinds[call->kind].name);
	const struct strv *more = &call->spec->hook_environment;
	int r = id && name ? 0 : -ENOMEM;

	if (r == 0)
		r = strv_add(ret, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	if (r == 0)
		r = strv_add(ret, "LC_ALL=C");
	for (size_t i = 0; r == 0 && i < more->n; i++)
		r = strv_add(ret, more->v[i]);
	if (r == 0)
		r = strv_add(ret, id);
	return r < 0 ? r : strv_add(ret, name);
}

static unsigned int time_left(const struct hook_call *call)
{
	uint64_t ms = call->spec->hook_timeout / 1000, now = child_now_ms();

	if (!call->end_ms)
		return (unsigned int)ms;
	if (now >= call->end_ms)
		return 0;
	return (unsigned int)(call->end_ms - now < ms ? call->end_ms - now : ms);
}

/* 0: it has ended; -ETIMEDOUT; -ECANCELED: who waits gave up */
static int await(const struct child *c, int abort_fd, unsigned int timeout_ms)
{
	uint64_t end = child_now_ms() + timeout_ms, now = child_now_ms();
	struct pollfd p[2] = {{.fd = c->pidfd, .events = POLLIN},
			      {.fd = abort_fd, .events = POLLRDHUP}};
	int n = 0;

	while (n <= 0 && now < end) {
		n = poll(p, 2, (int)(end - now));
		if (n < 0 && errno != EINTR)
			return -errno;
		now = child_now_ms();
	}
	if (p[0].revents)
		return 0;
	return p[1].revents ? -ECANCELED : -ETIMEDOUT;
}

/* What it said is for people, in one line (MUST-11). */
static void add_said(int fd, struct ctr_error *err)
{
	char raw[SAID_MAX + 1], text[SAID_MAX * 2];
	ssize_t n = pread(fd, raw, SAID_MAX, 0);

	if (n <= 0 || !err)
		return;
	raw[n] = '\0';
	raw[strcspn(raw, "\n")] = '\0';
	str_escape(text, sizeof(text), raw);
	if (*text) {
		struct ctr_error why = *err;

		(void)err_set(err, why.code, why.errnum, why.stage, "%s: %s", why.text, text);
	}
}

static int run_program(const struct hook_call *call, struct program *p, struct ctr_error *err)
{
	unsigned int left = time_left(call);
	struct child c;
	int r, waited;

	if (left == 0)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "hook", "no time is left for it");
	r = child_start(become, p, &c, err);
	if (r < 0)
		return r;
	waited = await(&c, call->abort_fd, left);
	/* not reaped yet, so the number is its own; before setsid(2) there is no such group */
	(void)kill(-c.pid, SIGKILL);
	r = child_finish_program(&c, p->argv->v[0], waited < 0 ? 0 : DEAD_MS, err);
	if (waited == -ETIMEDOUT)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "hook", "%s took longer than %u ms",
			       p->argv->v[0], left);
	if (waited < 0)
		return err_set(err, CTR_E_TIMEOUT, -waited, "hook", "the login gave up");
	if (r < 0)
		add_said(p->said, err);
	return r;
}

static int run_one(const struct hook_call *call, const char *line, struct ctr_error *err)
{
	autostrv struct strv argv = {0}, env = {0};
	autofd int trusted = -1, in = fd_memfd("state", call->state, strlen(call->state));
	autofd int said = memfd_create("stderr", MFD_CLOEXEC);
	struct program p = {&argv, &env, in, said};
	int r = in < 0 ? in : said < 0 ? -errno : strv_split(&argv, line, " \t");

	if (r == 0)
		r = make_env(call, &env);
	if (r < 0)
		return err_sys(err, r, "hook", "prepare %s", line);
	r = path_open_trusted(argv.v[0], S_IFREG, &trusted, err); /* MUST-8 */
	return r < 0 ? r : run_program(call, &p, err);
}

static int run_list(const struct hook_call *call, bool all, struct ctr_error *err)
{
	const struct strv *list = &call->spec->hooks[call->kind];
	int first = 0;

	for (size_t i = 0; i < list->n && (all || first == 0); i++) {
		struct ctr_error why;
		int r = run_one(call, list->v[i], &why);

		if (r == 0 || first < 0)
			continue;
		first = r;
		if (err)
			(void)err_set(err, why.code, why.errnum, "hook", "%s=%s",
				      kinds[call->kind].key, why.text);
	}
	return first;
}

int hook_run(const struct hook_call *call, struct ctr_error *err)
{
	return run_list(call, false, err);
}

int hook_run_all(const struct hook_call *call, struct ctr_error *err)
{
	return run_list(call, true, err);
}

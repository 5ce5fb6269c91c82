/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "num.h"
#include "state.h"
#include "str.h"
#include "sys.h"

static int get_text(const struct msg *m, const char *key, char *dst, size_t size)
{
	const char *v = msg_get(m, key);

	return v ? str_copy(dst, size, v) : -ENOENT;
}

/*
 * Not the service, which says what stack is used, by whatever program: both cronie and cron may
 * call theirs cron. A program that was replaced since it began has a word behind its name.
 */
static void find_program(pid_t pid, char *dst, size_t size)
{
	char link[64], path[PATH_MAX];
	ssize_t n = -1;
	const char *base;

	if (str_format(link, sizeof(link), "/proc/%d/exe", pid) == 0)
		n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	(void)!str_format(dst, size, "%.*s", (int)strcspn(base, " "), base); /* too long: unknown */
}

int login_parse(const struct msg *m, struct login *ret, struct ctr_error *err)
{
	struct login l = {0};
	const struct {
		const char *key;
		char *dst;
		size_t size;
	} texts[] = {
	    {"user", l.user, sizeof(l.user)},	 {"shell", l.shell, sizeof(l.shell)},
	    {"home", l.home, sizeof(l.home)},	 {"service", l.service, sizeof(l.service)},
	    {"tty", l.tty, sizeof(l.tty)},	 {"rhost", l.rhost, sizeof(l.rhost)},
	    {"ruser", l.ruser, sizeof(l.ruser)},
	};
	const char *uid = msg_get(m, "uid"), *gid = msg_get(m, "gid");
	uint64_t pid, hook;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		r = get_text(m, texts[i].key, texts[i].dst, texts[i].size);
		if (r < 0)
			return err_sys(err, r, "login", "read %s of the login", texts[i].key);
	}
	if (!uid || !gid || num_id(uid, &l.uid) < 0 || num_id(gid, &l.gid) < 0 ||
	    msg_get_u64(m, "pid", &pid) < 0 || msg_get_u64(m, "hook", &hook) < 0)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "login", "numbers of the login are bad");
	l.pid = (pid_t)pid;
	l.hook = hook == 1;
	find_program(l.pid, l.program, sizeof(l.program));
	*ret = l;
	return 0;
}

const char *login_shell(const struct login *l)
{
	return *l->shell ? l->shell : "/bin/sh";
}

void login_format(const struct login *l, struct msg *m)
{
	msg_add(m, "user", "%s", l->user);
	msg_add(m, "uid", "%u", l->uid);
	msg_add(m, "gid", "%u", l->gid);
	msg_add(m, "shell", "%s", l->shell);
	msg_add(m, "home", "%s", l->home);
	msg_add(m, "service", "%s", l->service);
	msg_add(m, "tty", "%s", l->tty);
	msg_add(m, "rhost", "%s", l->rhost);
	msg_add(m, "ruser", "%s", l->ruser);
	msg_add(m, "pid", "%d", l->pid);
	msg_add(m, "hook", "%d", l->hook);
}

void session_start(struct session *s, const struct login *l, int sock, int caller)
{
	memset(s, 0, sizeof(*s));
	s->since_us = state_now_us();
	s->sock = sock;
	s->caller = caller;
	s->joined = -1;
	s->pid = l->pid;
	s->uid = l->uid;
	memcpy(s->user, l->user, sizeof(s->user));
	memcpy(s->service, l->service, sizeof(s->service));
	memcpy(s->rhost, l->rhost, sizeof(s->rhost) - 1);
	memcpy(s->tty, l->tty, sizeof(s->tty));
}

/* The joined process is sshd's user child, or the caller itself, which may finish its work. */
void session_end(struct session *s)
{
	if (s->joined >= 0 && s->joined_pid != s->pid)
		(void)sys_pidfd_send_signal(s->joined, SIGKILL); /* ESRCH: gone, as it should */
	cleanup_fd(&s->sock);
	cleanup_fd(&s->caller);
	cleanup_fd(&s->joined);
}

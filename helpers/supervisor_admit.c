/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "root.h"
#include "supervisor.h"

/* A login into the living container. */

enum { CHECK_MS = 2000 };

struct shell_check {
	pid_t init;
	const char *shell;
};

static int check_shell(void *arg, struct ctr_error *err)
{
	const struct shell_check *check = arg;
	char path[64];
	autofd int root = -1;

	if (str_format(path, sizeof(path), "/proc/%d/root", check->init) == 0)
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "shell", "open the container's root");
	return root_check_shell(root, check->shell, err);
}

static int entry_of(const struct supervisor *s, const struct login *l)
{
	return match_entry(s->entry, l->program, l->hook);
}

/* Entry=join is the administrator's word that what joins may run the tree's code. */
static int check_join(const struct supervisor *s, const struct login *l, struct ctr_error *err)
{
	if (entry_of(s, l) != MATCH_ENTRY_JOIN)
		return 0;
	/*
	 * MUST-1: root of the host is nobody there, so it can not do its work, and no process comes
	 * back from a user namespace. One that stayed outside would start programs outside of it.
	 */
	if (idmap_is_mapped(&s->c.users.choice))
		return err_set(err, CTR_E_UNSUPPORTED, EPERM, "enter",
			       "%s would join %s, in whose user namespace root is nobody: "
			       "PrivateUsers=identity, or a program that enters late (sshd, cron)",
			       l->service, s->c.st.id);
	if (s->entry == MATCH_ENTRY_JOIN || !s->code_is_theirs)
		return 0;
	return err_set(err, CTR_E_UNSUPPORTED, EPERM, "enter",
		       "%s would join %s, whose users may be root and rewrite its programs: "
		       "NoNewPrivileges=yes, ReadOnly=yes or Entry=join",
		       l->service, s->c.st.id);
}

/* Nobody takes all places of a container that others use too. */
static int check_places(const struct supervisor *s, const struct login *l, struct ctr_error *err)
{
	size_t own = 0;

	for (size_t i = 0; i < s->nsessions; i++)
		own += s->sessions[i].uid == l->uid;
	if (s->nsessions == SESSION_MAX)
		return err_set(err, CTR_E_BUSY, EBUSY, "login", "container %s has %d sessions",
			       s->c.st.id, SESSION_MAX);
	if (s->c.st.instance == MATCH_SHARED && own >= SESSION_PER_UID)
		return err_set(err, CTR_E_BUSY, EBUSY, "login",
			       "user %s has %d sessions in the shared container %s", l->user,
			       SESSION_PER_UID, s->c.st.id);
	return 0;
}

int supervisor_check(struct supervisor *s, const struct login *l, struct ctr_error *err)
{
	struct shell_check check = {.init = s->c.st.init.pid, .shell = login_shell(l)};
	int r = check_places(s, l, err);

	if (r < 0)
		return r;
	if (cg_frozen(&s->c.cg) != CG_THAWED)
		return err_set(err, CTR_E_PAUSED, EBUSY, "login",
			       "container %s is paused; containerctl resume %s", s->c.st.id,
			       s->c.st.id);
	r = check_join(s, l, err);
	if (r < 0)
		return r;
	/* seen there before; who enters finds it by descriptor anyway (enter.c) */
	if (str_equal(s->shell, check.shell))
		return 0;
	/* MUST-4: the tree may be the user's, so it is looked at by a child with a deadline */
	r = child_run(check_shell, &check, CHECK_MS, err);
	return r < 0 ? r : str_copy(s->shell, sizeof(s->shell), check.shell);
}

static void say_contained(struct supervisor *s, const struct login *l, struct msg *m)
{
	int entry = entry_of(s, l);
	char list[64] = "";
	size_t len = 0;

	msg_init(m, "contained");
	msg_add(m, "id", "%s", s->c.st.id);
	msg_add(m, "rule", "%s", s->c.st.rule);
	msg_add(m, "container", "%s", s->c.st.definition);
	msg_add(m, "entry", "%s", entry == MATCH_ENTRY_LATE ? "late" : "join");
	msg_add(m, "attach", "%d", match_attach(s->attach, l->service, entry));
	msg_add(m, "shell", "%s", login_shell(l));
	for (size_t i = 0; i < CREATE_NS; i++) {
		if (s->c.ns_fd[i] < 0)
			continue;
		if (str_format(list + len, sizeof(list) - len, "%s%s", len ? "," : "",
			       create_ns_name(i)) == 0)
			len = strlen(list);
		msg_add_fd(m, s->c.ns_fd[i]);
	}
	msg_add(m, "ns", "%s", list);
	msg_add_fd(m, s->c.restrict_fd);
}

/* A caller that joins is let in with the answer itself: it would ask at once. */
static int answer_join(struct supervisor *s, const struct login *l, struct session *e,
		       struct msg *m, struct ctr_error *err)
{
	int r = cghome_read(l->pid, &e->home);

	if (r < 0)
		return err_sys(err, r, "enter", "read the cgroups of process %d", l->pid);
	e->joined = fcntl(e->caller, F_DUPFD_CLOEXEC, 0);
	if (e->joined < 0)
		return err_sys(err, errno, "enter", "keep the caller's pidfd");
	e->joined_pid = l->pid;
	r = supervisor_allow_consoles(s, err);
	if (r == 0)
		r = supervisor_let_in(s, e->sock, l->pid, m, err);
	if (r < 0)
		return r;
	msg_init(m, "ok");
	r = msg_send(e->sock, m, 1000);
	return r < 0 ? err_sys(err, r, "enter", "answer process %d", l->pid) : 0;
}

int supervisor_take(struct supervisor *s, const struct login *l, int sock, int caller,
		    struct ctr_error *err)
{
	struct session *e = &s->sessions[s->nsessions];
	const int on = 1;
	struct msg m;
	int r;

	if (setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "login", "ask for credentials");
	session_start(e, l, sock, caller);
	s->nsessions++;
	say_contained(s, l, &m);
	if (entry_of(s, l) != MATCH_ENTRY_LATE)
		r = answer_join(s, l, e, &m, err);
	else if ((r = msg_send(sock, &m, 1000)) < 0)
		err_sys(err, r, "login", "answer the module");
	if (r < 0) {
		cleanup_fd(&e->joined);
		s->nsessions--;
		(void)!supervisor_allow_consoles(s, NULL); /* no node inside, as in end_session() */
		return r;
	}
	log_event(s, "start", l, "caller=%d sessions=%zu", l->pid, s->nsessions);
	return 0;
}

int supervisor_admit(struct supervisor *s, const struct login *l, int sock, int caller,
		     struct ctr_error *err)
{
	int r = supervisor_check(s, l, err);

	return r < 0 ? r : supervisor_take(s, l, sock, caller, err);
}

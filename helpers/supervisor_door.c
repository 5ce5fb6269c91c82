/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "child.h"
#include "proc.h"
#include "supervisor.h"

enum { DOOR_MS = 1000, LOOK_MS = 20 };

static bool is_stopped(pid_t pid)
{
	struct proc_stat st;

	return proc_read_stat(pid, &st) < 0 || st.state == 'T' || st.state == 't';
}

/*
 * su's real uid is its caller's, who may stop it just here: everybody else would wait for it with
 * the lock held, again and again. One that is stopped does not get in.
 */
static int await_entry(int sock, pid_t pid, uint64_t end, struct msg *m)
{
	int r;

	do {
		r = msg_recv(sock, m, LOOK_MS);
	} while (r == -ETIMEDOUT && child_now_ms() < end && !is_stopped(pid));
	return r;
}

/*
 * The process puts itself into the groups; that it did is read back (MUST-1). The lock is held
 * until then, so that nobody pauses the container between the look and the step (MUST-4).
 */
int supervisor_let_in(struct supervisor *s, int sock, pid_t pid, struct msg *m,
		      struct ctr_error *err)
{
	uint64_t end = child_now_ms() + DOOR_MS;
	struct cg_door door = {.n = 0};
	int r = s->c.cg.inherit ? 0 : cg_door_open(&s->c.cg, &door, err);

	if (r < 0)
		return r;
	msg_add(m, "door", "%zu", door.n);
	for (size_t i = 0; i < door.n; i++)
		msg_add_fd(m, door.fd[i]);
	r = msg_send(sock, m, DOOR_MS);
	cg_door_close(&door);
	if (r == 0)
		r = await_entry(sock, pid, end, m);
	if (r < 0)
		return err_sys(err, r, "enter", "let process %d in", pid);
	msg_done(m);
	if (!str_equal(msg_verb(m), "entered") || m->cred.pid != pid ||
	    (!s->c.cg.inherit && cg_has(&s->c.cg, pid) != 1))
		return err_set(err, CTR_E_SYSTEM, EPERM, "enter",
			       "process %d is not in control group %s", pid, s->c.cg.path);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cleanup.h"
#include "msg.h"
#include "proc.h"
#include "str.h"

enum {
	DEPTH_MAX = 33,		/* MAX_PID_NS_LEVEL 32 and the host's, kernel/pid_namespace.c */
	PF_FORKNOEXEC = 0x0040, /* forked, and has not executed: include/linux/sched.h */
};

int parent_open(struct parent *ret, int sock, int *ret_report)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	*ret = (struct parent){.sock = sock, .report = p[0], .pidfd = -1};
	*ret_report = p[1];
	return 0;
}

void parent_done(struct parent *p)
{
	cleanup_fd(&p->sock);
	cleanup_fd(&p->report);
	cleanup_fd(&p->pidfd);
}

static void say(const struct parent *p, const struct msg *m)
{
	if (p->sock >= 0)
		(void)!msg_send(p->sock, m, 0); /* a peer that does not read loses it */
}

static void say_started(const struct parent *p)
{
	pid_t pids[DEPTH_MAX];
	int n = proc_nspids(p->pid, pids, DEPTH_MAX); /* also of a zombie */
	struct msg m;

	msg_init(&m, "started");
	msg_add(&m, "pid", "%d", n > 0 ? pids[n - 1] : 0);
	say(p, &m);
}

/*
 * The pipe closes in a process that is killed, too, and somebody inside may do that before it
 * executes. PID 1 has executed container-init: its end is the container's, and says so itself.
 */
static bool never_executed(const struct parent *p)
{
	struct proc_stat st;

	return p->pidfd >= 0 && proc_read_stat(p->pid, &st) == 0 && st.flags & PF_FORKNOEXEC;
}

int parent_hear_report(struct parent *p)
{
	struct ctr_error err;
	ssize_t n = read(p->report, &err, sizeof(err));
	struct msg m;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	cleanup_fd(&p->report);
	if (n != sizeof(err) && never_executed(p)) {
		err_set(&err, CTR_E_SYSTEM, ESRCH, "start", "it was killed before it executed");
	} else if (n != sizeof(err)) {
		say_started(p);
		return 0;
	}
	err.stage[sizeof(err.stage) - 1] = err.text[sizeof(err.text) - 1] = '\0';
	msg_init(&m, "error");
	msg_add_error(&m, &err);
	say(p, &m);
	cleanup_fd(&p->sock);
	return err.errnum > 0 ? -err.errnum : -EIO;
}

int parent_hear(struct parent *p)
{
	automsg struct msg m;
	uint64_t sig;
	int r = msg_recv(p->sock, &m, 0);

	if (r == -EAGAIN)
		return 0;
	if (r < 0) {
		cleanup_fd(&p->sock);
		return -ENOTCONN;
	}
	if (!str_equal(msg_verb(&m), "signal") || msg_get_u64(&m, "sig", &sig) < 0 || sig >= NSIG)
		return 0;
	return (int)sig;
}

void parent_exited(struct parent *p, int status)
{
	struct msg m;

	if (p->report < 0 || parent_hear_report(p) == 0) {
		msg_init(&m, "exited");
		msg_add(&m, "status", "%d", status);
		say(p, &m);
	}
	parent_done(p);
}

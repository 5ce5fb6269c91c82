/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "door.h"
#include "enter.h"
#include "fd.h"
#include "init.h"
#include "keyring.h"
#include "num.h"
#include "sys.h"
#include "visitfd.h"

/* The way in of what is started later with Init=none: see visit.h, whose program this is. */

enum { DOOR_MS = 1000 };

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int keep(const int *fds, size_t n, struct ctr_error *err)
{
	int sorted[VISIT_FDS], r;

	for (size_t i = 0; i < n; i++)
		sorted[i] = fds[i];
	qsort(sorted, n, sizeof(*sorted), by_number);
	r = fd_close_except(sorted, n);
	return r < 0 ? err_sys(err, r, "enter", "close descriptors") : 0;
}

/* As a login does that joins (MUST-1): by its own hand, and read back before it goes on. */
static int pass_door(int entry, struct ctr_error *err)
{
	automsg struct msg m;
	int r = msg_recv(entry, &m, DOOR_MS);

	if (r < 0)
		return err_sys(err, r, "enter", "be let in");
	r = door_pass(m.fds, m.nfds, err);
	if (r < 0)
		return r;
	msg_done(&m);
	msg_init(&m, "entered");
	r = msg_send(entry, &m, DOOR_MS);
	if (r == 0) /* "ok": it has looked */
		r = msg_recv(entry, &m, DOOR_MS);
	return r < 0 ? err_sys(err, r, "enter", "be let in") : 0;
}

/* ns: mnt pid ipc uts net cgroup user time, as create_ns_name() */
static int enter(const int *ns, struct ctr_error *err)
{
	const struct enter_plan plan = {.mnt_fd = ns[0],
					.pid_fd = ns[1],
					.ipc_fd = ns[2],
					.uts_fd = ns[3],
					.net_fd = ns[4],
					.cgroup_fd = ns[5],
					.user_fd = ns[6],
					.time_fd = ns[7],
					.restrict_fd = -1};
	int r = enter_spaces(&plan, err);

	return r < 0 ? r : keyring_new_session(err);
}

/* MUST-6: nobody inside looks into it. Again after each change of identity, which may undo it. */
static int hide(struct ctr_error *err)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? err_sys(err, errno, "enter", "hide this process")
					     : 0;
}

/* In the container, as the supervisor's child: with it all of them end (MUST-9). */
static void ATTR_NORETURN become(struct init *in, const int *fds)
{
	const int last[] = {fds[VISIT_SOCK], fds[VISIT_REPORT]};
	struct pollfd p = {.fd = fds[VISIT_REPORT]};
	struct ctr_error err;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || hide(&err) < 0 || poll(&p, 1, 0) != 0 ||
	    keep(last, ARRAY_SIZE(last), &err) < 0)
		_exit(127); /* nobody is there, who would hear why */
	(void)umask(022);
	init_become(in, last[0], last[1]);
	_exit(127);
}

/* setns(2) puts children into a PID namespace, not the caller. */
static int bear(struct init *in, const int *fds, struct ctr_error *err)
{
	struct clone_args args = {.flags = CLONE_PARENT};
	pid_t pid = sys_clone3(&args, sizeof(args));
	struct msg m;
	int r;

	if (pid < 0) /* ENOMEM: PID 1 is gone, pid_namespaces(7) */
		return err_sys(err, pid, "enter", "make a process in the container");
	if (pid == 0)
		become(in, fds);
	msg_init(&m, "born");
	msg_add(&m, "pid", "%d", pid);
	r = msg_send(fds[VISIT_ENTRY], &m, DOOR_MS);
	return r < 0 ? err_sys(err, r, "enter", "tell the supervisor") : 0;
}

static int go(struct init *in, struct restrict_set *set, const int *fds, struct ctr_error *err)
{
	int r = hide(err);

	if (r == 0)
		r = keep(fds, VISIT_FDS, err);
	if (r == 0)
		r = restrict_load(fds[VISIT_RESTRICT], set, err);
	in->restrictions = set;
	in->bare = true;
	if (r == 0)
		r = pass_door(fds[VISIT_ENTRY], err);
	if (r == 0)
		r = enter(fds + VISIT_NS, err);
	if (r == 0)
		r = hide(err);
	return r < 0 ? r : bear(in, fds, err);
}

int init_visit(struct init *in, struct restrict_set *set, char *const *words)
{
	struct ctr_error err = {0};
	int fds[VISIT_FDS];

	(void)prctl(PR_SET_NAME, "container-init"); /* executed by a descriptor, it has no other */
	for (size_t i = 0; i < VISIT_FDS; i++)
		if (num_int_in(words[i], -1, INT_MAX, &fds[i]) < 0 ||
		    (fds[i] >= 0 && fd_set_cloexec(fds[i], 1) < 0))
			return EXIT_FAILURE;
	if (go(in, set, fds, &err) == 0)
		return EXIT_SUCCESS;
	(void)!fd_write_all(fds[VISIT_REPORT], &err, sizeof(err)); /* nobody else to tell */
	return EXIT_FAILURE;
}

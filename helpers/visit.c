/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "mnt.h"
#include "sys.h"
#include "visitfd.h"

/*
 * Who is inside may use up the CPU time that the visitor wants to have there: the supervisor's loop
 * stands still for all of it, and then for the end of what is killed.
 */
enum { VISIT_MS = 1500, EXIT_MS = 200, REAP_MS = 500 };
static_assert(VISIT_NS + CREATE_NS == VISIT_FDS, "a descriptor for each namespace");

struct job {
	const struct create *c;
	int fds[VISIT_FDS];
};

/* MUST-6: a copy that nobody inside can write to by /proc/PID/exe, nor by any other way. */
static int open_program(const char *helper_dir, struct ctr_error *err)
{
	char path[PATH_MAX];
	int r = str_format(path, sizeof(path), "%s/container-init", helper_dir);
	autofd int fd = r < 0 ? -1 : open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, r < 0 ? r : errno, "enter", "open %s/container-init",
			       helper_dir);
	return mnt_clone_program(fd, err);
}

/* All else that this process has open ends where the program begins (MUST-6). */
static int execute(const struct job *job, struct ctr_error *err)
{
	char words[VISIT_FDS][12], *const envp[] = {NULL};
	char *argv[2 + VISIT_FDS + 1] = {"container-init", "visit"};
	int exe = open_program(job->c->helper_dir, err), r = exe < 0 ? exe : 0;

	if (r < 0)
		return r;
	/* a group of its own, by which its child is found when it is lost */
	if (setpgid(0, 0) < 0)
		return err_sys(err, errno, "enter", "lead a process group");
	for (size_t i = 0; r == 0 && i < VISIT_FDS; i++) {
		argv[2 + i] = words[i];
		r = str_format(words[i], sizeof(words[i]), "%d", job->fds[i]);
		if (r == 0 && job->fds[i] >= 0)
			r = fd_set_cloexec(job->fds[i], 0);
	}
	if (r < 0)
		return err_sys(err, r, "enter", "pass descriptors on");
	(void)execveat(exe, "", argv, envp, AT_EMPTY_PATH);
	return err_sys(err, errno, "enter", "execute container-init");
}

/* Why it did not go in is said where the program would say it. */
static int start(void *arg, struct ctr_error *err)
{
	const struct job *job = arg;
	int r = execute(job, err);

	(void)!fd_write_all(job->fds[VISIT_REPORT], err, sizeof(*err)); /* or it is unknown */
	return r;
}

/* MUST-1: that it is ours and where it belongs is the kernel's word. */
static int check_born(struct supervisor *s, const struct parent *p, struct ctr_error *err)
{
	siginfo_t end = {0};
	struct stat theirs, want;
	char path[48];
	int r = str_format(path, sizeof(path), "/proc/%d/ns/pid", p->pid);

	if (r < 0 ||
	    waitid(P_PIDFD, (id_t)p->pidfd, &end, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return err_sys(err, ECHILD, "enter", "know process %d", p->pid);
	if (stat(path, &theirs) < 0 || fstat(s->c.ns_fd[1], &want) < 0)
		return err_sys(err, errno, "enter", "look at process %d", p->pid);
	if (theirs.st_ino != want.st_ino || theirs.st_dev != want.st_dev ||
	    cg_has(&s->c.cg, p->pid) != 1)
		return err_set(err, CTR_E_SYSTEM, EPERM, "enter", "process %d is not in %s", p->pid,
			       s->c.st.id);
	return 0;
}

static int left(uint64_t end)
{
	uint64_t now = child_now_ms();

	return now < end ? (int)(end - now) : 1; /* 0 is no wait at all, and another error */
}

/** struct entry - the way in of a visitor */
struct entry {
	int sock; /* to it */
	pid_t pid;
	uint64_t end; /* of all steps together */
};

static int await_birth(struct supervisor *s, const struct entry *e, struct parent *p,
		       struct ctr_error *err)
{
	automsg struct msg m;
	uint64_t pid;
	int r;

	msg_init(&m, "ok");
	r = msg_send(e->sock, &m, left(e->end));
	if (r == 0)
		r = msg_recv(e->sock, &m, left(e->end));
	if (r == 0 && (m.cred.pid != e->pid || !str_equal(msg_verb(&m), "born") ||
		       msg_get_u64(&m, "pid", &pid) < 0 || pid == 0 || pid > INT_MAX))
		r = -EBADMSG;
	if (r < 0)
		return err_sys(err, r, "enter", "make a process in container %s", s->c.st.id);
	p->pid = (pid_t)pid;
	p->pidfd = sys_pidfd_open(p->pid, 0);
	if (p->pidfd < 0)
		return err_sys(err, p->pidfd, "enter", "open a pidfd");
	r = check_born(s, p, err);
	if (r < 0)
		cleanup_fd(&p->pidfd);
	return r;
}

/*
 * What it made is in its group until it hears what to become, which nobody tells it any more.
 * False: somebody has not ended yet.
 */
static bool bury(pid_t group)
{
	uint64_t end = child_now_ms() + REAP_MS;
	pid_t r;

	do {
		r = waitpid(-group, NULL, __WALL | WNOHANG);
		if (r == 0)
			(void)poll(NULL, 0, 1);
	} while (r > 0 || (r == 0 && child_now_ms() < end));
	return r < 0;
}

static int lead_in(struct supervisor *s, int sock, struct child *way, struct parent *p,
		   struct ctr_error *err)
{
	const struct entry e = {sock, way->pid, child_now_ms() + VISIT_MS};
	const pid_t group = way->pid;
	struct ctr_error end;
	struct msg m;
	int r, ended;

	msg_init(&m, "ok");
	r = supervisor_let_in(s, sock, group, &m, err);
	if (r == 0)
		r = await_birth(s, &e, p, err);
	if (r < 0)
		(void)kill(-group, SIGKILL); /* ours, not reaped */
	ended =
	    child_finish_program(way, "container-init", (unsigned int)left(e.end) + EXIT_MS, &end);
	if (r == 0 && ended < 0) {
		cleanup_fd(&p->pidfd);
		(void)kill(p->pid, SIGKILL);
		*err = end;
		r = ended;
	}
	if (r < 0)
		p->pid = bury(group) ? 0 : -group;
	/* what it says itself is nearer to the cause */
	if (r < 0 && read(p->report, &end, sizeof(end)) == sizeof(end) && end.errnum > 0) {
		end.stage[sizeof(end.stage) - 1] = end.text[sizeof(end.text) - 1] = '\0';
		*err = end;
	}
	return r;
}

int visit(struct supervisor *s, struct parent *p, int report, struct ctr_error *err)
{
	autofd int ours = -1, theirs = -1;
	struct job job = {.c = &s->c};
	struct child way;
	const int on = 1;
	int sv[2], r = msg_pair(sv);

	if (r < 0)
		return err_sys(err, r, "enter", "socketpair");
	ours = sv[0];
	theirs = sv[1];
	if (setsockopt(ours, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "enter", "ask for credentials");
	job.fds[VISIT_ENTRY] = theirs;
	job.fds[VISIT_SOCK] = p->sock;
	job.fds[VISIT_REPORT] = report;
	job.fds[VISIT_RESTRICT] = s->c.restrict_fd;
	for (size_t i = 0; i < CREATE_NS; i++)
		job.fds[VISIT_NS + i] = s->c.ns_fd[i];
	r = child_start(start, &job, &way, err);
	cleanup_fd(&theirs); /* its end is seen as that */
	return r < 0 ? r : lead_in(s, ours, &way, p, err);
}

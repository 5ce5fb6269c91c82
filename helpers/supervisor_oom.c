/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "path.h"
#include "str.h"
#include "supervisor.h"

/*
 * A process that the kernel kills for memory ends without a word: its user is told on his
 * terminals, the administrator in the log.
 */

/* v1 tells before it kills; what comes close together is told once */
enum { KILL_MS = 200, TELL_MS = 500 };

static const char text[] = "\r\nThis container is out of memory: a process was killed.\r\n";

void supervisor_oom_watch(struct supervisor *s)
{
	uint64_t kills = CTR_ABSENT;

	if (cgnotify_kills(&s->c.cg, &s->oom, NULL) < 0)
		return; /* no such controller, or no group of its own */
	(void)cgnotify_read(&s->oom, &kills);
	s->oom_kills = kills == CTR_ABSENT ? 0 : kills;
}

void supervisor_oom_heard(struct supervisor *s)
{
	uint64_t kills;
	enum ctr_notice kind = cgnotify_read(&s->oom, &kills);

	if (kind == CTR_NOTICE_GONE)
		cgnotify_close(&s->oom);
	else if (kind == CTR_NOTICE_OOM && !s->oom_at)
		s->oom_at = child_now_ms() + KILL_MS;
}

/* Never waits for a terminal whose output its user has stopped. */
static void write_terminal(int dir, const char *name)
{
	autofd int fd =
	    openat(dir, name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && isatty(fd))
		(void)!write(fd, text, sizeof(text) - 1); /* it may be full */
}

/* MUST-5: the name leads through the container's tree; what it must lead to is known. */
static int write_terminals(void *arg, struct ctr_error *err)
{
	const struct supervisor *s = arg;
	char path[64];
	autofd int root = -1;
	autodir DIR *d = NULL;
	struct statfs fs;
	int fd = -1;

	if (str_format(path, sizeof(path), "/proc/%d/root", s->c.st.init.pid) == 0)
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* a link on the way would lead on from the host's root, and PID 1 may have changed its own
	 */
	fd = root < 0 ? -errno : path_open_nolinks(root, "/dev/pts", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return err_sys(err, fd, "oom", "open the terminals of %s", s->c.st.id);
	d = fdopendir(fd);
	if (!d || fstatfs(fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_set(err, CTR_E_SYSTEM, EPERM, "oom", "%s/dev/pts is no devpts", path);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (strspn(e->d_name, "0123456789") == strlen(e->d_name))
			write_terminal(fd, e->d_name);
	return 0;
}

/* Were there kills that the log does not have yet? It has them then. */
static bool log_kills(struct supervisor *s)
{
	uint64_t kills = CTR_ABSENT;

	s->oom_at = 0;
	if (s->oom.fd < 0 || cgnotify_read(&s->oom, &kills) == CTR_NOTICE_GONE ||
	    kills == CTR_ABSENT || kills <= s->oom_kills)
		return false;
	log_event(s, "oom", NULL, "killed=%llu", (unsigned long long)(kills - s->oom_kills));
	s->oom_kills = kills;
	return true;
}

/* It is looked at before anybody here kills it, and stays to be waited for. */
static bool was_killed(const struct supervisor *s)
{
	siginfo_t end = {.si_pid = 0};

	return waitid(P_PIDFD, (id_t)s->c.pidfd, &end, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
	       end.si_pid && end.si_code == CLD_KILLED && end.si_status == SIGKILL;
}

/* Another process may have been killed for memory just before PID 1 ended by itself. */
void supervisor_oom_ended(struct supervisor *s)
{
	s->c.st.oom_killed = log_kills(s) && was_killed(s);
}

void supervisor_oom_tell(struct supervisor *s)
{
	if (!log_kills(s))
		return;
	/* its file systems may not answer (MUST-4) */
	(void)!child_run(write_terminals, s, TELL_MS, NULL);
}

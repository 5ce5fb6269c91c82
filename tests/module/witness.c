/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "witness.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "str.h"

extern char **environ;

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static uint64_t hash_environment(void)
{
	uint64_t h = 14695981039346656037u;

	for (char **e = environ; *e; e++) {
		h = hash(h, e, sizeof(*e));
		h = hash(h, *e, strlen(*e));
	}
	return h;
}

static void take_fds(struct witness *w)
{
	for (int fd = 0; fd < WITNESS_FDS; fd++) {
		char path[40], target[60] = "";
		int flags = fcntl(fd, F_GETFD), status = fcntl(fd, F_GETFL);

		w->fds[fd][0] = '\0';
		if (flags < 0)
			continue;
		assert_int_equal(str_format(path, sizeof(path), "/proc/self/fd/%d", fd), 0);
		(void)!readlink(path, target, sizeof(target) - 1); /* cut is fine: it is compared */
		assert_int_equal(
		    str_format(w->fds[fd], sizeof(w->fds[fd]), "%s %d %d", target, flags, status),
		    0);
	}
}

/* The lines of /proc/self/status that say what the process may do. */
static void take_status(struct witness *w)
{
	static const char *const keys[] = {
	    "Uid:",    "Gid:",	  "Groups:", "CapInh:", "CapPrm:",     "CapEff:",
	    "CapBnd:", "CapAmb:", "Seccomp", "Threads", "NoNewPrivs:", "NSpid:"};
	char buf[8192], *at = buf;

	assert_true(fd_read_file_at(AT_FDCWD, "/proc/self/status", buf, sizeof(buf)) > 0);
	w->status[0] = '\0';
	for (char *line; (line = strsep(&at, "\n"));)
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			size_t used = strlen(w->status);

			if (str_has_prefix(line, keys[i], NULL))
				assert_int_equal(str_format(w->status + used,
							    sizeof(w->status) - used, "%s\n", line),
						 0);
		}
}

static void take_namespaces(struct witness *w)
{
	static const char *const names[] = {
	    "mnt", "pid", "pid_for_children", "ipc", "uts", "net", "cgroup", "user", "time"};
	size_t used = 0;

	w->namespaces[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64], target[64] = "";

		assert_int_equal(str_format(path, sizeof(path), "/proc/self/ns/%s", names[i]), 0);
		(void)!readlink(path, target, sizeof(target) - 1); /* absent: empty, compared */
		assert_int_equal(str_format(w->namespaces + used, sizeof(w->namespaces) - used,
					    "%s=%s\n", names[i], target),
				 0);
		used = strlen(w->namespaces);
	}
}

void witness_take(struct witness *w)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &w->mask), 0);
	for (int sig = 1; sig < WITNESS_SIGNALS; sig++)
		(void)sigaction(sig, NULL, &w->actions[sig]); /* 32 and 33 are glibc's own */
	take_fds(w);
	w->umask = umask(0);
	(void)umask((mode_t)w->umask);
	assert_non_null(getcwd(w->cwd, sizeof(w->cwd)));
	w->environment = hash_environment();
	take_status(w);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		assert_int_equal(getrlimit((__rlimit_resource_t)i, &w->limits[i]), 0);
	w->nice = getpriority(PRIO_PROCESS, 0);
	take_namespaces(w);
	assert_true(fd_read_file_at(AT_FDCWD, "/proc/self/cgroup", w->cgroups, sizeof(w->cgroups)) >
		    0);
	assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &w->subreaper), 0);
	w->dumpable = prctl(PR_GET_DUMPABLE);
}

void witness_assert_same(const struct witness *before, const struct witness *after)
{
	for (int sig = 1; sig < WITNESS_SIGNALS; sig++) {
		const struct sigaction *a = &before->actions[sig], *b = &after->actions[sig];

		assert_int_equal(sigismember(&before->mask, sig), sigismember(&after->mask, sig));
		assert_ptr_equal(a->sa_handler, b->sa_handler);
		assert_int_equal(a->sa_flags, b->sa_flags);
	}
	for (int fd = 0; fd < WITNESS_FDS; fd++)
		assert_string_equal(before->fds[fd], after->fds[fd]);
	assert_int_equal(before->umask, after->umask);
	assert_string_equal(before->cwd, after->cwd);
	assert_true(before->environment == after->environment);
	assert_string_equal(before->status, after->status);
	assert_memory_equal(before->limits, after->limits, sizeof(before->limits));
	assert_int_equal(before->nice, after->nice);
	assert_string_equal(before->namespaces, after->namespaces);
	assert_string_equal(before->cgroups, after->cgroups);
	assert_int_equal(before->subreaper, after->subreaper);
	assert_int_equal(before->dumpable, after->dumpable);
}

void witness_assert_childless(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef API_TEST_H
#define API_TEST_H

/*
 * For tests/live/api_*.c, which use the public header alone, as programs outside of this tree do.
 * Each check prints one line "ok WHAT" or "not ok WHAT # why"; test_api.py reads them.
 */
#include <errno.h>
#include <fcntl.h>
#include <pamcontainer.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATE_ROOT "/run/pam_container"
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

/** struct test - what a group of checks has; made by test_main() */
struct test {
	struct ctr_factory *f;
	struct ctr_error err; /* of the last call */
	int n, failed;
};

__attribute__((format(printf, 3, 4))) static inline bool check(struct test *t, bool ok,
							       const char *fmt, ...)
{
	va_list ap;

	printf("%s ", ok ? "ok" : "not ok");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(ok ? "\n" : " # %d %s: %s\n", t->err.code, t->err.stage, t->err.text);
	t->n++;
	t->failed += !ok;
	return ok;
}

/** need - a check without which the rest makes no sense */
static inline void need(struct test *t, bool ok, const char *what)
{
	if (check(t, ok, "%s", what))
		return;
	exit(1);
}

static inline void nap(unsigned int ms)
{
	(void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L},
			NULL);
}

/** make - a container of that ID with what matters little here */
static inline struct ctr_container *make(struct test *t, const char *id)
{
	struct ctr_container *c = NULL;
	struct ctr_config *cfg;
	int r = ctr_config_new(&cfg, &t->err);

	if (r == 0)
		r = ctr_config_set(cfg, "Resources", "TasksMax", "100", &t->err);
	if (r == 0)
		r = ctr_create(t->f, id, cfg, &c, &t->err);
	ctr_config_free(cfg);
	need(t, r == 0, "a container is made");
	return c;
}

/** end - destroy by force and release */
static inline void end(struct test *t, struct ctr_container *c)
{
	check(t, ctr_destroy(c, 1, 0, &t->err) == 0, "it is destroyed");
	ctr_container_free(c);
}

/** run - start a shell command as a user; descriptors -1 where not given */
static inline struct ctr_process *run(struct test *t, struct ctr_container *c, const char *command)
{
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"sh", "-c", command, NULL},
	    .stdin_fd = -1,
	    .stdout_fd = -1,
	    .stderr_fd = 2,
	};
	struct ctr_process *p = NULL;

	if (ctr_start(c, &spec, &p, &t->err) < 0)
		need(t, false, "a command starts");
	return p;
}

static inline enum ctr_status status_of(struct test *t, struct ctr_container *c)
{
	enum ctr_status s = (enum ctr_status)99;

	(void)ctr_container_status(c, &s, &t->err);
	return s;
}

static inline bool becomes(struct test *t, struct ctr_container *c, enum ctr_status want)
{
	for (int i = 0; i < 500 && status_of(t, c) != want; i++)
		nap(10);
	return status_of(t, c) == want;
}

/** is_gone - within a second or so; whoever adopted it may be about to wait for it */
static inline bool is_gone(pid_t pid)
{
	for (int i = 0; i < 200 && kill(pid, 0) == 0; i++)
		nap(10);
	return kill(pid, 0) < 0;
}

static inline pid_t child_now(struct test *t, struct ctr_container *c, pid_t parent,
			      const char *name)
{
	struct ctr_proc_info *v = NULL;
	pid_t host = -1, found = 0;
	size_t n = 0;

	if (ctr_processes(c, &v, &n, &t->err) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].inner_pid == parent)
			host = v[i].pid;
	for (size_t i = 0; i < n; i++)
		if (v[i].ppid == host && strcmp(v[i].command, name) == 0)
			found = v[i].inner_pid;
	free(v);
	return found;
}

/** child_of - the child of that name, once it has it; pids as the container sees them. 0: none */
static inline pid_t child_of(struct test *t, struct ctr_container *c, pid_t parent,
			     const char *name)
{
	pid_t pid = 0;

	for (int i = 0; i < 500 && !pid; i++) {
		pid = child_now(t, c, parent, name);
		nap(pid ? 0 : 10);
	}
	return pid;
}

/**
 * elsewhere - do something in another process, with a factory of its own
 *
 * Returns what fn returned, 0 to 255.
 */
static inline int elsewhere(int (*fn)(struct test *t, const char *id), const char *id)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct test t = {0};

		if (ctr_factory_new(&t.f, NULL) < 0)
			_exit(255);
		_exit(fn(&t, id));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

static inline int look_status(struct test *t, const char *id)
{
	struct ctr_container *c;

	return ctr_load(t->f, id, &c, &t->err) < 0 ? 100 + t->err.code : (int)status_of(t, c);
}

/** seen_status - the status of a container as another process sees it; 100 + code: not loaded */
static inline int seen_status(const char *id)
{
	return elsewhere(look_status, id);
}

/** struct group - checks that go together */
struct group {
	const char *name;
	void (*run)(struct test *t);
};

static inline int test_main(int argc, char **argv, const struct group *groups, size_t n)
{
	struct test t = {0};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2 || ctr_factory_new(&t.f, &t.err) < 0)
		return 2;
	for (size_t i = 0; i < n; i++)
		if (strcmp(groups[i].name, argv[1]) == 0)
			groups[i].run(&t);
	ctr_factory_free(t.f);
	printf("done %d\n", t.n);
	return t.failed || !t.n;
}

#endif

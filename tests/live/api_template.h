/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef API_TEMPLATE_H
#define API_TEMPLATE_H

/*
 * For the tests that libcontainer has too: its template of a configuration, and a process whose
 * output counts. Each case runs in a process of its own and says one line "case ok NAME", "case
 * not ok NAME" or "case skip NAME REASON"; test_libcontainer.py reads them.
 */
#include "api_test.h"

/** struct setting - one line of a definition */
struct setting {
	const char *section, *key, *value;
};

/** struct output - what a process wrote on stdout and stderr, and its wait status */
struct output {
	char text[8192], errors[1024];
	int status;
};

/* Host name, 14 capabilities, five namespaces, masked and read-only parts of /proc, 1025 files. */
static const struct setting template[] = {
    {"Container", "Namespaces", "mount pid ipc uts"}, /* and net, by Private= */
    {"Network", "Private", "loopback"},
    {"Exec", "Hostname", "integration"},
    {"Exec", "NoNewPrivileges", "no"},
    {"Exec", "CapabilityBoundingSet",
     "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID CAP_SETUID "
     "CAP_SETFCAP"},
    {"Exec", "CapabilityBoundingSet",
     "CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE"},
    {"Exec", "LimitNOFILE", "1025"},
    {"Files", "Inaccessible", "-/proc/kcore"},
    {"Files", "ReadOnlyPaths", "-/proc/sys -/proc/sysrq-trigger -/proc/irq -/proc/bus"},
    {"Resources", "DevicePolicy", "closed"},
};

static inline int put(struct test *t, struct ctr_config *cfg, const struct setting *s)
{
	return ctr_config_set(cfg, s->section, s->key, s->value, &t->err);
}

/** try_make - by the template and what follows, which ends with {0}; NULL and t->err: refused */
static inline struct ctr_container *try_make(struct test *t, const char *id,
					     const struct setting *more)
{
	struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	int r = ctr_config_new(&cfg, &t->err);

	for (size_t i = 0; r == 0 && i < COUNT(template); i++)
		r = put(t, cfg, &template[i]);
	for (; r == 0 && more && more->key; more++)
		r = put(t, cfg, more);
	if (r == 0)
		(void)ctr_create(t->f, id, cfg, &c, &t->err);
	ctr_config_free(cfg);
	return c;
}

/** make_by - the same, of settings in parentheses */
#define make_by(t, id, ...)                                                                        \
	must_make(t, try_make(t, id, (const struct setting[]){__VA_ARGS__, {0}}))

static inline struct ctr_container *must_make(struct test *t, struct ctr_container *c)
{
	need(t, c != NULL, "a container is made");
	return c;
}

static inline void drain(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
}

/**
 * get - run it to its end; stdin is spec's, at most a pipe full of errors
 *
 * Returns what ctr_start() returned.
 */
static inline int get(struct test *t, struct ctr_container *c, struct ctr_process_spec spec,
		      struct output *ret)
{
	struct ctr_process *p = NULL;
	int out[2], err[2], r;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		exit(3);
	spec.stdin_fd = -1;
	spec.stdout_fd = out[1];
	spec.stderr_fd = err[1];
	r = ctr_start(c, &spec, &p, &t->err);
	close(out[1]);
	close(err[1]);
	drain(out[0], ret->text, sizeof(ret->text));
	drain(err[0], ret->errors, sizeof(ret->errors));
	if (r == 0 && ctr_process_wait(p, 5000, &ret->status, &t->err) < 0)
		need(t, false, "it ends");
	ctr_process_free(p);
	return r;
}

/** sh - the same for a shell command, which must start */
static inline struct output sh(struct test *t, struct ctr_container *c, const char *command)
{
	struct output out = {0};

	if (get(t, c,
		(struct ctr_process_spec){.argv = (const char *const[]){"sh", "-c", command, NULL}},
		&out) < 0)
		need(t, false, "a command starts");
	return out;
}

/** says - does the command write just that, and nothing on stderr? */
static inline bool says(struct test *t, struct ctr_container *c, const char *command,
			const char *want)
{
	struct output out = sh(t, c, command);

	if (strcmp(out.text, want) == 0 && !*out.errors)
		return true;
	printf("# %s: %s%s\n", command, out.text, out.errors);
	return false;
}

/** skip - end this case: the machine lacks what it needs */
__attribute__((noreturn)) static inline void skip(const char *name, const char *reason)
{
	printf("case skip %s %s\n", name, reason);
	exit(77);
}

static inline void need_systemd(const char *name)
{
	if (access("/run/systemd/system", F_OK) < 0)
		skip(name, "needs systemd");
}

static inline void need_unified(const char *name)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0)
		skip(name, "needs cgroup v2 alone");
}

/** run_case - one in a child; 1 when it failed */
static inline int run_case(const struct group *g)
{
	struct test t = {0};
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		need(&t, ctr_factory_new(&t.f, &t.err) == 0, "a factory");
		g->run(&t);
		ctr_factory_free(t.f);
		exit(t.failed || !t.n);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return 0;
	printf("case %sok %s\n", status ? "not " : "", g->name);
	return status != 0;
}

/** case_main - all, or those that are named */
static inline int case_main(int argc, char **argv, const struct group *groups, size_t n)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		bool wanted = argc < 2;

		for (int a = 1; a < argc; a++)
			wanted = wanted || strcmp(argv[a], groups[i].name) == 0;
		if (wanted)
			failed |= run_case(&groups[i]);
	}
	return failed;
}

#endif

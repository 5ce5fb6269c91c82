/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <pamcontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attr.h"
#include "num.h"
#include "str.h"

/*
 * lifecycle cycle N: makes a container of libcontainer's README N times, runs /bin/true in it and
 * destroys it; prints the nanoseconds of each. lifecycle hold N: N at once, with a process in each;
 * prints their IDs and keeps them until standard input ends. lifecycle read N: reads every file
 * that standard input names, N times.
 */

enum { COUNT_MAX = 1000, PATHS_MAX = 100000 };

static const char *const readme[][3] = {
    {"Container", "Namespaces", "mount pid ipc uts"}, /* and net, by Private= below */
    {"Exec", "Hostname", "testing"},
    {"Exec", "CapabilityBoundingSet",
     "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID"},
    {"Exec", "CapabilityBoundingSet",
     "CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL "
     "CAP_AUDIT_WRITE"},
    {"Exec", "LimitNOFILE", "1025"},
    {"Network", "Private", "loopback"},
    {"Resources", "DevicePolicy", "closed"},
};

static void ATTR_NORETURN die(const struct ctr_error *err)
{
	(void)fprintf(stderr, "lifecycle: %s\n", err->text);
	exit(1);
}

static struct ctr_container *make(struct ctr_factory *f, const struct ctr_config *cfg, int n)
{
	struct ctr_container *c = NULL;
	struct ctr_error err = {0};
	char id[32];

	if (str_format(id, sizeof(id), "bench-%d", n) < 0 || ctr_create(f, id, cfg, &c, &err) < 0)
		die(&err);
	return c;
}

static struct ctr_process *start(struct ctr_container *c, const char *const *argv)
{
	struct ctr_process_spec spec = {
	    .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
	struct ctr_process *p = NULL;
	struct ctr_error err = {0};

	if (ctr_start(c, &spec, &p, &err) < 0)
		die(&err);
	return p;
}

static void destroy(struct ctr_container *c)
{
	struct ctr_error err = {0};

	if (ctr_destroy(c, 1, 0, &err) < 0)
		die(&err);
	ctr_container_free(c);
}

static long long now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void cycle(struct ctr_factory *f, const struct ctr_config *cfg, int n)
{
	static const char *const argv[] = {"/bin/true", NULL};

	for (int i = 0; i < n; i++) {
		long long begin = now();
		struct ctr_container *c = make(f, cfg, 0);
		struct ctr_process *p = start(c, argv);
		struct ctr_error err = {0};
		int status = -1;

		if (ctr_process_wait(p, 5000, &status, &err) < 0 || status != 0)
			die(&err);
		ctr_process_free(p);
		destroy(c);
		(void)printf("%lld\n", now() - begin);
	}
}

static void hold(struct ctr_factory *f, const struct ctr_config *cfg, int n)
{
	static const char *const argv[] = {"/bin/sleep", "1000000", NULL};
	static struct ctr_container *c[COUNT_MAX];
	static struct ctr_process *p[COUNT_MAX];
	char byte;

	for (int i = 0; i < n; i++) {
		c[i] = make(f, cfg, i);
		p[i] = start(c[i], argv);
		(void)printf("bench-%d\n", i);
		(void)fflush(stdout);
	}
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (int i = 0; i < n; i++) {
		ctr_process_free(p[i]);
		destroy(c[i]);
	}
}

static int read_files(int n)
{
	static char *paths[PATHS_MAX], text[32768];
	size_t count = 0, size = 0;
	char *line = NULL;

	while (count < PATHS_MAX && getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		paths[count++] = strdup(line);
	}
	for (size_t i = 0; i < count * (size_t)n; i++) {
		int fd = open(paths[i % count], O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

		while (got > 0) /* to its end, which only a read of nothing tells */
			got = read(fd, text, sizeof(text));
		if (got < 0)
			perror(paths[i % count]);
		(void)close(fd);
	}
	free(line);
	return count == 0;
}

int main(int argc, char **argv)
{
	struct ctr_factory *f = NULL;
	struct ctr_config *cfg = NULL;
	struct ctr_error err = {0};
	int n;

	if (argc != 3 || num_int_in(argv[2], 1, COUNT_MAX, &n) < 0)
		return 2;
	if (str_equal(argv[1], "read"))
		return read_files(n);
	if (ctr_factory_new(&f, &err) < 0 || ctr_config_new(&cfg, &err) < 0)
		die(&err);
	for (size_t i = 0; i < ARRAY_SIZE(readme); i++)
		if (ctr_config_set(cfg, readme[i][0], readme[i][1], readme[i][2], &err) < 0)
			die(&err);
	if (str_equal(argv[1], "hold"))
		hold(f, cfg, n);
	else
		cycle(f, cfg, n);
	ctr_config_free(cfg);
	ctr_factory_free(f);
	return 0;
}

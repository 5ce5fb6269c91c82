/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "str.h"
#include "sys.h"

/*
 * floor ROOT [life] <PLAN: the least that a container of that shape costs. Makes the plan's groups,
 * clones one process into six namespaces, which puts itself into the groups, makes the plan's
 * mounts, changes its root and executes this static program once; prints the nanoseconds until that
 * runs. With `life` that runs /bin/true and ends, and the groups are removed: nanoseconds of it
 * all.
 *
 * A plan is made of lines of words parted by tabs (tests/bench/shape.py reads it off a container of
 * the product): group DIR | write FILE VALUE | attach FILE | into DIR | dir PATH | file PATH |
 * node PATH | new TYPE PATH FLAGS OPTIONS | bind SOURCE PATH FLAGS. Paths of mounts are below ROOT.
 * The child puts itself in by each `attach`, and is born in the group of `into` (v2).
 */

enum { WORDS = 5, STEPS = 512, CHILD_FD = 3 };

struct step {
	char *word[WORDS];
};

struct plan {
	const char *root;
	struct step step[STEPS];
	size_t n;
};

static void ATTR_NORETURN die(const char *what, const char *object)
{
	(void)fprintf(stderr, "floor: %s %s: %s\n", what, object, strerror(errno));
	_exit(1);
}

static void read_plan(struct plan *p)
{
	char *line = NULL, *rest;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0 && p->n < STEPS) {
		struct step *s = &p->step[p->n++];

		line[strcspn(line, "\n")] = '\0';
		rest = strdup(line);
		for (int i = 0; rest && i < WORDS; i++)
			s->word[i] = strsep(&rest, "\t");
		if (!s->word[1])
			die("bad line", line);
	}
	free(line);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("write", path);
	(void)close(fd);
}

static void make_groups(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		char *const *w = p->step[i].word;

		if (str_equal(w[0], "group") && mkdir(w[1], 0755) < 0)
			die("make group", w[1]);
		if (str_equal(w[0], "write"))
			write_file(w[1], w[2]);
	}
}

static void enter_groups(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_equal(p->step[i].word[0], "attach"))
			write_file(p->step[i].word[1], "0");
	if (unshare(CLONE_NEWCGROUP) < 0)
		die("unshare", "cgroup namespace");
}

static pid_t clone_into(const struct plan *p)
{
	struct clone_args args = {.exit_signal = SIGCHLD,
				  .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
					   CLONE_NEWUTS | CLONE_NEWNET};
	pid_t pid;
	int fd;

	for (size_t i = 0; i < p->n; i++) {
		if (!str_equal(p->step[i].word[0], "into"))
			continue;
		fd = open(p->step[i].word[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			die("open", p->step[i].word[1]);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)fd;
	}
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0)
		die("clone", "child");
	return pid;
}

static uint64_t flags_of(const char *words)
{
	return (strstr(words, "ro") ? MOUNT_ATTR_RDONLY : 0) |
	       (strstr(words, "nosuid") ? MOUNT_ATTR_NOSUID : 0) |
	       (strstr(words, "nodev") ? MOUNT_ATTR_NODEV : 0) |
	       (strstr(words, "noexec") ? MOUNT_ATTR_NOEXEC : 0);
}

static void set_flags(const char *path, const char *words)
{
	struct mount_attr a = {.attr_set = flags_of(words)};

	if (a.attr_set && sys_mount_setattr(AT_FDCWD, path, 0, &a, sizeof(a)) < 0)
		die("set flags of", path);
}

static void make_mount(const char *root, char *const *w)
{
	bool is_new = str_equal(w[0], "new");
	const char *source = is_new ? NULL : w[1], *flags = w[3], *options = is_new ? w[4] : NULL;
	char path[4096];

	if (str_format(path, sizeof(path), "%s%s", root, w[2]) < 0)
		die("name", w[2]);
	if (is_new &&
	    mount(w[1], path, w[1], flags_of(flags), options && *options ? options : NULL))
		die("mount", w[2]);
	if (!is_new && mount(source, path, NULL, MS_BIND, NULL) < 0)
		die("bind", w[2]);
	if (!is_new)
		set_flags(path, flags);
}

static void make_place(const char *root, char *const *w)
{
	char path[4096];
	int r = str_format(path, sizeof(path), "%s%s", root, w[1]);

	if (r == 0 && str_equal(w[0], "dir"))
		r = mkdir(path, 0755);
	else if (r == 0 && str_equal(w[0], "node"))
		r = mknod(path, S_IFCHR | 0666, makedev(1, 3));
	else if (r == 0)
		r = mknod(path, S_IFREG | 0644, 0);
	if (r < 0)
		die("make", w[1]);
}

static void make_root(const struct plan *p)
{
	(void)umask(0);
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		die("stop propagation of", "/");
	for (size_t i = 0; i < p->n; i++) {
		char *const *w = p->step[i].word;

		if (str_equal(w[0], "new") || str_equal(w[0], "bind"))
			make_mount(p->root, w);
		else if (str_equal(w[0], "dir") || str_equal(w[0], "file") ||
			 str_equal(w[0], "node"))
			make_place(p->root, w);
	}
	if (chdir(p->root) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		die("change root to", p->root);
}

static void ATTR_NORETURN child(const struct plan *p, char **self, int report)
{
	char *const argv[] = {"floor", "ready", self[2], NULL}, *const envp[] = {NULL};

	enter_groups(p);
	make_root(p);
	if (dup2(report, CHILD_FD) < 0)
		die("place", "descriptor");
	(void)execve(self[0], argv, envp);
	die("execute", self[0]);
}

static void remove_groups(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_equal(p->step[i].word[0], "group"))
			while (rmdir(p->step[i].word[1]) < 0 && errno == EBUSY)
				(void)usleep(100); /* until the dead process has left it */
}

static long long now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What PID 1 is: without an argument it stays, else it runs /bin/true to its end. */
static int be_ready(bool stays)
{
	char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
	int status = 0;
	pid_t pid;

	if (!stays) {
		pid = vfork();
		if (pid == 0) {
			(void)execve("/bin/true", argv, envp);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			return 1;
	}
	(void)!write(CHILD_FD, "", 1); /* the parent misses it otherwise, and says so */
	for (; stays;)
		(void)pause();
	return 0;
}

int main(int argc, char **argv)
{
	static struct plan p;
	bool life = argc == 3 && str_equal(argv[2], "life");
	long long begin, spent = 0;
	int pipefd[2];
	pid_t pid;
	char byte;

	if (argc >= 2 && str_equal(argv[1], "ready"))
		return be_ready(!life);
	if (argc != 2 + life || pipe2(pipefd, O_CLOEXEC) < 0)
		return 2;
	p.root = argv[1];
	read_plan(&p);
	begin = now();
	make_groups(&p);
	pid = clone_into(&p);
	if (pid == 0)
		child(&p, argv, pipefd[1]);
	(void)close(pipefd[1]);
	if (read(pipefd[0], &byte, 1) == 1)
		spent = now() - begin;
	if (!life)
		(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	remove_groups(&p);
	if (life && spent)
		spent = now() - begin;
	if (spent)
		(void)printf("%lld\n", spent);
	return 0;
}

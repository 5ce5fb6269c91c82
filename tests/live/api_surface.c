/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process is handed besides its arguments: descriptors, a console, an environment. */
#include "api_test.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Its standard output up to its end, at most what fits; its wait status */
static int capture(struct test *t, struct ctr_container *c, struct ctr_process_spec spec,
		   char text[1024])
{
	struct ctr_process *p;
	size_t len = 0;
	ssize_t n;
	int fds[2], status = -1;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	spec.stdin_fd = spec.stderr_fd = -1;
	spec.stdout_fd = fds[1];
	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "it starts");
	close(fds[1]);
	while (len < 1023 && (n = read(fds[0], text + len, 1023 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)ctr_process_wait(p, 5000, &status, &t->err);
	ctr_process_free(p);
	close(fds[0]);
	return status;
}

static void test_extra(struct test *t)
{
	struct ctr_container *c = make(t, "extra");
	int a[2], b[2], many[21];
	char text[1024], got[8] = {0};
	struct ctr_process_spec spec = {
	    .argv =
		(const char *const[]){"sh", "-c",
				      "cd /proc/self/fd && echo *; echo 1 >&3; echo 2 >&4", NULL},
	    .extra_fds = (const int[]){0, 0},
	    .n_extra_fds = 2};
	struct ctr_process *p;

	need(t, pipe2(a, O_CLOEXEC) == 0 && pipe2(b, O_CLOEXEC) == 0, "two pipes");
	spec.extra_fds = (const int[]){a[1], b[1]};
	check(t, capture(t, c, spec, text) == 0, "it writes to both");
	check(t, !strcmp(text, "0 1 2 3 4 5\n"), "0 to 4, and that of the folder: %s", text);
	close(a[1]);
	close(b[1]);
	check(t, read(a[0], got, 7) == 2 && got[0] == '1', "the first is 3");
	check(t, read(b[0], got, 7) == 2 && got[0] == '2', "the second is 4");
	check(t, read(a[0], got, 7) == 0 && read(b[0], got, 7) == 0, "nobody else has them");
	close(a[0]);
	close(b[0]);
	spec.argv = (const char *const[]){"no-such-program", NULL};
	spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = -1;
	spec.extra_fds = (const int[]){1, 2};
	check(t, ctr_start(c, &spec, &p, &t->err) == -ENOENT, "what fails is told all the same");
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = 1;
	spec.argv = (const char *const[]){"sh", "-c", "cd /proc/self/fd && echo *", NULL};
	spec.extra_fds = many;
	spec.n_extra_fds = 20;
	check(t, capture(t, c, spec, text) == 0 && strstr(text, " 22 ") && !strstr(text, " 24 "),
	      "twenty: %s", text);
	spec.n_extra_fds = 21;
	check(t, ctr_start(c, &spec, &p, &t->err) == -E2BIG, "but no more");
	many[3] = 999;
	spec.n_extra_fds = 20;
	check(t, ctr_start(c, &spec, &p, &t->err) == -EBADF, "and none that is not open");
	end(t, c);
}

/* The one message of the other side: a descriptor and a name */
static int receive(int listener, char name[64])
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {name, 63};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC), fd = -1;
	ssize_t n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);

	if (n > 0 && CMSG_FIRSTHDR(&h))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(fd));
	name[n > 0 ? n : 0] = '\0';
	close(sock);
	return fd;
}

static void test_console(struct test *t)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/console.sock"};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), master;
	struct ctr_container *c = make(t, "console");
	struct ctr_process_spec spec = {
	    .argv =
		(const char *const[]){"sh", "-c", "stty size; read x; echo got $x; exit 9", NULL},
	    .terminal = 1,
	    .rows = 31,
	    .cols = 99,
	    .console_socket = a.sun_path};
	struct ctr_process *p;
	char name[64], text[256] = {0};
	size_t len = 0;
	ssize_t n;
	int status;

	check(t, ctr_start(c, &spec, &p, &t->err) == -ENOENT, "nobody listens: nothing starts");
	check(t, status_of(t, c) == CTR_CREATED, "nothing did");
	need(t, bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && !listen(listener, 1),
	     "a socket");
	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "it starts");
	check(t, ctr_process_terminal(p) == -1, "its terminal is another one's");
	master = receive(listener, name);
	check(t, master >= 0 && !strcmp(name, "/dev/pts/0"), "who has it: %s", name);
	check(t, isatty(master) && write(master, "word\n", 5) == 5, "types");
	while (len < 255 && !strstr(text, "got word") &&
	       (n = read(master, text + len, 255 - len)) > 0)
		len += (size_t)n;
	check(t, strstr(text, "31 99") && strstr(text, "got word"), "and sees: %s", text);
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && WEXITSTATUS(status) == 9,
	      "its status is exact");
	ctr_process_free(p);
	close(master);
	spec.terminal = 0;
	check(t, ctr_start(c, &spec, &p, &t->err) == -EINVAL, "without a terminal there is none");
	close(listener);
	unlink(a.sun_path);
	end(t, c);
}

static void test_environment(struct test *t)
{
	static const struct {
		const char *env[4], *want;
	} rows[] = {
	    {{"A=1", "B=2", "A=3"}, "A=3\nB=2\nHOME=/usr/sbin\n"},
	    {{"HOME=/x", "A=1"}, "HOME=/x\nA=1\n"},
	    {{"HOME=/x", "HOME=/y"}, "HOME=/y\n"},
	    {{NULL}, "HOME=/usr/sbin\n"},
	    {{"AB=1", "A=2"}, "AB=1\nA=2\nHOME=/usr/sbin\n"},
	};
	struct ctr_container *c = make(t, "environment");
	char text[1024];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ctr_process_spec spec = {.argv = (const char *const[]){"/usr/bin/env", NULL},
						.env = rows[i].env,
						.user = "daemon"};

		check(t, capture(t, c, spec, text) == 0 && !strcmp(text, rows[i].want), "%s", text);
	}
	end(t, c);
}

static void test_missing(struct test *t)
{
	struct ctr_container *c = make(t, "missing");
	struct ctr_process_spec spec = {.argv = (const char *const[]){"unexistent", NULL},
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1};
	struct ctr_process *p;

	check(t,
	      ctr_start(c, &spec, &p, &t->err) == -ENOENT && strstr(t->err.text, "unexistent") &&
		  !strcmp(t->err.stage, "exec"),
	      "a program that is not there is named");
	spec.argv = (const char *const[]){"/etc/passwd", NULL};
	check(t, ctr_start(c, &spec, &p, &t->err) == -EACCES, "one that is none is told apart");
	check(t, status_of(t, c) == CTR_CREATED, "nothing was started by that");
	end(t, c);
}

/* Whose text says Cgroup=; whether scopes are possible is the machine's affair */
static void check_driver(struct test *t, const char *driver)
{
	struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	char *text = NULL, *line = NULL;
	int r;

	need(t, ctr_factory_set(t->f, "cgroup", driver, &t->err) == 0, driver);
	need(t, ctr_config_new(&cfg, &t->err) == 0 && asprintf(&line, "Cgroup=%s\n", driver) > 0,
	     "a definition");
	r = ctr_create(t->f, "driver", cfg, &c, &t->err);
	ctr_config_free(cfg);
	if (r < 0) {
		check(t, strcmp(driver, "scope") == 0 && strstr(t->err.text, "Cgroup=scope"),
		      "refused by name: %s", t->err.text);
	} else {
		check(t, ctr_definition_text(c, &text, &t->err) == 0 && strstr(text, line), "%s",
		      line);
		end(t, c);
	}
	free(text);
	free(line);
}

static void test_factory(struct test *t)
{
	static const char root[] = "/run/state-in-memory";
	struct stat before, after, again;
	struct ctr_container *c;

	check_driver(t, "cgroupfs");
	check_driver(t, "scope");
	need(t, mkdir(root, 0700) == 0 && stat(root, &before) == 0, "a folder");
	need(t, ctr_factory_set(t->f, "cgroup", "auto", &t->err) == 0, "as the machine has it");
	need(t, ctr_factory_set(t->f, "state-root", root, &t->err) == 0, "is the state root");
	need(t, mkdir("/run/state-in-memory/containers", 0700) == 0, "a folder");
	need(t, mkdir("/run/state-in-memory/containers/alive", 0700) == 0, "a container");
	check(t, ctr_factory_set(t->f, "tmpfs-root", "yes", &t->err) == -EBUSY,
	      "MUST-9: it is not covered");
	check(t, strstr(t->err.text, "holds container alive"), "%s", t->err.text);
	need(t, rmdir("/run/state-in-memory/containers/alive") == 0, "it goes");
	need(t, rmdir("/run/state-in-memory/containers") == 0, "all go");
	for (int i = 0; i < 2; i++)
		check(t, ctr_factory_set(t->f, "tmpfs-root", "yes", &t->err) == 0, "in memory");
	check(t, stat(root, &after) == 0 && after.st_dev != before.st_dev, "it is another mount");
	check(t, (after.st_mode & 07777) == 0700, "of root alone");
	c = make(t, "memory");
	check(t, stat("/run/state-in-memory/containers/memory", &again) == 0, "it has the record");
	end(t, c);
	check(t, umount(root) == 0, "it was mounted once");
	check(t, stat(root, &again) == 0 && again.st_dev == before.st_dev, "and no more");
	check(t, rmdir(root) == 0, "nothing was made below");
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"extra", test_extra},     {"console", test_console}, {"environment", test_environment},
	    {"missing", test_missing}, {"factory", test_factory},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

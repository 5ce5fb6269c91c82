/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "doctor.h"
#include "str.h"

enum { ANSWER_MS = 3000 };

static void run(int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
	(void)execlp("criu", "criu", "--version", (char *)NULL);
	_exit(127);
}

/* "Version: 3.17.1" on a line of its own */
static void read_version(const char *text, char *dst, size_t size)
{
	const char *at = strstr(text, "Version: ");

	if (!at)
		return;
	at += strlen("Version: ");
	if (str_format(dst, size, "%.*s", (int)strcspn(at, " \n"), at) < 0)
		dst[0] = '\0';
}

void doctor_criu_version(char *dst, size_t size)
{
	struct pollfd p = {.events = POLLIN};
	autofd int rd = -1, wr = -1;
	char text[256] = "";
	int fds[2];
	pid_t pid;

	dst[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	rd = fds[0];
	wr = fds[1];
	pid = fork();
	if (pid == 0)
		run(wr);
	if (pid < 0)
		return;
	cleanup_fd(&wr);
	p.fd = rd;
	if (poll(&p, 1, ANSWER_MS) == 1 && read(rd, text, sizeof(text) - 1) > 0)
		read_version(text, dst, size);
	(void)kill(pid, SIGKILL); /* it has answered, or never will */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* It ends with 1 then; with another status where there is none. */
bool doctor_criu_lacks(const char *feature)
{
	autofd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct child_command cmd = {
	    .argv =
		(const char *const[]){"/usr/bin/env", "criu", "check", "--feature", feature, NULL},
	    .dirfd = top,
	    .in = -1,
	    .out = -1};
	struct ctr_error err = {0};
	int r = child_exec(&cmd, ANSWER_MS, &err);
	const char *status = strstr(err.text, "status ");

	return r == -EIO && status && strcmp(status, "status 1") == 0;
}

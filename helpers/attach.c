/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "msg.h"
#include "proto.h"
#include "relay.h"
#include "str.h"

/*
 * container-attach: stands where the login shell would, asks PID 1 to run the real one and
 * relays. It runs as the user, within the container, and may do nothing the shell may not.
 *
 * A session gets a terminal of the container when 0, 1 and 2 are one terminal. With any of them
 * redirected the three are handed over as they are: the program sees what it would have seen.
 */

enum { EXIT_LOST = 254 };

extern char **environ;

static int complain(const struct ctr_error *err)
{
	char line[600];

	if (str_format(line, sizeof(line), "container-attach: %s\r\n", err->text) == 0)
		(void)!fd_write_all(STDERR_FILENO, line, strlen(line)); /* nowhere else to say it */
	return err->errnum == ENOENT ? 127 : err->errnum == EACCES ? 126 : EXIT_LOST;
}

static int wait_inner(void *of, int *ret_status, struct ctr_error *err)
{
	return proto_wait(*(int *)of, 0, ret_status, err);
}

static void signal_inner(void *of, int sig)
{
	(void)!proto_signal(*(int *)of, sig, NULL); /* PID 1 may be gone */
}

static int session(int sock, struct proto_start *p, int *ret_status, struct ctr_error *err)
{
	struct relay r = {.in = STDIN_FILENO,
			  .out = STDOUT_FILENO,
			  .master = -1,
			  .peer = {sock, &sock, wait_inner, signal_inner}};
	struct winsize w = {0};
	struct proto_session inner = PROTO_SESSION_NONE;
	autofd int signals = -1, master = -1, ring = -1;
	int rc;

	p->terminal = relay_on_terminal();
	/* the session's terminal begins as the login's is: erase key, flow control */
	if (p->terminal && tcgetattr(STDIN_FILENO, &r.saved) < 0)
		return err_sys(err, errno, "attach", "read the terminal's settings");
	p->termios = &r.saved;
	if (p->terminal && ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0) {
		p->rows = w.ws_row;
		p->cols = w.ws_col;
	}
	signals = relay_catch_signals();
	if (signals < 0)
		return err_sys(err, signals, "attach", "catch signals");
	rc = proto_start(sock, p, &inner, err);
	if (rc < 0)
		return rc;
	r.master = master = inner.master;
	ring = inner.ring;
	r.signals = signals;
	if (!p->terminal)
		return relay_wait(&r, ret_status, err);
	return relay_run(&r, ret_status, err);
}

/*
 * The path that this program stands on. The auxiliary vector names what was executed, which is the
 * script where the shell is a script's interpreter, execve(2); so the link is asked first.
 */
static const char *own_path(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);

	if (n <= 0)
		return (const char *)getauxval(AT_EXECFN);
	buf[n] = '\0';
	return buf;
}

int main(int argc, char **argv)
{
	char cwd[PATH_MAX], exe[PATH_MAX];
	mode_t mask = umask(077);
	struct proto_start p = {.argv = (const char *const *)argv,
				.env = (const char *const *)environ,
				.file = own_path(exe, sizeof(exe)),
				.umask = (int)mask,
				.fds = {0, 1, 2}};
	struct ctr_error err;
	int status = 0, r;

	(void)umask(mask);
	(void)prctl(PR_SET_NAME, "ctr-attach"); /* ps shall not list the shell twice */
	/*
	 * MUST-6: this process is on the outer terminal, and the user's others could make it act
	 * there (ptrace), or open again what whoever started it left open. Installed without the
	 * right to read, so that the kernel says the same from execve(2) on.
	 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || fd_close_except(NULL, 0) < 0)
		return EXIT_LOST;
	if (argc < 1 || !p.file || fd_std_safe() < 0)
		return EXIT_LOST;
	p.cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/' ? cwd : NULL;
	autofd int sock = msg_connect_at(AT_FDCWD, "/dev/.container/socket");

	if (sock < 0) {
		err_sys(&err, sock, "attach", "reach PID 1 of the container");
		return complain(&err);
	}
	r = session(sock, &p, &status, &err);
	if (r == -ECONNRESET)
		return EXIT_LOST; /* nobody is left to read a message */
	return r < 0 ? complain(&err) : relay_end_as(status);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "msg.h"
#include "proto.h"
#include "reattach.h"
#include "relay.h"
#include "str.h"

/*
 * container-attach: stands where the login shell would, asks PID 1 to run the real one and
 * relays. It runs as the user, within the container, and may do nothing the shell may not.
 *
 * A session gets a terminal of the container when 0, 1 and 2 are one terminal. With any of them
 * redirected the three are handed over as they are: the program sees what it would have seen.
 */

#define SOCKET_PATH "/dev/.container/socket"

enum { EXIT_LOST = 254, AGAIN_MS = 50, AGAIN_MAX = 1200 };

extern char **environ;

static int complain(const struct ctr_error *err)
{
	char line[600];

	if (str_format(line, sizeof(line), "container-attach: %s\r\n", err->text) == 0)
		(void)!fd_write_all(STDERR_FILENO, line, strlen(line)); /* nowhere else to say it */
	return err->errnum == ENOENT ? 127 : err->errnum == EACCES ? 126 : EXIT_LOST;
}

/** struct attach - one run of this program */
struct attach {
	int sock; /* to PID 1 */
	struct proto_start start;
	struct proto_session inner;
	struct relay relay;
};

static int hear_inner(void *of, struct proto_news *ret, struct ctr_error *err)
{
	const struct attach *a = of;

	return proto_hear(a->sock, 0, ret, err);
}

static void signal_inner(void *of, int sig)
{
	const struct attach *a = of;

	(void)!proto_signal(a->sock, sig, NULL); /* PID 1 may be gone */
}

/* Takes over what PID 1 handed out. A ring that cannot be mapped only costs the replay. */
static void take(struct attach *a, bool again)
{
	struct relay *r = &a->relay;

	r->master = a->inner.master;
	r->again = again;
	r->follows = !a->inner.lead;
	r->peer = (struct relay_peer){a->sock, a, hear_inner, signal_inner};
	if (a->inner.ring >= 0 && ring_map(a->inner.ring, &r->ring) < 0)
		r->follows = false;
}

static void let_go(struct attach *a)
{
	ring_unmap(take_ptr(a->relay.ring));
	cleanup_fd(&a->inner.master);
	cleanup_fd(&a->inner.ring);
	cleanup_fd(&a->sock);
}

/* Starts the shell, or takes the session that is there. */
static int open_session(struct attach *a, struct ctr_error *err)
{
	int r = PROTO_NONE;
	bool again;

	if (a->start.terminal && reattach_wanted(a->start.argv))
		r = reattach(a->sock, &a->inner, err);
	if (r < 0)
		return r;
	again = r == PROTO_ATTACHED;
	a->relay.signals = relay_catch_signals();
	if (a->relay.signals < 0)
		return err_sys(err, a->relay.signals, "attach", "catch signals");
	r = again ? 0 : proto_start(a->sock, &a->start, &a->inner, err);
	if (r == 0)
		take(a, again);
	return r;
}

/* Of what a full-screen program may have set (xterm's ctlseqs): it draws itself anew when it is
 * back */
#define NORMAL_SCREEN "\033[?1047l\033[?2004l\033[?1000l\033[?25h\033[m"

/*
 * After a checkpoint of a container that goes on: its socket is gone or refuses everybody until
 * PID 1 listens again. When the container ends this process does too, as one of its namespace.
 */
static int come_back(struct attach *a, struct ctr_error *err)
{
	char line[200];
	unsigned int name = a->inner.name;
	struct pollfd p = {.fd = a->relay.signals, .events = POLLIN};
	int r = -EAGAIN;

	/* the last word, where the container is saved and ended: this process with it */
	if (str_format(line, sizeof(line),
		       NORMAL_SCREEN
		       "\r\n[a checkpoint is being made; should this end, log in again to get "
		       "session %u back]\r\n",
		       name) == 0)
		(void)!write(STDOUT_FILENO, line, strlen(line)); /* as much as it takes */
	for (int i = 0; i < AGAIN_MAX; i++) {
		let_go(a);
		if (poll(&p, 1, AGAIN_MS) > 0 && relay_is_told_to_end(&a->relay))
			return err_set(err, CTR_E_SYSTEM, ECONNRESET, "relay", "told to end");
		a->sock = msg_connect_at(AT_FDCWD, SOCKET_PATH);
		if (a->sock < 0)
			continue;
		r = proto_attach(a->sock, name, &a->inner, NULL, err);
		if (r != -ESRCH || geteuid() != 0)
			break;
	}
	if (r == PROTO_ATTACHED)
		take(a, true);
	return r;
}

static void say_detached(const struct attach *a)
{
	const char *why = a->relay.news.checkpoint ? " for a checkpoint" : "";
	struct utsname host = {0};
	char line[200];

	(void)uname(&host); /* cannot fail */
	if (str_format(line, sizeof(line),
		       "\ndetached from session %u of %.64s%s; log in again to get it back\n",
		       a->inner.name, host.nodename, why) == 0)
		(void)!fd_write_all(STDERR_FILENO, line, strlen(line)); /* it may have hung up */
}

/* The exit code of this program; -errno with err filled */
static int relay_session(struct attach *a, int *ret_status, struct ctr_error *err)
{
	int r;

	if (!a->start.terminal)
		return relay_wait(&a->relay, ret_status, err);
	for (;;) {
		r = relay_run(&a->relay, ret_status, err);
		if (r != RELAY_DETACHED || !a->relay.news.again)
			break;
		r = come_back(a, err);
		if (r != PROTO_ATTACHED) {
			relay_restore(&a->relay);
			r = r == -ECONNRESET ? r : RELAY_DETACHED;
			break;
		}
	}
	if (r == RELAY_DETACHED) {
		say_detached(a);
		*ret_status = 0;
		return 0;
	}
	return r;
}

static int session(struct attach *a, int *ret_status, struct ctr_error *err)
{
	struct relay *r = &a->relay;
	struct winsize w = {0};
	int rc;

	*r = (struct relay){.in = STDIN_FILENO, .out = STDOUT_FILENO, .master = -1, .signals = -1};
	a->start.terminal = relay_on_terminal();
	/* the session's terminal begins as the login's is: erase key, flow control */
	if (a->start.terminal && tcgetattr(STDIN_FILENO, &r->saved) < 0)
		return err_sys(err, errno, "attach", "read the terminal's settings");
	a->start.termios = &r->saved;
	if (a->start.terminal && ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0) {
		a->start.rows = w.ws_row;
		a->start.cols = w.ws_col;
	}
	rc = open_session(a, err);
	if (rc == 0)
		rc = relay_session(a, ret_status, err);
	cleanup_fd(&r->signals);
	let_go(a);
	return rc;
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
	struct attach a = {.sock = -1, .inner = PROTO_SESSION_NONE};
	struct ctr_error err;
	int status = 0, r;

	(void)umask(mask);
	a.start = (struct proto_start){.argv = (const char *const *)argv,
				       .env = (const char *const *)environ,
				       .file = own_path(exe, sizeof(exe)),
				       .umask = (int)mask,
				       .fds = {0, 1, 2}};
	(void)prctl(PR_SET_NAME, "ctr-attach"); /* ps shall not list the shell twice */
	/*
	 * MUST-6: this process is on the outer terminal, and the user's others could make it act
	 * there (ptrace), or open again what whoever started it left open. Installed without the
	 * right to read, so that the kernel says the same from execve(2) on.
	 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || fd_close_except(NULL, 0) < 0)
		return EXIT_LOST;
	if (argc < 1 || !a.start.file || fd_std_safe() < 0)
		return EXIT_LOST;
	a.start.cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/' ? cwd : NULL;
	a.sock = msg_connect_at(AT_FDCWD, SOCKET_PATH);
	if (a.sock < 0) {
		err_sys(&err, a.sock, "attach", "reach PID 1 of the container");
		return complain(&err);
	}
	r = session(&a, &status, &err);
	if (r == -ECONNRESET)
		return EXIT_LOST; /* nobody is left to read a message */
	return r < 0 ? complain(&err) : relay_end_as(status);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes in a container: what they are given, how they end, who is there, what they use. */
#include "api_test.h"

/** struct output - what a process wrote */
struct output {
	char text[8192];
	int status;
};

/* Starts it with stdout and stderr on a pipe, reads to the end, waits. 0 or -errno of the start */
static int capture(struct test *t, struct ctr_container *c, struct ctr_process_spec spec,
		   struct output *out)
{
	struct ctr_process *p;
	size_t len = 0;
	ssize_t n;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	spec.stdin_fd = -1;
	spec.stdout_fd = spec.stderr_fd = fds[1];
	r = ctr_start(c, &spec, &p, &t->err);
	close(fds[1]);
	if (r == 0) {
		while ((n = read(fds[0], out->text + len, sizeof(out->text) - 1 - len)) > 0)
			len += (size_t)n;
		r = ctr_process_wait(p, 5000, &out->status, &t->err);
		ctr_process_free(p);
	}
	out->text[len] = '\0';
	close(fds[0]);
	return r;
}

static bool says(struct test *t, struct ctr_container *c, const char *command, const char *want)
{
	struct ctr_process_spec spec = {.argv = (const char *const[]){"sh", "-c", command, NULL}};
	struct output out = {0};
	bool ok = capture(t, c, spec, &out) == 0 && strcmp(out.text, want) == 0;

	if (!ok)
		printf("# it says: %s", out.text);
	return ok;
}

/* ---- what cannot be started ---- */

static void refuse(struct test *t, struct ctr_container *c, const struct ctr_process_spec *spec,
		   int want, const char *what)
{
	struct ctr_process *p = NULL;

	check(t, ctr_start(c, spec, &p, &t->err) == want, "%s", what);
	check(t, ctr_start(c, spec, &p, NULL) == want, "%s, without a record", what);
	check(t, p == NULL, "nothing was given out");
}

static void test_refusals(struct test *t)
{
	static const struct {
		const char *what, *file, *cwd, *user;
		int want;
	} rows[] = {
	    {"a missing file", "/nosuch", NULL, NULL, -ENOENT},
	    {"a name not in PATH", "nosuch", NULL, NULL, -ENOENT},
	    {"no executable", "/etc/passwd", NULL, NULL, -EACCES},
	    {"a folder", "/etc", NULL, NULL, -EACCES},
	    {"a missing folder", "true", "/nosuch", NULL, -ENOENT},
	    {"a folder of root's", "true", "/root", "daemon", -EACCES},
	    {"a relative folder", "true", "tmp", NULL, -EINVAL},
	    {"an unknown user", "true", NULL, "nosuch", -ENOENT},
	    {"no user", "true", NULL, "-1", -ENOENT},
	};
	struct ctr_container *c = make(t, "refusals");
	struct ctr_process_spec spec = {0};

	refuse(t, c, &spec, -EINVAL, "nothing");
	spec.argv = (const char *const[]){NULL};
	refuse(t, c, &spec, -EINVAL, "no arguments");
	spec.argv = (const char *const[]){"true", NULL};
	spec.stdin_fd = 999;
	refuse(t, c, &spec, -EBADF, "a closed descriptor");
	spec.stdin_fd = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		spec.file = rows[i].file;
		spec.cwd = rows[i].cwd;
		spec.user = rows[i].user;
		refuse(t, c, &spec, rows[i].want, rows[i].what);
	}
	check(t, seen_status("refusals") == CTR_CREATED, "nothing was started");
	ctr_process_free(run(t, c, ":"));
	check(t, seen_status("refusals") == CTR_RUNNING, "now something was");
	end(t, c);
}

/* ---- how it ends ---- */

static void test_ending(struct test *t)
{
	static const int codes[] = {0, 1, 7, 126, 127, 128, 137, 255};
	static const int signals[] = {SIGTERM, SIGKILL, SIGHUP, SIGUSR1};
	struct ctr_container *c = make(t, "ending");
	struct ctr_process *p;
	int status;

	for (size_t i = 0; i < COUNT(codes); i++) {
		char command[] = "exit 000";

		for (int d = 0, v = codes[i]; d < 3; d++, v /= 10)
			command[7 - d] = (char)('0' + v % 10);
		p = run(t, c, command);
		check(t,
		      ctr_process_wait(p, 5000, &status, &t->err) == 0 && WIFEXITED(status) &&
			  WEXITSTATUS(status) == codes[i],
		      "exit %d: %x", codes[i], status);
		check(t,
		      ctr_process_wait(p, 0, &status, &t->err) == 0 &&
			  WEXITSTATUS(status) == codes[i],
		      "and again");
		check(t,
		      ctr_process_signal(p, SIGTERM, &t->err) == -ESRCH &&
			  t->err.code == CTR_E_NO_PROCESS,
		      "no signal reaches it");
		ctr_process_free(p);
	}
	for (size_t i = 0; i < COUNT(signals); i++) {
		p = run(t, c, "sleep 1000 & wait");
		check(t,
		      ctr_process_wait(p, 50, &status, &t->err) == -ETIMEDOUT &&
			  t->err.code == CTR_E_TIMEOUT,
		      "it runs");
		check(t, ctr_process_signal(p, signals[i], &t->err) == 0, "it is signalled");
		check(t,
		      ctr_process_wait(p, 5000, &status, &t->err) == 0 && WIFSIGNALED(status) &&
			  WTERMSIG(status) == signals[i],
		      "death by signal %d: %x", signals[i], status);
		ctr_process_free(p);
	}
	p = run(t, c, ":");
	check(t,
	      poll(&(struct pollfd){ctr_process_fd(p), POLLIN, 0}, 1, 5000) == 1 &&
		  ctr_process_wait(p, 0, &status, &t->err) == 0,
	      "its descriptor tells");
	check(t,
	      ctr_process_signal(p, 0, &t->err) == -EINVAL &&
		  ctr_process_signal(p, 65, &t->err) == -EINVAL,
	      "0 and 65 are no signals");
	ctr_process_free(p);
	end(t, c);
}

/* Who is there, by inner pid; 0 when it is not */
static bool lives(struct test *t, struct ctr_container *c, pid_t inner)
{
	struct ctr_proc_info *procs;
	bool found = false;
	size_t n;

	if (ctr_processes(c, &procs, &n, &t->err) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		found = found || (procs[i].inner_pid == inner && procs[i].state != 'Z');
	free(procs);
	return found;
}

static bool dies(struct test *t, struct ctr_container *c, pid_t inner)
{
	for (int i = 0; i < 200 && lives(t, c, inner); i++)
		nap(10);
	return !lives(t, c, inner);
}

static void test_signals(struct test *t)
{
	struct ctr_container *c = make(t, "signals");
	struct ctr_process *p = run(t, c, "sleep 1000 & wait"), *q;
	pid_t first = ctr_process_pid(p), child = child_of(t, c, first, "sleep"), away;
	int status;

	q = run(t, c, "setsid sleep 1000 >/dev/null 2>&1 & echo");
	(void)ctr_process_wait(q, 5000, &status, &t->err);
	ctr_process_free(q);
	away = child_of(t, c, 1, "sleep");
	check(t, lives(t, c, first) && lives(t, c, child) && away > 1, "three are there");
	check(t, ctr_signal(c, SIGTERM, 0, &t->err) == 0, "what PID 1 started is signalled");
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && WTERMSIG(status) == SIGTERM,
	      "the shell ends of it");
	check(t, dies(t, c, child), "its child too");
	check(t, lives(t, c, away), "what left its session does not");
	check(t, ctr_signal(c, SIGKILL, 1, &t->err) == 0, "all are signalled");
	check(t, dies(t, c, away), "now it does");
	check(t, lives(t, c, 1), "PID 1 stays");
	check(t, ctr_signal(c, 0, 1, &t->err) == -EINVAL, "0 is no signal");
	ctr_process_free(p);
	p = run(t, c, "sleep 1000");
	first = ctr_process_pid(p);
	ctr_process_free(p);
	check(t, dies(t, c, first), "who is let go of is hung up on");
	end(t, c);
}

static void test_lost(struct test *t)
{
	struct ctr_container *c = make(t, "lost");
	struct ctr_process *p = run(t, c, "sleep 1000");
	struct ctr_info info;
	int status;

	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	(void)kill(info.init_pid, SIGKILL);
	check(t,
	      ctr_process_wait(p, 5000, &status, &t->err) == -ESRCH &&
		  t->err.code == CTR_E_NO_PROCESS,
	      "with PID 1 it is lost");
	check(t, becomes(t, c, CTR_STOPPED), "the container is stopped");
	check(t, ctr_state(c, &info, &t->err) == 0 && !info.init_pid && !info.supervisor_pid,
	      "and names no processes");
	ctr_process_free(p);
	check(t, ctr_destroy(c, 0, 0, &t->err) == 0, "it is removed without force");
	ctr_container_free(c);
}

/* ---- what it is given ---- */

static void test_streams(struct test *t)
{
	struct ctr_container *c = make(t, "streams");
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"sh", "-c", "cat; echo end >&2", NULL}};
	struct ctr_process *p;
	int in[2], out[2], err[2], status;
	static char block[65536], back[sizeof(block)];
	size_t got = 0, sent = 0, same = 0;
	char word[16] = {0};

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		exit(3);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 + i / 251);
	spec.stdin_fd = in[0];
	spec.stdout_fd = out[1];
	spec.stderr_fd = err[1];
	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "cat starts");
	close(in[0]);
	close(out[1]);
	close(err[1]);
	for (int i = 0; i < 64; i++) {
		ssize_t n;

		sent += (size_t)write(in[1], block, 4096);
		for (size_t len = 0; len < 4096; len += (size_t)n) {
			n = read(out[0], back + len, 4096 - len);
			if (n <= 0)
				break;
			got += (size_t)n;
		}
		same += memcmp(block, back, 4096) == 0;
	}
	close(in[1]);
	check(t, sent == got && same == 64, "%zu bytes went in, %zu came out", sent, got);
	check(t, read(out[0], back, 1) == 0, "its output ends with it");
	check(t, read(err[0], word, sizeof(word) - 1) == 4 && !strcmp(word, "end\n"), "stderr");
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && status == 0, "it ends well");
	ctr_process_free(p);
	close(out[0]);
	close(err[0]);
	check(t, says(t, c, "stat -Lc %t:%T /dev/stdin; read x || echo end", "1:3\nend\n"),
	      "-1 is /dev/null");
	check(t, says(t, c, "cd /proc/self/fd && echo *", "0 1 2 3\n"), "no descriptor leaks");
	end(t, c);
}

static void test_identity(struct test *t)
{
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"myname", "-c", "echo $0 $A $B; pwd; env | sort", NULL},
	    .file = "/bin/sh",
	    .env = (const char *const[]){"A=1", "B=two words", "PWD=/usr", NULL},
	    .cwd = "/usr"};
	struct ctr_container *c = make(t, "who");
	struct output out = {0};
	int r = capture(t, c, spec, &out);

	check(t,
	      r == 0 &&
		  !strcmp(out.text,
			  "myname 1 two words\n/usr\nA=1\nB=two words\nHOME=/root\nPWD=/usr\n"),
	      "argv, file, env, cwd: %s", out.text);
	spec = (struct ctr_process_spec){
	    .argv = (const char *const[]){
		"sh", "-c", "echo $(id -u):$(id -g):$(id -G); echo $HOME $USER $SHELL", NULL}};
	static const struct {
		const char *user, *want;
	} rows[] = {
	    {NULL, "0:0:0\n/root root /bin/bash\n"},
	    {"daemon", "1:1:1\n/usr/sbin daemon /usr/sbin/nologin\n"},
	    {"1", "1:1:1\n/usr/sbin daemon /usr/sbin/nologin\n"},
	    {"daemon:bin", "1:2:2\n/usr/sbin daemon /usr/sbin/nologin\n"},
	    {"4000:4001", "4000:4001:4001\n/ 4000 /bin/sh\n"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		spec.user = rows[i].user;
		r = capture(t, c, spec, &out);
		check(t, r == 0 && !strcmp(out.text, rows[i].want), "user %s: %s",
		      rows[i].user ? rows[i].user : "by default", out.text);
	}
	end(t, c);
}

static void test_terminal(struct test *t)
{
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"sh", "-c",
					  "tty; stty size; trap 'echo got it; exit 5' INT; "
					  "while :; do sleep .05; done",
					  NULL},
	    .terminal = 1,
	    .rows = 33,
	    .cols = 77};
	struct ctr_container *c = make(t, "terminal");
	struct ctr_process *p;
	char text[256] = {0};
	size_t len = 0;
	int status;

	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "a shell starts on a terminal");
	check(t, isatty(ctr_process_terminal(p)), "here is its other end");
	while (len < sizeof(text) - 1 && !strstr(text, "33 77")) {
		ssize_t n = read(ctr_process_terminal(p), text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	check(t, !strcmp(text, "/dev/pts/0\r\n33 77\r\n") || strstr(text, "33 77"),
	      "its own devpts, its size");
	check(t, !strncmp(text, "/dev/pts/", 9), "tty: %.20s", text);
	need(t, child_of(t, c, ctr_process_pid(p), "sleep") > 1, "it is prepared");
	check(t, write(ctr_process_terminal(p), "\003", 1) == 1, "^C is typed");
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && WEXITSTATUS(status) == 5,
	      "and interrupts: %x", status);
	ctr_process_free(p);
	spec.argv = (const char *const[]){"sleep", "1000", NULL};
	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "another one");
	check(t,
	      ctr_process_signal(p, SIGINT, &t->err) == 0 &&
		  ctr_process_wait(p, 5000, &status, &t->err) == 0 && WTERMSIG(status) == SIGINT,
	      "a signal goes to the foreground");
	ctr_process_free(p);
	p = run(t, c, ":");
	check(t, ctr_process_terminal(p) == -1, "without a terminal there is none");
	ctr_process_free(p);
	end(t, c);
}

/*
 * MUST-5: root inside has put something else there, and watches it. It is not opened, as that would
 * act on the host if it were a device. The watcher ends with 3 when it was.
 */
static void test_null(struct test *t)
{
	static const char *const program =
	    "import ctypes, os, signal\n"
	    "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
	    "os.unlink('/dev/null'); open('/dev/null', 'w').close()\n"
	    "libc = ctypes.CDLL(None)\n"
	    "fd = libc.inotify_init1(os.O_NONBLOCK)\n"
	    "libc.inotify_add_watch(fd, b'/dev/null', 0x20)\n" /* IN_OPEN */
	    "print('ready', flush=True)\n"
	    "signal.sigwait([signal.SIGUSR1])\n"
	    "try: os.read(fd, 4096)\n"
	    "except BlockingIOError: os._exit(0)\n"
	    "os._exit(3)\n";
	struct ctr_container *c = make(t, "null");
	struct ctr_process *p, *none;
	char word[6] = {0};
	int out[2], status = -1;
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"python3", "-c", program, NULL}, .stdin_fd = -1};

	need(t, pipe2(out, O_CLOEXEC) == 0, "a pipe");
	spec.stdout_fd = spec.stderr_fd = out[1];
	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "it watches");
	need(t, read(out[0], word, 5) == 5 && !strcmp(word, "ready"), "it is ready");
	check(t,
	      ctr_start(c,
			&(struct ctr_process_spec){.argv = (const char *const[]){"true", NULL},
						   .stdin_fd = -1,
						   .stdout_fd = -1,
						   .stderr_fd = -1},
			&none, &t->err) == -EPERM,
	      "what is there now is refused");
	check(t, ctr_process_signal(p, SIGUSR1, &t->err) == 0, "that was it");
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && status == 0,
	      "and was not opened: %x", status);
	ctr_process_free(p);
	close(out[0]);
	close(out[1]);
	check(t, ctr_destroy(c, 1, 0, &t->err) == 0, "it goes");
	ctr_container_free(c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"refusals", test_refusals}, {"ending", test_ending},   {"signals", test_signals},
	    {"lost", test_lost},	 {"streams", test_streams}, {"who", test_identity},
	    {"terminal", test_terminal}, {"null", test_null},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

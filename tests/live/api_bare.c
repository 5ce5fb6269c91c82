/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init=none: the program that is started first is PID 1. */
#include "api_bare.h"

/* PID 1 that ignores nothing and handles SIGUSR1, SIGTERM */
static const char *const handler =
    "trap 'exit 7' USR1; trap 'exit 8' TERM; echo ready; while :; do sleep .05; done";

static struct ctr_process *begin(struct test *t, struct ctr_container *c, const char *command,
				 int *ret_out)
{
	return begin_as(
	    t, c,
	    (struct ctr_process_spec){.argv = (const char *const[]){"sh", "-c", command, NULL}},
	    ret_out);
}

static void check_ends(struct test *t)
{
	static const struct {
		const char *command;
		int want;
	} rows[] = {{"exit 0", 0}, {"exit 42", 42 << 8}, {"kill -KILL $$; exit 3", 3 << 8}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ctr_container *c = make_by(t, "bare", BARE);
		struct output out;

		check(t, status_of(t, c) == CTR_CREATED, "it is created");
		out = sh(t, c, rows[i].command);
		check(t, out.status == rows[i].want, "%s: status %x", rows[i].command, out.status);
		check(t, becomes(t, c, CTR_STOPPED), "and that is the end of the container");
		check(t, ctr_destroy(c, 0, 0, &t->err) == 0, "which is removed as a stopped one");
		ctr_container_free(c);
	}
}

static void check_orphans(struct test *t)
{
	struct ctr_container *c = make_by(t, "orphans", BARE);
	struct ctr_process_spec spec = {.argv = (const char *const[]){"sleep", "100", NULL},
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1};
	struct ctr_process *p, *later;
	int status = 0;

	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "a PID 1 that waits for nobody");
	need(t,
	     ctr_start(
		 c,
		 &(struct ctr_process_spec){
		     .argv = (const char *const[]){"sh", "-c", "(exec true) & exec true", NULL},
		     .stdin_fd = -1,
		     .stdout_fd = -1,
		     .stderr_fd = -1},
		 &later, &t->err) == 0,
	     "an orphan is left to it");
	check(t, status_at_end(t, later) == 0, "whose parent ended");
	nap(50);
	check(t, says(t, c, "ps -o stat= --ppid 1 | cut -c1", "Z\n"), "stays a zombie: its affair");
	check(t, ctr_process_signal(p, SIGTERM, &t->err) == 0, "it is signalled");
	check(t, ctr_process_wait(p, 100, &status, &t->err) == -ETIMEDOUT,
	      "what it does not handle does nothing");
	check(t, ctr_signal(c, SIGKILL, 0, &t->err) == 0, "but for SIGKILL from outside");
	check(t, status_at_end(t, p) == SIGKILL, "whose status is exact");
	end(t, c);
}

static void check_signals(struct test *t)
{
	struct ctr_container *c;
	struct ctr_process *p;
	int out;

	c = make_by(t, "signals", BARE);
	p = begin(t, c, handler, &out);
	check(t, ctr_process_pid(p) == 1, "it is PID 1");
	check(t, ctr_signal(c, SIGUSR1, 0, &t->err) == 0, "a signal it handles");
	check(t, status_at_end(t, p) == 7 << 8, "arrives");
	close(out);
	end(t, c);
	c = make_by(t, "signals", BARE);
	p = begin(t, c, handler, &out);
	ctr_process_free(p);
	close(out);
	nap(50);
	check(t, status_of(t, c) == CTR_RUNNING, "who started it may go");
	check(t, ctr_destroy(c, 1, 5000, &t->err) == 0, "SIGTERM has time to act");
	ctr_container_free(c);
}

static void test_first(struct test *t)
{
	check_ends(t);
	check_orphans(t);
	check_signals(t);
}

static pid_t kill_supervisor(struct test *t, struct ctr_container *c)
{
	struct ctr_info info;

	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	check(t, kill(info.supervisor_pid, SIGKILL) == 0, "the supervisor is killed");
	return info.init_pid;
}

/* Of another user, and where the filter has no prctl(2): its death signal is set again (MUST-9). */
static void check_bound(struct test *t)
{
	struct ctr_container *c = make_by(t, "bound", BARE, {"Exec", "NoNewPrivileges", "yes"},
					  {"Exec", "SystemCallFilter", "~prctl"});
	struct ctr_process *p, *later;
	int out, other, status;
	struct ctr_process_spec spec = {.argv = (const char *const[]){"sh", "-c", handler, NULL},
					.user = "daemon"};

	p = begin_as(t, c, spec, &out);
	later = begin_as(t, c, spec, &other);
	check(t, is_gone(kill_supervisor(t, c)), "and PID 1 ends with it");
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == -ESRCH, "which is seen");
	check(t, ctr_process_wait(later, 5000, &status, &t->err) == -ESRCH, "of both");
	ctr_process_free(p);
	ctr_process_free(later);
	close(out);
	close(other);
	check(t, status_of(t, c) == CTR_STOPPED, "it is stopped");
	end(t, c);
}

/* What takes its death signal off outlives the supervisor, and no one who removes it (MUST-9). */
static void check_unbound(struct test *t)
{
	static const char *const program = "import ctypes, time; ctypes.CDLL(None).prctl(1, 0); "
					   "print('ready', flush=True); time.sleep(100)";
	struct ctr_container *c = make_by(t, "unbound", BARE);
	struct ctr_process *p;
	pid_t pid;
	int out;

	p = begin_as(t, c,
		     (struct ctr_process_spec){
			 .argv = (const char *const[]){"python3", "-c", program, NULL}},
		     &out);
	pid = kill_supervisor(t, c);
	nap(100);
	check(t, kill(pid, 0) == 0, "it lives on");
	check(t, ctr_destroy(c, 1, 0, &t->err) == 0 && is_gone(pid), "until it is destroyed");
	ctr_process_free(p);
	ctr_container_free(c);
	close(out);
}

static void test_supervisor(struct test *t)
{
	check_bound(t);
	check_unbound(t);
}

/* By the namespaces: no process of ours is inside. */
static void test_later(struct test *t)
{
	struct ctr_container *c = make_by(t, "later", BARE, {"Resources", "TasksMax", "20"});
	struct ctr_proc_info *v;
	struct ctr_stats stats;
	struct ctr_process *p, *q;
	size_t n;
	int out, other;

	p = begin(t, c, handler, &out);
	check(t, says(t, c, "ps -eo comm= | grep -c init", "0\n"), "nothing of ours is inside");
	check(t,
	      says(t, c, "hostname; ulimit -n; grep -c Seccomp:.2 /proc/self/status",
		   "integration\n1025\n1\n"),
	      "the same walls");
	check(t, sh(t, c, "exit 9").status == 9 << 8, "an exact status");
	q = begin(t, c, handler, &other);
	check(t, ctr_processes(c, &v, &n, &t->err) == 0 && n >= 2, "all of them are listed");
	for (size_t i = 0; i < n; i++)
		check(t, v[i].inner_pid > 0, "%s has a pid inside", v[i].command);
	free(v);
	check(t, ctr_stats_read(c, &stats, &t->err) == 0 && stats.pids_current >= 2, "and counted");
	check(t, ctr_pause(c, &t->err) == 0 && status_of(t, c) == CTR_PAUSED, "it is paused");
	check(t,
	      ctr_start(c, &(struct ctr_process_spec){.argv = (const char *const[]){"true", NULL}},
			&q, &t->err) == -EBUSY &&
		  t->err.code == CTR_E_PAUSED,
	      "and takes nobody in");
	check(t, ctr_resume(c, &t->err) == 0, "it goes on");
	check(t, ctr_process_signal(q, SIGUSR1, &t->err) == 0, "a signal for what came later");
	check(t, status_at_end(t, q) == 7 << 8, "arrives there");
	close(other);
	q = begin(t, c, handler, &other);
	check(t, ctr_signal(c, SIGKILL, 0, &t->err) == 0, "PID 1 is killed");
	check(t, status_at_end(t, p) == SIGKILL, "its status");
	check(t, status_at_end(t, q) == SIGKILL, "and that of who was with it");
	check(t, becomes(t, c, CTR_STOPPED), "it is stopped");
	close(out);
	close(other);
	end(t, c);
}

static void test_terminal(struct test *t)
{
	struct ctr_container *c = make_by(t, "terminal", BARE);
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"sh", "-c", "tty; stty size; read x; exit $x", NULL},
	    .terminal = 1,
	    .rows = 31,
	    .cols = 99};
	struct ctr_process *p[2];
	struct ctr_terminal *rows;
	size_t n = 9;

	for (int i = 0; i < 2; i++) {
		char text[128] = {0};
		size_t len = 0;
		ssize_t r;
		int fd;

		need(t, ctr_start(c, &spec, &p[i], &t->err) == 0, "with a terminal");
		fd = ctr_process_terminal(p[i]);
		while (len < 127 && !strstr(text, "31 99") &&
		       (r = read(fd, text + len, 127 - len)) > 0)
			len += (size_t)r;
		check(t, strstr(text, i ? "/dev/pts/1" : "/dev/pts/0") != NULL, "its own: %s",
		      text);
	}
	check(t, ctr_terminals(c, &rows, &n, &t->err) == 0 && n == 0, "none is kept by a name");
	check(t, ctr_attach(c, "1", &p[0], &t->err) == -ENOTSUP && strstr(t->err.text, "Init=none"),
	      "none is attached to");
	check(t, ctr_checkpoint(c, NULL, &t->err) == -ENOTSUP && strstr(t->err.text, "Init=none"),
	      "nothing goes to the disk");
	check(t, write(ctr_process_terminal(p[1]), "5\n", 2) == 2, "typed");
	check(t, status_at_end(t, p[1]) == 5 << 8, "the later one");
	check(t, write(ctr_process_terminal(p[0]), "6\n", 2) == 2, "typed");
	check(t, status_at_end(t, p[0]) == 6 << 8, "PID 1");
	end(t, c);
}

static void test_refusals(struct test *t)
{
	struct ctr_container *c = make_by(t, "refused", BARE);
	struct ctr_process_spec spec = {.argv = (const char *const[]){"no-such-program", NULL},
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1};
	struct ctr_process *p;

	spec.stdin_fd = 999;
	check(t, ctr_start(c, &spec, &p, &t->err) == -EBADF, "what can not be passed on");
	check(t, status_of(t, c) == CTR_CREATED, "leaves it created");
	spec.stdin_fd = -1;
	check(t,
	      ctr_start(c, &spec, &p, &t->err) == -ENOENT && !strcmp(t->err.stage, "exec") &&
		  strstr(t->err.text, "no-such-program"),
	      "a program that is not there is named");
	check(t, becomes(t, c, CTR_STOPPED), "and PID 1 is gone");
	end(t, c);
	c = make_by(t, "refused", BARE);
	sh(t, c, "exit 0");
	end(t, c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"first", test_first},	 {"supervisor", test_supervisor}, {"later", test_later},
	    {"terminal", test_terminal}, {"refusals", test_refusals},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

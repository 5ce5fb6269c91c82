/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcontainer's tests assert of processes that join a container, by their names. */
#include "api_template.h"

#include <dirent.h>

/* A first process that stays, as `cat` of their tests does */
static struct ctr_process *stay(struct test *t, struct ctr_container *c)
{
	return run(t, c, "exec sleep 1000");
}

static void test_enter(struct test *t)
{
	struct ctr_container *c = make_by(t, "enter", {0});
	struct ctr_process *first = stay(t, c), *second = stay(t, c);
	struct ctr_proc_info *v = NULL;
	struct output out;
	size_t n = 0;
	int found = 0;

	need(t, ctr_processes(c, &v, &n, &t->err) == 0, "its processes");
	for (size_t i = 0; i < n; i++)
		found += v[i].inner_pid == ctr_process_pid(first) ||
			 v[i].inner_pid == ctr_process_pid(second);
	free(v);
	check(t, found == 2 && n == 3, "both are listed, and PID 1");
	out = sh(t, c, "readlink /proc/[0-9]*/ns/pid | sort -u | wc -l");
	check(t, strcmp(out.text, "1\n") == 0, "they share one PID namespace: %s", out.text);
	ctr_process_free(first);
	ctr_process_free(second);
	end(t, c);
}

static void test_exec_in(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_in", {0});
	struct ctr_process *first = stay(t, c);
	struct output out = sh(t, c, "exec ps -eo comm=");

	check(t, strstr(out.text, "sleep\n") && strstr(out.text, "ps\n"), "ps sees both: %s",
	      out.text);
	ctr_process_free(first);
	end(t, c);
}

static void test_exec_in_rlimit(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_rlimit", {0});
	struct ctr_process *first = stay(t, c);
	struct ctr_process_spec own = {
	    .argv = (const char *const[]){"sh", "-c", "ulimit -n; ulimit -Hc", NULL},
	    .settings = (const char *const[]){"LimitNOFILE", "1026", "LimitCORE", "0", NULL}};
	struct output out = {0};

	check(t, says(t, c, "ulimit -n", "1025\n"), "1025 files");
	check(t, get(t, c, own, &out) == 0 && strcmp(out.text, "1026\n0\n") == 0,
	      "1026 of one process, which is more: %s", out.text);
	own.settings = (const char *const[]){"LimitNOFILE", "infinity", NULL};
	check(t, get(t, c, own, &out) == -EPERM && t->err.code == CTR_E_DENIED,
	      "but no more than PID 1 may have: %s", t->err.text);
	check(t, says(t, c, "ulimit -n", "1025\n"), "the others' are as before");
	ctr_process_free(first);
	end(t, c);
}

static void test_exec_in_oom_score_adj(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_oom", {"Exec", "OOMScoreAdjust", "200"});
	struct ctr_process *first = stay(t, c);

	check(t, says(t, c, "cat /proc/self/oom_score_adj", "200\n"), "200 is seen");
	ctr_process_free(first);
	end(t, c);
}

static void test_exec_in_error(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_error", {0});
	struct ctr_process *first = stay(t, c), *p = NULL;
	struct ctr_process_spec spec = {.argv = (const char *const[]){"unexistent", NULL},
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1};

	check(t, ctr_start(c, &spec, &p, &t->err) == -ENOENT && !p, "it is not started");
	check(t, strstr(t->err.text, "unexistent") && strstr(t->err.text, strerror(ENOENT)),
	      "which is said: %s", t->err.text);
	ctr_process_free(first);
	end(t, c);
}

/* What comes from a terminal until its end, which must come in time */
static bool read_all(int fd, char *text, size_t size, int timeout_ms)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1) {
		if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) != 1)
			return false;
		n = read(fd, text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
	return n == 0 || errno == EIO;
}

static void test_exec_in_tty(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_tty", {0});
	struct ctr_process *first = stay(t, c), *p = NULL;
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"ps", "-eo", "pid,tty,comm", NULL},
	    .terminal = 1,
	    .rows = 24,
	    .cols = 80};
	char text[4096] = "";
	int status = -1;

	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "ps starts on a terminal");
	check(t, read_all(ctr_process_terminal(p), text, sizeof(text), 5000),
	      "its output ends within five seconds");
	check(t, strstr(text, "sleep\r\n") && strstr(text, "pts/"), "and is whole: %s", text);
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && status == 0, "it ends well");
	ctr_process_free(p);
	ctr_process_free(first);
	end(t, c);
}

static void test_stdio_permissions(struct test *t)
{
	struct ctr_container *c = make_by(t, "stdio", {0});
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"sh", "-c",
					  "echo out >/dev/stdout; echo err >/dev/stderr", NULL},
	    .user = "daemon"};
	struct output out = {0};

	check(t,
	      get(t, c, spec, &out) == 0 && !strcmp(out.text, "out\n") &&
		  !strcmp(out.errors, "err\n"),
	      "a user opens what it was given: %s%s", out.text, out.errors);
	end(t, c);
}

static int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void cycle(struct test *t)
{
	struct ctr_container *c = make_by(t, "fd_leaks", {0});

	(void)sh(t, c, "true");
	end(t, c);
}

static void test_fd_leaks(struct test *t)
{
	int before, after;

	cycle(t);
	before = open_descriptors();
	cycle(t);
	after = open_descriptors();
	check(t, before == after, "%d descriptors before, %d after", before, after);
}

static bool can_read_random(struct test *t, struct ctr_container *c)
{
	return sh(t, c, "head -c 1 /dev/urandom | wc -c | grep -q 1").status == 0;
}

static void test_device_update(struct test *t)
{
	struct ctr_container *c = make_by(t, "devices", {"Resources", "DevicePolicy", "strict"},
					  {"Resources", "DeviceAllow", "/dev/urandom r"});
	struct ctr_process *first = stay(t, c);

	check(t, can_read_random(t, c), "a device that is allowed");
	check(t, ctr_set(c, (const char *const[]){"DeviceAllow", "", NULL}, &t->err) == 0,
	      "it is taken away");
	check(t, !can_read_random(t, c), "and refused");
	check(t,
	      ctr_set(c, (const char *const[]){"DeviceAllow", "/dev/urandom r", NULL}, &t->err) ==
		  0,
	      "it is given back");
	check(t, can_read_random(t, c), "and there");
	check(t, sh(t, c, "true <>/dev/zero").status != 0, "others stay refused");
	ctr_process_free(first);
	end(t, c);
}

/* A line to a process on a terminal and what comes back within a second or so */
static bool echoes(struct ctr_process *p, const char *line, const char *want)
{
	char text[4096] = "";
	size_t len = 0;
	int fd = ctr_process_terminal(p);

	if (write(fd, line, strlen(line)) < 0)
		return false;
	while (!strstr(text, want) && len < sizeof(text) - 1) {
		ssize_t n = 0;

		if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 3000) == 1)
			n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
	}
	return strstr(text, want) != NULL;
}

static void test_checkpoint(struct test *t)
{
	struct ctr_container *c = make_by(t, "checkpoint", {0}), *again = NULL;
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"sed", "-u", "s/^/got /", NULL}, .terminal = 1};
	struct ctr_process *p = NULL;
	struct ctr_checkpoint_options opt = {.work_directory = "/tmp/work"};
	const struct ctr_restore_options back = {.work_directory = "/srv/logs"};
	int status = -1;

	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "a filter starts");
	need(t, echoes(p, "one\n", "got one"), "it answers");
	check(t, ctr_checkpoint(c, &opt, &t->err) == -EPERM && t->err.code == CTR_E_CONFIG,
	      "no work in a folder below one that others write to: %s", t->err.text);
	check(t, status_of(t, c) == CTR_RUNNING, "and nothing happened");
	opt.work_directory = back.work_directory;
	need(t, ctr_checkpoint(c, &opt, &t->err) == 0, "it is dumped");
	check(t, access("/srv/logs/dump.log", F_OK) == 0, "with a log");
	check(t, access("/srv/logs/stats-dump", F_OK) == 0, "and statistics");
	check(t, status_of(t, c) == CTR_CHECKPOINTED, "and checkpointed");
	ctr_process_free(p);
	ctr_container_free(c);
	need(t, ctr_load(t->f, "checkpoint", &c, &t->err) == 0, "it is loaded");
	check(t, status_of(t, c) == CTR_CHECKPOINTED, "as checkpointed");
	ctr_container_free(c);
	need(t, ctr_restore_with(t->f, "checkpoint", &back, &again, &t->err) == 0,
	     "it is restored");
	check(t, access("/srv/logs/restore.log", F_OK) == 0, "with a log");
	check(t, status_of(t, again) == CTR_RUNNING && seen_status("checkpoint") == CTR_RUNNING,
	      "and runs");
	need(t, ctr_attach(again, NULL, &p, &t->err) == 0, "its terminal is there");
	check(t, echoes(p, "two\n", "got two"), "it answers");
	check(t,
	      write(ctr_process_terminal(p), "\004", 1) == 1 &&
		  ctr_process_wait(p, 5000, &status, &t->err) == 0 && status == 0,
	      "it ends with its input: %x", status);
	ctr_process_free(p);
	end(t, again);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"enter", test_enter},
	    {"exec_in", test_exec_in},
	    {"exec_in_rlimit", test_exec_in_rlimit},
	    {"exec_in_oom_score_adj", test_exec_in_oom_score_adj},
	    {"exec_in_error", test_exec_in_error},
	    {"exec_in_tty", test_exec_in_tty},
	    {"stdio_permissions", test_stdio_permissions},
	    {"fd_leaks", test_fd_leaks},
	    {"device_update", test_device_update},
	    {"checkpoint", test_checkpoint},
	};

	return case_main(argc, argv, groups, COUNT(groups));
}

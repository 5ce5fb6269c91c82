/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes wrong with containers, and how they end: damage, crashes, pauses, destruction. */
#include "api_test.h"

/* ---- a record that is not to be believed (MUST-8) ---- */

enum { TEXT_MAX = 65536 };

static size_t load_file(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

static void store_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		exit(3);
	close(fd);
}

#define RECORD STATE_ROOT "/containers/damaged/state.json"

/* Replaces the first FROM of the text by TO of the same length */
static void edit(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from);

	if (!at || strlen(from) != strlen(to))
		exit(4);
	memcpy(at, to, strlen(to));
}

/* Nobody believes it: not who has the container already, not who comes, not who makes one. */
static void refused(struct test *t, struct ctr_container *c, const char *what)
{
	static const char *const limit[] = {"TasksMax", "7", NULL};
	struct ctr_container *other = NULL;
	struct ctr_config *cfg = NULL;
	enum ctr_status s = CTR_RUNNING;

	check(t, ctr_load(t->f, "damaged", &other, &t->err) < 0 && t->err.code == CTR_E_STATE,
	      "%s: load", what);
	check(t, ctr_container_status(c, &s, &t->err) < 0 && t->err.code == CTR_E_STATE,
	      "%s: status", what);
	check(t, ctr_signal(c, SIGKILL, 1, &t->err) < 0 && t->err.code == CTR_E_STATE, "%s: signal",
	      what);
	check(t, ctr_set(c, limit, &t->err) < 0 && t->err.code == CTR_E_STATE, "%s: set", what);
	check(t, ctr_destroy(c, 1, 0, &t->err) < 0 && t->err.code == CTR_E_STATE, "%s: destroy",
	      what);
	check(t,
	      ctr_config_new(&cfg, NULL) == 0 &&
		  ctr_create(t->f, "damaged", cfg, &other, &t->err) < 0 &&
		  (t->err.code == CTR_E_STATE || t->err.code == CTR_E_ID_IN_USE),
	      "%s: create", what);
	ctr_config_free(cfg);
}

static void damage_text(struct test *t, struct ctr_container *c, const char *good, size_t len)
{
	static const struct {
		const char *what, *from, *to;
	} edits[] = {
	    {"started edited", "\"started\":1", "\"started\":0"},
	    {"another uid", "\"uid\":0", "\"uid\":1"},
	    {"other groups", "\"cgroup\":\"pam_container", "\"cgroup\":\"pam_contained"},
	    {"a later version", "\"version\":1", "\"version\":2"},
	    {"another ID", "\"id\":\"damaged\"", "\"id\":\"damagee\""},
	};
	static char text[TEXT_MAX];

	for (size_t i = 0; i < COUNT(edits); i++) {
		memcpy(text, good, len + 1);
		edit(text, edits[i].from, edits[i].to);
		store_file(RECORD, text, len);
		refused(t, c, edits[i].what);
	}
	store_file(RECORD, good, len / 2);
	refused(t, c, "torn");
	store_file(RECORD, "", 0);
	refused(t, c, "empty");
	store_file(RECORD, good, len);
	load_file(STATE_ROOT "/containers/foreign/state.json", text);
	store_file(RECORD, text, strlen(text));
	refused(t, c, "foreign");
}

static void damage_file(struct test *t, struct ctr_container *c, const char *good, size_t len)
{
	store_file(RECORD, good, len);
	chmod(RECORD, 0644);
	refused(t, c, "readable by all");
	chmod(RECORD, 0600);
	if (chown(RECORD, 1, 1) < 0)
		exit(3);
	refused(t, c, "somebody's");
	unlink(RECORD);
	store_file("/tmp/api_record", good, len);
	if (symlink("/tmp/api_record", RECORD) < 0)
		exit(3);
	refused(t, c, "a link");
	unlink(RECORD);
	unlink("/tmp/api_record");
}

/* Nobody but an administrator does away with it, and then the whole of it. */
static void end_by_gc(struct test *t)
{
	char **lines = NULL;
	size_t n = 0;

	store_file(RECORD, "", 0);
	need(t, ctr_gc(t->f, 1, &lines, &n, &t->err) == 0 && n == 1, "gc would end it");
	ctr_list_free(lines, n);
	nap(200);
	check(t, access(RECORD, F_OK) == 0, "but did not");
	need(t, ctr_gc(t->f, 0, &lines, &n, &t->err) == 0 && n == 1, "gc ends it");
	ctr_list_free(lines, n);
	for (int i = 0; i < 200 && access(STATE_ROOT "/containers/damaged", F_OK) == 0; i++)
		nap(10);
	check(t, seen_status("damaged") == 100 + CTR_E_NOT_FOUND, "whole");
}

static void test_damage(struct test *t)
{
	struct ctr_container *c = make(t, "damaged"), *foreign = make(t, "foreign");
	struct ctr_process *p = run(t, c, "sleep 1000");
	static char good[TEXT_MAX];
	char **ids = NULL;
	size_t len = load_file(RECORD, good), n = 0;
	int status;

	need(t, len > 0, "the record is there");
	damage_text(t, c, good, len);
	check(t, ctr_list(t->f, &ids, &n, &t->err) == 0 && n == 2, "it is listed all the same");
	ctr_list_free(ids, n);
	damage_file(t, c, good, len);
	refused(t, c, "missing");
	store_file(RECORD, good, len);
	check(t, status_of(t, c) == CTR_RUNNING, "with its record back it runs");
	check(t, ctr_process_wait(p, 0, &status, &t->err) == -ETIMEDOUT, "nothing was killed");
	ctr_process_free(p);
	end(t, foreign);
	end_by_gc(t);
	ctr_container_free(c);
}

/* The text with another number behind a key, and a sum that is right for it */
static void forge(char text[TEXT_MAX], const char *key, unsigned long long value)
{
	char *at = strstr(text, key), *sum, *copy = NULL;
	unsigned long long h = 0xcbf29ce484222325;
	size_t n;
	FILE *f = open_memstream(&copy, &n);

	if (!at || !f)
		exit(4);
	at += strlen(key);
	fprintf(f, "%.*s%llu%s", (int)(at - text), text, value, at + strspn(at, "0123456789"));
	fclose(f);
	sum = strstr(copy, ",\"sum\":");
	memcpy(sum, "}", 2);
	for (const char *p = copy; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	*sum = '\0';
	f = fmemopen(text, TEXT_MAX, "w");
	if (!f)
		exit(4);
	fprintf(f, "%s,\"sum\":\"%016llx\"}", copy, h);
	fclose(f);
	free(copy);
}

static bool start_ticks(pid_t pid, unsigned long long *ret)
{
	char *path = NULL;
	int n = asprintf(&path, "/proc/%d/stat", pid) < 0 ? 0 : 1;
	FILE *f = n ? fopen(path, "re") : NULL;

	free(path);
	if (!f)
		return false;
	for (n = 1; n < 22; n++)
		(void)!fscanf(f, "%*s ");
	n = fscanf(f, "%llu", ret);
	fclose(f);
	return n == 1;
}

/* An honest record, but of another process: the one that pid and start time name is not PID 1. */
static void test_forged(struct test *t)
{
	struct ctr_container *c = make(t, "damaged");
	static char good[TEXT_MAX], text[TEXT_MAX];
	unsigned long long start = 0;
	size_t len = load_file(RECORD, good);
	pid_t victim = fork();

	if (victim == 0)
		for (;;)
			pause();
	need(t, start_ticks(victim, &start), "the victim's start time");
	memcpy(text, good, len + 1);
	forge(text, "\"started\":", 1);
	store_file(RECORD, text, strlen(text));
	need(t, status_of(t, c) == CTR_RUNNING, "a forged record can be believed");
	forge(text, "\"init.pid\":", (unsigned long long)victim);
	forge(text, "\"init.start_ticks\":", start);
	store_file(RECORD, text, strlen(text));
	refused(t, c, "another's PID 1");
	forge(text, "\"init.start_ticks\":", start + 1);
	store_file(RECORD, text, strlen(text));
	check(t, status_of(t, c) == CTR_STOPPED, "a number that somebody else has by now");
	check(t, waitpid(victim, NULL, WNOHANG) == 0, "it lives");
	(void)kill(victim, SIGKILL);
	(void)waitpid(victim, NULL, 0);
	store_file(RECORD, good, len);
	end(t, c);
}

/* ---- crashes (MUST-9) ---- */

static void kill_supervisor(struct test *t, struct ctr_container *c)
{
	struct ctr_info info;

	need(t, ctr_state(c, &info, &t->err) == 0 && info.supervisor_pid > 1, "its supervisor");
	(void)kill(info.supervisor_pid, SIGKILL);
	need(t, becomes(t, c, CTR_STOPPED), "without it the container is stopped");
}

static int run_gc(struct test *t, int dry)
{
	char **lines = NULL;
	size_t n = 0;
	int r = ctr_gc(t->f, dry, &lines, &n, &t->err);

	for (size_t i = 0; r == 0 && i < n; i++)
		check(t, strstr(lines[i], "crash") != NULL, "gc says: %s", lines[i]);
	ctr_list_free(lines, n);
	return r < 0 ? r : (int)n;
}

static void test_crash(struct test *t)
{
	for (int paused = 0; paused < 2; paused++) {
		struct ctr_container *c = make(t, "crash");
		struct ctr_process *p = run(t, c, "sleep 1000");
		int status;

		if (paused)
			need(t, ctr_pause(c, &t->err) == 0, "it is paused");
		kill_supervisor(t, c);
		check(t, seen_status("crash") == CTR_STOPPED, "which others see");
		if (!paused)
			check(t,
			      ctr_process_wait(p, 2000, &status, &t->err) == -ESRCH &&
				  t->err.code == CTR_E_NO_PROCESS,
			      "its processes are gone");
		ctr_process_free(p);
		check(t, run_gc(t, 1) == 1, "gc would remove it");
		check(t, seen_status("crash") == CTR_STOPPED, "but did not");
		check(t, run_gc(t, 0) == 1, "gc removes it");
		check(t, run_gc(t, 0) == 0, "once");
		check(t, seen_status("crash") == 100 + CTR_E_NOT_FOUND, "and it is gone");
		ctr_container_free(c);
	}
}

static void test_crash_next(struct test *t)
{
	struct ctr_container *c = make(t, "crash"), *next;

	ctr_process_free(run(t, c, "sleep 1000"));
	kill_supervisor(t, c);
	next = make(t, "crash");
	check(t, status_of(t, next) == CTR_CREATED, "the next create takes its place");
	ctr_container_free(c);
	end(t, next);
	c = make(t, "crash");
	kill_supervisor(t, c);
	end(t, c);
	check(t, seen_status("crash") == 100 + CTR_E_NOT_FOUND, "a dead one is destroyed");
}

static int make_slowly(struct test *t, const char *id)
{
	struct ctr_container *c;
	struct ctr_config *cfg;

	return ctr_config_new(&cfg, NULL) < 0 || ctr_create(t->f, id, cfg, &c, &t->err) < 0;
}

/* Whoever asks for a container may die at any time: it is there whole, or not at all. */
static void test_crash_caller(struct test *t)
{
	for (unsigned int ms = 0; ms < 40; ms += 2) {
		struct ctr_container *c;
		int seen = -1;
		pid_t pid = fork();

		if (pid == 0)
			_exit(elsewhere(make_slowly, "crash"));
		nap(ms);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		nap(100);
		for (int i = 0; i < 300 && seen != CTR_CREATED && seen != 100 + CTR_E_NOT_FOUND;
		     i++) {
			seen = seen_status("crash");
			nap(10);
		}
		check(t, seen == CTR_CREATED || seen == 100 + CTR_E_NOT_FOUND,
		      "killed after %u ms: status %d", ms, seen);
		if (seen == CTR_CREATED && ctr_load(t->f, "crash", &c, &t->err) == 0)
			end(t, c);
	}
}

/* ---- pause ---- */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t cpu_of(struct test *t, struct ctr_container *c)
{
	struct ctr_proc_info *procs;
	uint64_t sum = 0;
	size_t n;

	if (ctr_processes(c, &procs, &n, &t->err) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		sum += procs[i].cpu_us;
	free(procs);
	return sum;
}

static void test_pause(struct test *t)
{
	struct ctr_container *c = make(t, "pause");
	struct ctr_process *p = run(t, c, "while :; do :; done");
	uint64_t before, during, after = 0;
	struct ctr_error e;
	double start;

	nap(100);
	check(t, ctr_pause(c, &t->err) == 0, "it is paused");
	check(t, seen_status("pause") == CTR_PAUSED, "which others see");
	before = cpu_of(t, c);
	nap(200);
	during = cpu_of(t, c);
	check(t, before == during, "nothing runs: %llu us before, %llu after",
	      (unsigned long long)before, (unsigned long long)during);
	check(t, ctr_pause(c, &t->err) == 0, "pausing it again is no error");
	check(t, ctr_destroy(c, 0, 0, &e) == -EBUSY && e.code == CTR_E_NOT_STOPPED,
	      "destroy refuses");
	check(t, ctr_process_signal(p, SIGTERM, &t->err) == 0, "a signal waits");
	check(t, ctr_process_wait(p, 100, NULL, &t->err) == -ETIMEDOUT, "and is not there yet");
	check(t, ctr_resume(c, &t->err) == 0, "it is resumed");
	check(t, seen_status("pause") == CTR_RUNNING, "which others see");
	check(t, ctr_process_wait(p, 2000, NULL, &t->err) == 0, "now the signal came");
	ctr_process_free(p);
	p = run(t, c, "while :; do :; done");
	for (int i = 0; i < 500 && (after = cpu_of(t, c)) == 0; i++)
		nap(10);
	check(t, after > 0, "things run again");
	ctr_process_free(p);
	need(t, ctr_pause(c, &t->err) == 0, "it is paused");
	start = now();
	end(t, c);
	check(t, now() - start < 3, "at once: %.2f s", now() - start);
}

/* ---- destroy ---- */

static void test_destroy(struct test *t)
{
	struct ctr_container *c = make(t, "destroy");
	struct ctr_process *p =
	    run(t, c, "trap '' HUP; trap 'sleep .2; exit 9' TERM; while :; do sleep .05; done");
	struct ctr_info info;
	int status = -1;
	double start;

	need(t, child_of(t, c, ctr_process_pid(p), "sleep") > 1, "it is prepared");
	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	check(t, ctr_destroy(c, 0, 0, &t->err) == -EBUSY && t->err.code == CTR_E_NOT_STOPPED,
	      "a running one is refused without force");
	start = now();
	check(t, ctr_destroy(c, 1, 5000, &t->err) == 0, "with force it goes");
	check(t, now() - start > 0.2 && now() - start < 4, "in the time that it needs: %.2f s",
	      now() - start);
	check(t,
	      ctr_process_wait(p, 0, &status, &t->err) == 0 && WIFEXITED(status) &&
		  WEXITSTATUS(status) == 9,
	      "after what it did on SIGTERM: %x", status);
	check(t, is_gone(info.init_pid) && is_gone(info.supervisor_pid),
	      "neither PID 1 nor supervisor is left");
	check(t, access(STATE_ROOT "/containers/destroy", F_OK) < 0, "nor a record");
	check(t, access(STATE_ROOT "/locks/destroy", F_OK) < 0, "nor a lock");
	check(t, ctr_destroy(c, 1, 0, &t->err) == -ENOENT && t->err.code == CTR_E_NOT_FOUND,
	      "nothing is there to be destroyed again");
	ctr_process_free(p);
	ctr_container_free(c);
	c = make(t, "destroy");
	ctr_process_free(run(t, c, "trap '' TERM HUP; while :; do sleep 1; done"));
	start = now();
	check(t, ctr_destroy(c, 1, 300, &t->err) == 0 && now() - start < 3,
	      "one that ignores SIGTERM is killed");
	ctr_container_free(c);
}

/* A supervisor that was stopped does not answer: it is killed, and the rest reaped. */
static void test_destroy_hung(struct test *t)
{
	struct ctr_container *c = make(t, "hung");
	struct ctr_info info;

	ctr_process_free(run(t, c, "sleep 1000"));
	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	(void)kill(info.supervisor_pid, SIGSTOP);
	end(t, c);
	check(t, is_gone(info.init_pid), "PID 1 is gone");
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"damage", test_damage},
	    {"forged", test_forged},
	    {"crash", test_crash},
	    {"crash_next", test_crash_next},
	    {"crash_caller", test_crash_caller},
	    {"pause", test_pause},
	    {"destroy", test_destroy},
	    {"destroy_hung", test_destroy_hung},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

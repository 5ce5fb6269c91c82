/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup layer by hand and for tests/live/test_cg.py: cgtool VERB ID [ARGUMENT...], root only.
 * Prints what was asked for; on failure "CODE ERRNO TEXT" on stderr and exit status 1.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cg.h"
#include "cgnotify.h"
#include "cgpids.h"
#include "cgstat.h"
#include "cleanup.h"
#include "door.h"
#include "num.h"
#include "str.h"

/** struct tool - one run */
struct tool {
	struct cg_facts facts;
	struct cg cg;
	struct ctr_error err;
	char **arg; /* after the ID; NULL-ended */
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int number(const char *s)
{
	int n = -1;

	if (!s || num_int_in(s, 0, 1 << 30, &n) < 0)
		(void)fprintf(stderr, "not a number: %s\n", s ? s : "nothing");
	return n;
}

/* SECTION.KEY=VALUE words after the ID */
static struct spec *read_spec(struct tool *t, char **words)
{
	struct spec *spec = spec_new();

	for (; spec && words && *words; words++) {
		char *value = strchr(*words, '=');

		if (value)
			*value++ = '\0';
		if (!value || spec_set(spec, "Resources", *words, value, &t->err) < 0) {
			spec_free(spec);
			return NULL;
		}
	}
	return spec;
}

static int do_probe(struct tool *t)
{
	static const char *const layouts[] = {"none", "v1", "hybrid", "v2"};

	(void)printf("%s%s\n", layouts[t->facts.layout], t->facts.systemd ? " systemd" : "");
	for (size_t i = 0; i < t->facts.n; i++)
		(void)printf("%s %s %s\n", t->facts.h[i].v2 ? "v2" : "v1", t->facts.h[i].mount,
			     t->facts.h[i].controllers);
	return 0;
}

static int with_spec(struct tool *t, int (*fn)(struct tool *t, const struct spec *spec))
{
	autospec struct spec *spec = read_spec(t, t->arg);

	return spec ? fn(t, spec) : -EINVAL;
}

static int create(struct tool *t, const struct spec *spec)
{
	t->cg.inherit = spec->cgroup == SPEC_CG_INHERIT;
	return cg_create(&t->cg, spec, &t->err);
}

static int do_create(struct tool *t)
{
	return with_spec(t, create);
}

static int set(struct tool *t, const struct spec *spec)
{
	return cg_set(&t->cg, spec, &t->err);
}

static int do_set(struct tool *t)
{
	return with_spec(t, set);
}

static int do_remove(struct tool *t)
{
	return cg_remove(&t->cg, &t->err);
}

static int do_freeze(struct tool *t)
{
	return cg_freeze(&t->cg, t->arg[0] ? (unsigned int)number(t->arg[0]) : 2000, &t->err);
}

static int do_thaw(struct tool *t)
{
	return cg_thaw(&t->cg, t->arg[0] ? (unsigned int)number(t->arg[0]) : 2000, &t->err);
}

static int do_frozen(struct tool *t)
{
	static const char *const names[] = {"thawed", "freezing", "frozen"};
	int r = cg_frozen(&t->cg);

	if (r >= 0)
		(void)printf("%s\n", names[r]);
	return r;
}

/* Prints the milliseconds that it took. */
static int do_kill(struct tool *t)
{
	uint64_t start = now_us();
	int r = cg_kill(&t->cg, 5000, &t->err);

	(void)printf("%" PRIu64 "\n", (now_us() - start) / 1000);
	return r;
}

static int do_signal(struct tool *t)
{
	return cg_signal(&t->cg, number(t->arg[0]), t->arg[1] ? number(t->arg[1]) : 0, &t->err);
}

/* cgtool send ID SIGNAL PID: what cg_signal() and cg_kill() do with a pid that they have listed */
static int do_send(struct tool *t)
{
	return cgpids_send(&t->cg, number(t->arg[1]), number(t->arg[0]));
}

static int do_attach(struct tool *t)
{
	return cg_attach(&t->cg, number(t->arg[0]), &t->err);
}

static int do_has(struct tool *t)
{
	int r = cg_has(&t->cg, number(t->arg[0]));

	if (r >= 0)
		(void)printf("%d\n", r);
	return r;
}

static int do_pids(struct tool *t)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = cg_pids(&t->cg, &pids, &n, &t->err);

	for (size_t i = 0; i < n; i++)
		(void)printf("%d\n", pids[i]);
	return r;
}

/* What is there, as "NAME VALUE" lines */
static int do_stats(struct tool *t)
{
	struct ctr_stats s;
	int r = cgstat_read(&t->cg, &s, &t->err);
	const struct {
		const char *name;
		uint64_t v;
	} rows[] = {
	    {"cpu_usage_us", s.cpu_usage_us},
	    {"cpu_user_us", s.cpu_user_us},
	    {"cpu_system_us", s.cpu_system_us},
	    {"cpu_periods", s.cpu_periods},
	    {"cpu_throttled", s.cpu_throttled},
	    {"cpu_throttled_us", s.cpu_throttled_us},
	    {"mem_usage", s.mem_usage},
	    {"mem_peak", s.mem_peak},
	    {"mem_limit", s.mem_limit},
	    {"mem_swap", s.mem_swap},
	    {"mem_swap_limit", s.mem_swap_limit},
	    {"mem_anon", s.mem_anon},
	    {"mem_file", s.mem_file},
	    {"mem_kernel", s.mem_kernel},
	    {"mem_shmem", s.mem_shmem},
	    {"mem_inactive_file", s.mem_inactive_file},
	    {"mem_failures", s.mem_failures},
	    {"oom_kills", s.oom_kills},
	    {"pids_current", s.pids_current},
	    {"pids_limit", s.pids_limit},
	    {"pids_failures", s.pids_failures},
	    {"cpu_pressure", s.cpu_pressure.some_total},
	    {"mem_pressure", s.mem_pressure.some_total},
	    {"io_pressure", s.io_pressure.some_total},
	};

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (rows[i].v != CTR_ABSENT)
			(void)printf("%s %" PRIu64 "\n", rows[i].name, rows[i].v);
	for (size_t i = 0; r == 0 && i < s.nio; i++)
		(void)printf("io %u:%u %" PRIu64 " %" PRIu64 "\n", s.io[i].major, s.io[i].minor,
			     s.io[i].read_bytes, s.io[i].write_bytes);
	for (size_t i = 0; r == 0 && i < s.nhuge; i++)
		(void)printf("huge_%s %" PRIu64 "\n", s.huge[i].size, s.huge[i].usage);
	return r;
}

/* cgtool notify ID oom|low|medium|critical: "ready", then a line for each, up to "gone" */
static int do_notify(struct tool *t)
{
	static const char *const names[] = {"none", "oom", "pressure", "gone"};
	static const char *const levels[] = {"low", "medium", "critical"};
	struct cgnotify n = CGNOTIFY_NONE;
	enum ctr_notice kind = CTR_NOTICE_NONE;
	int r = -EINVAL;
	uint64_t kills;

	if (strcmp(t->arg[0], "oom") == 0)
		r = cgnotify_oom(&t->cg, &n, &t->err);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (strcmp(t->arg[0], levels[i]) == 0)
			r = cgnotify_pressure(&t->cg, (enum ctr_pressure_level)i, &n, &t->err);
	(void)printf(r == 0 ? "ready\n" : "");
	while (r == 0 && kind != CTR_NOTICE_GONE) {
		struct pollfd p = {.fd = n.fd, .events = POLLIN};

		(void)fflush(stdout);
		if (poll(&p, 1, 10000) != 1)
			return -ETIMEDOUT;
		kind = cgnotify_read(&n, &kills);
		(void)printf("%s\n", names[kind]);
	}
	cgnotify_close(&n);
	return r;
}

/* cgtool enter ID COMMAND...: goes in by the door and becomes the command */
static int do_enter(struct tool *t)
{
	struct cg_door door = {.n = 0};
	int r = cg_door_open(&t->cg, &door, &t->err);

	if (r == 0)
		r = door_pass(door.fd, door.n, &t->err);
	cg_door_close(&door);
	if (r == 0) {
		(void)execvp(t->arg[0], t->arg);
		r = -errno;
	}
	return r;
}

static int do_supervisor(struct tool *t)
{
	int r = cg_attach_supervisor(&t->facts, &t->err);

	if (r == 0) {
		(void)execvp(t->arg[0], t->arg);
		r = -errno;
	}
	return r;
}

/* cgtool bench ID ROUNDS [KEY=VALUE...]: medians of create and remove in microseconds */
static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int do_bench(struct tool *t)
{
	enum { MAX = 1000 };
	static uint64_t make[1000], gone[1000], probe[1000];
	int n = number(t->arg[0]), r = 0;
	autospec struct spec *spec = read_spec(t, t->arg + 1);

	if (!spec || n < 1 || n > MAX)
		return -EINVAL;
	for (int i = 0; r == 0 && i < n; i++) {
		uint64_t start = now_us();

		r = cg_probe(&t->facts, &t->err);
		probe[i] = now_us() - start;
		start = now_us();
		if (r == 0)
			r = cg_create(&t->cg, spec, &t->err);
		make[i] = now_us() - start;
		start = now_us();
		if (r == 0)
			r = cg_remove(&t->cg, &t->err);
		gone[i] = now_us() - start;
	}
	if (r < 0)
		return r;
	(void)printf("first create %" PRIu64 " us\n", make[0]);
	qsort(make, (size_t)n, sizeof(*make), compare);
	qsort(gone, (size_t)n, sizeof(*gone), compare);
	qsort(probe, (size_t)n, sizeof(*probe), compare);
	(void)printf("probe %" PRIu64 " us, create %" PRIu64 " us (p90 %" PRIu64
		     "), remove %" PRIu64 " us (p90 %" PRIu64 "), median of %d\n",
		     probe[n / 2], make[n / 2], make[n * 9 / 10], gone[n / 2], gone[n * 9 / 10], n);
	return 0;
}

static const struct {
	const char *verb;
	int (*fn)(struct tool *t);
	int args; /* at least, after the ID */
} verbs[] = {
    {"probe", do_probe, 0},   {"create", do_create, 0}, {"set", do_set, 0},
    {"remove", do_remove, 0}, {"freeze", do_freeze, 0}, {"thaw", do_thaw, 0},
    {"frozen", do_frozen, 0}, {"kill", do_kill, 0},	{"signal", do_signal, 1},
    {"send", do_send, 2},     {"attach", do_attach, 1}, {"has", do_has, 1},
    {"pids", do_pids, 0},     {"stats", do_stats, 0},	{"notify", do_notify, 1},
    {"enter", do_enter, 1},   {"bench", do_bench, 1},	{"supervisor", do_supervisor, 1},
};

int main(int argc, char **argv)
{
	struct tool t = {.cg = {.facts = &t.facts}};
	int r = -EINVAL;

	if (argc < 3 || str_format(t.cg.path, sizeof(t.cg.path), "pam_container/%s", argv[2]) < 0)
		return 2;
	t.arg = argv + 3;
	if (cg_probe(&t.facts, &t.err) < 0)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].verb) == 0 && argc - 3 >= verbs[i].args)
			r = verbs[i].fn(&t);
	if (r < 0)
		(void)fprintf(stderr, "%s %d %s\n", err_code_name(t.err.code), -r, t.err.text);
	return r < 0 ? 1 : 0;
}

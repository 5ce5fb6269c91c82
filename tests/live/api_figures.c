/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in a container and what it uses; limits that change while it lives; time limits. */
#include "api_test.h"

#include <inttypes.h>

static const struct ctr_proc_info *find(const struct ctr_proc_info *v, size_t n, pid_t inner)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].inner_pid == inner)
			return &v[i];
	return NULL;
}

static void test_processes(struct test *t)
{
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"bash", "-c", "printf 'a\\033b' >/proc/$$/comm; read x",
					  NULL},
	    .user = "daemon",
	    .stdout_fd = -1,
	    .stderr_fd = 2};
	struct ctr_container *c = make(t, "processes");
	struct ctr_process *odd, *sh = run(t, c, "sleep 1000 & wait");
	const struct ctr_proc_info *init, *child, *p;
	struct ctr_proc_info *v = NULL;
	struct ctr_info info;
	size_t n = 0;
	pid_t inner;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		exit(3);
	spec.stdin_fd = fds[0];
	need(t, ctr_start(c, &spec, &odd, &t->err) == 0, "one with an odd name");
	inner = child_of(t, c, ctr_process_pid(sh), "sleep");
	need(t, child_of(t, c, 1, "a\\x1bb") > 1, "it has its name");
	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	need(t, ctr_processes(c, &v, &n, &t->err) == 0 && n == 4, "four processes");
	for (size_t i = 1; i < n; i++)
		check(t, v[i - 1].pid < v[i].pid, "ascending");
	init = find(v, n, 1);
	p = find(v, n, ctr_process_pid(sh));
	child = find(v, n, inner);
	need(t, init && p && child, "by their pids inside");
	check(t, init->pid == info.init_pid && init->uid == 0, "PID 1 is pid %d", init->pid);
	check(t, p->ppid == init->pid && !strcmp(p->command, "sh"), "the shell is its child");
	check(t, child->ppid == p->pid && !strcmp(child->command, "sleep"), "sleep is the shell's");
	check(t, strchr("SDR", child->state) && child->rss_bytes > 4096 && child->start_us > 0,
	      "figures");
	p = find(v, n, ctr_process_pid(odd));
	need(t, p != NULL, "the odd one");
	check(t, p->uid == 1 && !strcmp(p->command, "a\\x1bb"), "escaped: %s", p->command);
	free(v);
	close(fds[0]);
	close(fds[1]);
	ctr_process_free(odd);
	ctr_process_free(sh);
	end(t, c);
}

static struct ctr_stats stats_of(struct test *t, struct ctr_container *c)
{
	struct ctr_stats s = {0};

	if (ctr_stats_read(c, &s, &t->err) < 0)
		need(t, false, "statistics");
	return s;
}

static void test_stats(struct test *t)
{
	struct ctr_container *c = make(t, "stats");
	struct ctr_stats idle = stats_of(t, c), busy;
	struct ctr_process *p = run(t, c, "while :; do :; done"), *q;

	for (int i = 0; i < 500; i++) {
		busy = stats_of(t, c);
		if (busy.cpu_usage_us > idle.cpu_usage_us + 50000)
			break;
		nap(10);
	}
	check(t, busy.cpu_usage_us > idle.cpu_usage_us + 50000, "CPU grows: %" PRIu64 " us",
	      busy.cpu_usage_us - idle.cpu_usage_us);
	check(t, busy.cpu_usage_us - idle.cpu_usage_us < 20000000, "by what can be");
	check(t, busy.pids_current == idle.pids_current + 1, "one task more: %" PRIu64,
	      busy.pids_current);
	check(t, busy.pids_limit == 100, "of %" PRIu64, busy.pids_limit);
	ctr_process_free(p);
	q = run(t, c, "x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 1000; :");
	need(t, child_of(t, c, ctr_process_pid(q), "sleep") > 1, "it has what it wants");
	busy = stats_of(t, c);
	check(t, busy.mem_usage > idle.mem_usage + 25000000, "memory grows: %" PRIu64,
	      busy.mem_usage - idle.mem_usage);
	check(t, busy.mem_peak == CTR_ABSENT || busy.mem_peak >= busy.mem_usage,
	      "so does the peak");
	check(t, busy.mem_limit == CTR_ABSENT || busy.mem_limit > busy.mem_usage,
	      "below the limit");
	check(t, busy.oom_kills == 0 || busy.oom_kills == CTR_ABSENT, "nobody was killed");
	ctr_process_free(q);
	end(t, c);
}

/* What is seldom asked for: there or absent, never a 0 that nobody counted. */
static void test_details(struct test *t)
{
	struct ctr_container *c = make(t, "details");
	struct ctr_stats s = stats_of(t, c);
	static struct ctr_details d;
	uint64_t sum = 0, v = 7, on_nodes = 0;

	need(t, ctr_stats_details(c, &d, &t->err) == 0, "details");
	for (size_t i = 0; i < d.ncpu; i++)
		sum += d.cpu_us[i];
	check(t, d.ncpu == 0 || sum + 1000 >= s.cpu_usage_us, "CPUs add up: %" PRIu64, sum);
	check(t, (d.memsw_usage == CTR_ABSENT) == (d.memsw_failures == CTR_ABSENT),
	      "memory and swap are counted or not");
	check(t, d.memsw_usage == CTR_ABSENT || d.memsw_peak >= d.memsw_usage, "the peak is one");
	check(t, d.swap_peak == CTR_ABSENT || d.memsw_usage == CTR_ABSENT, "v1 or v2");
	check(t, !d.cpus[0] == !d.mems[0], "CPUs %s, memory nodes %s", d.cpus, d.mems);
	check(t, (d.cpu_exclusive == CTR_ABSENT) == (d.load_balance == CTR_ABSENT),
	      "flags of cpuset are there or not");
	for (size_t i = 0; i < d.nnodes; i++)
		on_nodes += d.nodes[i].anon == CTR_ABSENT ? 0 : d.nodes[i].anon;
	check(t, d.nnodes == 0 || on_nodes < 1 << 30, "memory of nodes: %" PRIu64, on_nodes);
	check(t, s.mem_usage == CTR_ABSENT || ctr_stats_memory(c, "pgfault", &v, &t->err) == 0,
	      "a line of memory.stat");
	check(t,
	      ctr_stats_memory(c, "nonsense", &v, &t->err) == -ENOENT &&
		  t->err.code == CTR_E_NOT_FOUND,
	      "one that there is not");
	end(t, c);
}

static int set(struct test *t, struct ctr_container *c, const char *key, const char *value)
{
	return ctr_set(c, (const char *const[]){key, value, NULL}, &t->err);
}

/* Through what the other process sees: 0 when the definition has that line */
static int look_definition(struct test *t, const char *line)
{
	struct ctr_container *c;
	char *text;

	if (ctr_load(t->f, "set", &c, &t->err) < 0 || ctr_definition_text(c, &text, &t->err) < 0)
		return 2;
	return strstr(text, line) ? 0 : 1;
}

static void test_set(struct test *t)
{
	static const struct {
		const char *key, *value;
		int code;
	} bad[] = {
	    {"MemoryMax", "lots", CTR_E_CONFIG},     {"MemoryMac", "1G", CTR_E_CONFIG},
	    {"Slice", "x.slice", CTR_E_UNSUPPORTED}, {"Cgroup", "inherit", CTR_E_UNSUPPORTED},
	    {"TasksMax", NULL, CTR_E_CONFIG},	     {"TasksMax", "-1", CTR_E_CONFIG},
	    {"Hostname", "x", CTR_E_CONFIG},	     {NULL, NULL, CTR_E_CONFIG},
	};
	static const char *const half[] = {"MemoryMax", "96M", "TasksMax", "none", NULL};
	static const char *const both[] = {"MemoryMax", "96M", "TasksMax", "77", NULL};
	struct ctr_container *c = make(t, "set");

	check(t, set(t, c, "MemoryMax", "64M") == 0, "a limit is set");
	check(t, stats_of(t, c).mem_limit == 64 << 20, "the kernel has it");
	check(t, elsewhere(look_definition, "MemoryMax=64M\n") == 0, "others see it");
	for (size_t i = 0; i < COUNT(bad); i++) {
		check(t, set(t, c, bad[i].key, bad[i].value) < 0 && t->err.code == bad[i].code,
		      "%s=%s is refused", bad[i].key ? bad[i].key : "",
		      bad[i].value ? bad[i].value : "");
		check(t, stats_of(t, c).mem_limit == 64 << 20, "the kernel has the old one");
	}
	check(t, set(t, c, "MemoryMac", "1G") == -EINVAL && strstr(t->err.text, "'MemoryMax'"),
	      "what was meant is guessed");
	check(t, ctr_set(c, half, &t->err) == -EINVAL, "one bad of two");
	check(t, stats_of(t, c).mem_limit == 64 << 20 && stats_of(t, c).pids_limit == 100,
	      "changes neither");
	check(t, elsewhere(look_definition, "MemoryMax=64M\n") == 0, "nor the record");
	check(t, ctr_set(c, both, &t->err) == 0, "two good ones");
	check(t, stats_of(t, c).mem_limit == 96 << 20 && stats_of(t, c).pids_limit == 77,
	      "change both");
	check(t,
	      set(t, c, "MemoryMax", "infinity") == 0 &&
		  (stats_of(t, c).mem_limit == CTR_ABSENT || stats_of(t, c).mem_limit > 1ULL << 40),
	      "infinity lifts it: %" PRIu64, stats_of(t, c).mem_limit);
	check(t,
	      set(t, c, "MemoryMax", "64M") == 0 && set(t, c, "MemoryMax", "") == 0 &&
		  stats_of(t, c).mem_limit > 1ULL << 40,
	      "so does an empty value");
	end(t, c);
}

/* Without groups of its own what is inside shows by the PID namespace alone. */
static void test_inherit(struct test *t)
{
	struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	struct ctr_proc_info *v = NULL;
	struct ctr_process *p;
	size_t n = 0;
	int status;

	need(t,
	     ctr_config_new(&cfg, &t->err) == 0 &&
		 ctr_config_set(cfg, "Resources", "Cgroup", "inherit", &t->err) == 0 &&
		 ctr_config_set(cfg, "Resources", "DevicePolicy", "auto", &t->err) == 0 &&
		 ctr_create(t->f, "inherit", cfg, &c, &t->err) == 0,
	     "a container in the groups of its caller");
	p = run(t, c, "sleep 1000; :");
	need(t, child_of(t, c, ctr_process_pid(p), "sleep") > 1, "its process");
	check(t, ctr_processes(c, &v, &n, &t->err) == 0 && n == 3, "PID 1 and two: %zu", n);
	free(v);
	check(t, ctr_pause(c, &t->err) == -ENOTSUP && t->err.code == CTR_E_UNSUPPORTED, "no pause");
	check(t, set(t, c, "TasksMax", "50") == -ENOTSUP, "no limits");
	check(t, ctr_signal(c, SIGKILL, 1, &t->err) == 0, "all are signalled");
	check(t, ctr_process_wait(p, 5000, &status, &t->err) == 0 && WTERMSIG(status) == SIGKILL,
	      "and die");
	check(t, seen_status("inherit") == CTR_RUNNING, "but PID 1");
	ctr_process_free(p);
	ctr_config_free(cfg);
	end(t, c);
}

/* What the record says of a container whose supervisor has nothing to add any more */
static void test_set_stays(struct test *t)
{
	struct ctr_container *c = make(t, "set");
	struct ctr_info info;

	check(t, set(t, c, "TasksMax", "55") == 0, "a limit is set");
	ctr_process_free(run(t, c, ":"));
	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	(void)kill(info.init_pid, SIGKILL);
	need(t, becomes(t, c, CTR_STOPPED), "it is stopped");
	check(t, is_gone(info.supervisor_pid), "its supervisor had the last word");
	check(t, elsewhere(look_definition, "TasksMax=55\n") == 0, "and still has its limit");
	end(t, c);
}

/* A caller that dies takes back what it asked for, long before the time is up. */
static void give_up(struct test *t, const struct ctr_config *cfg)
{
	const char *folder = STATE_ROOT "/containers/slow";
	struct ctr_container *c;
	pid_t pid = fork();

	if (pid == 0) {
		(void)ctr_factory_set(t->f, "timeout-ms", "60000", &t->err);
		_exit(ctr_create(t->f, "slow", cfg, &c, &t->err) < 0);
	}
	for (int i = 0; i < 500 && access(folder, F_OK) < 0; i++)
		nap(10);
	check(t, access(folder, F_OK) == 0, "one is being made");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	for (int i = 0; i < 200 && access(folder, F_OK) == 0; i++)
		nap(10);
	check(t, access(folder, F_OK) < 0, "who asked is killed: it goes");
}

/* In a world whose helper-dir has a PID 1 that never says that it is ready: test_api.py */
static void test_timeout(struct test *t)
{
	struct ctr_container *c = NULL;
	struct ctr_config *cfg;
	struct timespec a, b;
	char **ids;
	size_t n;

	need(t, ctr_config_new(&cfg, &t->err) == 0, "a configuration");
	need(t, ctr_factory_set(t->f, "timeout-ms", "500", &t->err) == 0, "half a second");
	need(t, ctr_factory_set(t->f, "helper-dir", "/tmp/slow", &t->err) == 0, "slow helpers");
	give_up(t, cfg);
	clock_gettime(CLOCK_MONOTONIC, &a);
	check(t,
	      ctr_create(t->f, "slow", cfg, &c, &t->err) == -ETIMEDOUT &&
		  t->err.code == CTR_E_TIMEOUT,
	      "it takes too long");
	clock_gettime(CLOCK_MONOTONIC, &b);
	check(t, b.tv_sec - a.tv_sec < 3, "it is told in time");
	check(t, ctr_list(t->f, &ids, &n, &t->err) == 0 && n == 0, "nothing is left");
	ctr_list_free(ids, n);
	need(t, ctr_factory_set(t->f, "helper-dir", "/tmp/nothing", &t->err) == 0, "no helpers");
	check(t, ctr_create(t->f, "slow", cfg, &c, &t->err) == -ENOENT, "they are missed");
	check(t, c == NULL, "nothing was given out");
	ctr_config_free(cfg);
}

/* Of the one container that there is; test_api.py logs in before */
static void test_sessions(struct test *t)
{
	struct ctr_container *c = NULL;
	struct ctr_session *v = NULL;
	struct ctr_info info;
	char **ids = NULL;
	size_t n = 0, ns = 9;

	need(t, ctr_list(t->f, &ids, &n, &t->err) == 0 && n == 1, "one container");
	need(t, ctr_load(t->f, ids[0], &c, &t->err) == 0, "it is loaded");
	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	printf("# %s %s %s %s %s\n", info.id, info.definition, info.user, info.service,
	       info.instance);
	need(t, ctr_sessions(c, &v, &ns, &t->err) == 0, "its sessions");
	for (size_t i = 0; i < ns; i++)
		printf("# session %s %u %s %s %d %d\n", v[i].user, v[i].uid, v[i].service,
		       v[i].rhost, v[i].since_us >= info.created_us, v[i].caller);
	check(t, status_of(t, c) == CTR_RUNNING, "it runs");
	free(v);
	ctr_list_free(ids, n);
	end(t, c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"processes", test_processes}, {"stats", test_stats},
	    {"details", test_details},	   {"set", test_set},
	    {"inherit", test_inherit},	   {"set_stays", test_set_stays},
	    {"timeout", test_timeout},	   {"sessions", test_sessions},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

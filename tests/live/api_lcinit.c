/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcontainer's tests assert of a container and its first process, by their names. */
#include "api_template.h"

static void test_exec_ps(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_ps", {0});

	check(t,
	      says(t, c,
		   "exec ps -eo pid=,user=,comm=", "      1 root     init\n      2 root     ps\n"),
	      "ps sees PID 1 and itself, of root, and nothing else");
	end(t, c);
	c = make_by(t, "exec_ps", {"Container", "Init", "none"});
	check(t, says(t, c, "exec ps -eo pid=,user=,comm=", "      1 root     ps\n"),
	      "or itself as PID 1");
	end(t, c);
}

static bool has_hosts(struct test *t, struct ctr_container *c, const char *type)
{
	char link[64] = "", *command = NULL, *path = NULL;
	struct output out;
	ssize_t n;

	if (asprintf(&path, "/proc/self/ns/%s", type) < 0 ||
	    asprintf(&command, "readlink -n %s", path) < 0)
		exit(3);
	n = readlink(path, link, sizeof(link) - 1);
	out = sh(t, c, command);
	need(t, n > 0 && out.status == 0, "namespaces of the host and of the container");
	free(path);
	free(command);
	return strcmp(out.text, link) == 0;
}

static void test_ipc_private(struct test *t)
{
	struct ctr_container *c = make_by(t, "ipc_private", {0});

	check(t, !has_hosts(t, c, "ipc"), "the IPC namespace is its own");
	end(t, c);
}

static struct ctr_container *make_with_hosts_ipc(struct test *t)
{
	return make_by(t, "ipc_host", {"Container", "Namespaces", ""},
		       {"Container", "Namespaces", "mount pid uts"});
}

static void test_ipc_host(struct test *t)
{
	struct ctr_container *c = make_with_hosts_ipc(t);

	check(t, has_hosts(t, c, "ipc"), "the IPC namespace is the host's");
	end(t, c);
}

static const struct setting no_ipc = {"Container", "Namespaces", "mount pid uts"};

/* One that joins the IPC namespace of another container by its path */
static void test_ipc_join_path(struct test *t)
{
	struct ctr_container *first = make_by(t, "ipc_first", {0}), *second;
	struct output theirs = sh(t, first, "readlink /proc/self/ns/ipc"), ours;
	struct ctr_info info;
	char *path = NULL;

	need(t, ctr_state(first, &info, &t->err) == 0, "its state");
	if (asprintf(&path, "ipc:/proc/%d/ns/ipc", info.init_pid) < 0)
		exit(3);
	second = make_by(t, "ipc_second", {"Container", "Namespaces", ""}, no_ipc,
			 {"Container", "JoinNamespaces", path});
	ours = sh(t, second, "readlink /proc/self/ns/ipc");
	check(t, *ours.text && strcmp(ours.text, theirs.text) == 0, "both have the same: %s%s",
	      theirs.text, ours.text);
	check(t, !has_hosts(t, second, "ipc"), "which is not the host's");
	free(path);
	end(t, second);
	end(t, first);
}

static void test_ipc_bad_path(struct test *t)
{
	static const struct setting bad[] = {{"Container", "Namespaces", ""},
					     {"Container", "Namespaces", "mount pid uts"},
					     {"Container", "JoinNamespaces", "ipc:/proc/1/ns/ipcc"},
					     {0}};

	check(t, !try_make(t, "ipc_bad", bad) && strstr(t->err.text, "/proc/1/ns/ipcc"),
	      "a path that is wrong is refused: %s", t->err.text);
}

static void test_container_state(struct test *t)
{
	struct ctr_container *c = make_with_hosts_ipc(t);
	struct ctr_info info;
	char *json = NULL, *path = NULL;
	bool pid = false, ipc = false;

	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	for (size_t i = 0; i < info.nns; i++) {
		pid = pid || strcmp(info.ns[i].name, "pid") == 0;
		ipc = ipc || strcmp(info.ns[i].name, "ipc") == 0;
	}
	check(t, pid && !ipc, "names its own namespaces, and the shared one not");
	check(t, has_hosts(t, c, "ipc"), "which is the host's");
	need(t, ctr_state_json(c, &json, &t->err) == 0, "the same as JSON");
	check(t, strstr(json, "\"external_descriptors\":[\"\\/dev\\/null\",\"\\/dev\\/null\","),
	      "its descriptors: %s", json);
	if (asprintf(&path, "\"ipc\":\"\\/proc\\/%d\\/ns\\/ipc\"", info.init_pid) < 0)
		exit(3);
	check(t, strstr(json, path), "with the path of the shared one: %s", path);
	free(path);
	free(json);
	end(t, c);
}

static void test_cgroup_namespace(struct test *t)
{
	struct ctr_container *c = make_by(t, "cgroupns", {0}), *own;

	check(t, has_hosts(t, c, "cgroup"), "the host's when it is not named");
	end(t, c);
	own = make_by(t, "cgroupns", {"Container", "Namespaces", ""},
		      {"Container", "Namespaces", "mount pid ipc uts cgroup"});
	check(t, !has_hosts(t, own, "cgroup"), "its own when it is");
	check(t, says(t, own, "grep -v ':/$' /proc/self/cgroup | grep -c pam_container; :", "0\n"),
	      "and its groups are the roots of it");
	end(t, own);
}

static void test_rlimit(struct test *t)
{
	struct ctr_container *c = make_by(t, "rlimit", {0});

	check(t, says(t, c, "ulimit -n; ulimit -Hn", "1025\n1025\n"), "1025 files");
	end(t, c);
}

static void test_process_env(struct test *t)
{
	struct ctr_container *c = make_by(t, "env", {"Exec", "Environment", "BAR=FOO"});
	struct output out = {0};

	check(t,
	      get(t, c,
		  (struct ctr_process_spec){
		      .argv = (const char *const[]){"/usr/bin/env", NULL},
		      .env = (const char *const[]){"FOO=BAR", "HOME=/root", NULL}},
		  &out) == 0 &&
		  strstr(out.text, "FOO=BAR\n"),
	      "what it is given: %s", out.text);
	check(t, strstr(out.text, "BAR=FOO\n") != NULL, "what the definition gives");
	check(t, says(t, c, "echo $HOME", "/root\n"), "HOME is root's");
	end(t, c);
}

static void freeze(struct test *t, const char *cgroup)
{
	struct ctr_container *c = make_by(t, "freeze", {"Resources", "Cgroup", cgroup});
	struct ctr_process *p = run(t, c, "sleep 1000");

	check(t, ctr_pause(c, &t->err) == 0 && seen_status("freeze") == CTR_PAUSED, "it is paused");
	check(t, ctr_resume(c, &t->err) == 0 && seen_status("freeze") == CTR_RUNNING,
	      "it is resumed");
	check(t,
	      ctr_process_signal(p, SIGKILL, &t->err) == 0 &&
		  ctr_process_wait(p, 5000, NULL, &t->err) == 0,
	      "and can be ended");
	ctr_process_free(p);
	end(t, c);
}

static void test_freeze(struct test *t)
{
	freeze(t, "cgroupfs");
}

static void test_freeze_systemd(struct test *t)
{
	need_systemd("freeze_systemd");
	freeze(t, "scope");
}

static void test_sysctl(struct test *t)
{
	struct ctr_container *c = make_by(t, "sysctl", {"Files", "Sysctl", "kernel.shmmni=8192"});

	check(t, says(t, c, "cat /proc/sys/kernel/shmmni", "8192\n"), "kernel.shmmni is 8192");
	end(t, c);
}

static void test_oom_score_adj(struct test *t)
{
	struct ctr_container *c = make_by(t, "oom", {"Exec", "OOMScoreAdjust", "200"});

	check(t, says(t, c, "cat /proc/self/oom_score_adj", "200\n"), "200 is seen");
	end(t, c);
}

static void test_seccomp_deny_getcwd(struct test *t)
{
	struct ctr_container *c = make_by(t, "getcwd", {"Exec", "SystemCallFilter", "~getcwd"});
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){"python3", "-c", "import os; os.getcwd()", NULL}};
	struct output out = {0};

	check(t,
	      get(t, c, spec, &out) == 0 && out.status != 0 &&
		  strstr(out.errors, "Operation not permitted"),
	      "getcwd is denied: %s", out.errors);
	end(t, c);
}

/* writes to descriptors above 1 are denied */
#define WRITE_PROFILE                                                                              \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"write\"],"              \
	"\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,"                        \
	"\"op\":\"SCMP_CMP_GT\"}]}]}"

static struct ctr_container *make_with_profile(struct test *t)
{
	static const char path[] = "/etc/security/api_write.json";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct ctr_container *c;

	if (fd < 0 || write(fd, WRITE_PROFILE, sizeof(WRITE_PROFILE) - 1) < 0)
		exit(3);
	close(fd);
	c = make_by(t, "write", {"Exec", "SeccompProfile", path});
	unlink(path);
	return c;
}

static void test_seccomp_permit_write_conditional(struct test *t)
{
	struct ctr_container *c = make_with_profile(t);
	struct output out = sh(t, c, "exec ls /");

	check(t, out.status == 0 && strstr(out.text, "usr\n"), "stdout is written");
	end(t, c);
}

static void test_seccomp_deny_write_conditional(struct test *t)
{
	struct ctr_container *c = make_with_profile(t);
	struct output out = sh(t, c, "exec ls /does_not_exist");

	check(t, out.status != 0 && !*out.errors && !*out.text, "stderr is not: %s", out.errors);
	end(t, c);
}

static void pids(struct test *t, const char *cgroup)
{
	struct ctr_container *c = make_by(t, "pids", {"Resources", "Cgroup", cgroup},
					  {"Resources", "TasksMax", "infinity"});
	struct output out;

	check(t, says(t, c, "true | true | true | true; echo $?", "0\n"), "without a limit");
	check(t, ctr_set(c, (const char *const[]){"TasksMax", "64", NULL}, &t->err) == 0, "64");
	check(t, says(t, c, "true | true | true | true; echo $?", "0\n"), "are enough");
	check(t, ctr_set(c, (const char *const[]){"TasksMax", "4", NULL}, &t->err) == 0, "4");
	out = sh(t, c, "true | true | true | true | true");
	check(t, out.status != 0 && strcasestr(out.errors, "fork"), "are not: %s", out.errors);
	end(t, c);
}

static void test_pids(struct test *t)
{
	pids(t, "cgroupfs");
}

static void test_pids_systemd(struct test *t)
{
	need_systemd("pids_systemd");
	pids(t, "scope");
}

static void shares(struct test *t, const char *cgroup)
{
	struct ctr_container *c =
	    try_make(t, "shares",
		     (const struct setting[]){
			 {"Resources", "Cgroup", cgroup}, {"Resources", "CPUShares", "1"}, {0}});

	check(t, !c && strstr(t->err.text, "CPUShares"), "1 is refused: %s", t->err.text);
	c = make_by(t, "shares", {"Resources", "Cgroup", cgroup}, {"Resources", "CPUShares", "2"});
	end(t, c);
}

static void test_cpu_shares(struct test *t)
{
	shares(t, "cgroupfs");
}

static void test_cpu_shares_systemd(struct test *t)
{
	need_systemd("cpu_shares_systemd");
	shares(t, "scope");
}

static void kernel_memory(struct test *t, const char *cgroup)
{
	struct ctr_container *c = make_by(t, "kmem", {"Resources", "Cgroup", cgroup},
					  {"Resources", "KernelMemoryMax", "50M"});

	check(t, sh(t, c, "exec ps").status == 0, "something runs");
	end(t, c);
}

static void test_run_with_kernel_memory(struct test *t)
{
	kernel_memory(t, "cgroupfs");
}

static void test_run_with_kernel_memory_systemd(struct test *t)
{
	need_systemd("run_with_kernel_memory_systemd");
	kernel_memory(t, "scope");
}

/* Raw keys are of cgroup v2, and refused elsewhere. */
static void test_unified_resources(struct test *t)
{
	static const struct setting group[] = {{"Resources", "Unified", "memory.oom.group=1"}, {0}};
	struct ctr_container *c = try_make(t, "unified", group);

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) {
		end(t, must_make(t, c));
		return;
	}
	check(t, !c && t->err.code == CTR_E_UNSUPPORTED && strstr(t->err.text, "Unified"),
	      "refused without v2: %s", t->err.text);
}

#define HOOK  "/usr/sbin/api-hook"
#define TRACE "/var/lib/api-hook"

/* Before it starts a hook makes a file, which is seen inside; when it is gone one removes that. */
static void test_hook(struct test *t)
{
	static const char script[] = "#!/bin/sh\n"
				     "case $CONTAINER_HOOK in\n"
				     "prestart) touch " TRACE ";;\n"
				     "poststop) rm " TRACE ";;\n"
				     "esac\n";
	int fd = open(HOOK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct ctr_container *c;

	if (fd < 0 || write(fd, script, sizeof(script) - 1) < 0)
		exit(3);
	close(fd);
	c = make_by(t, "hook", {"Hooks", "Prestart", HOOK}, {"Hooks", "Poststop", HOOK});
	check(t, sh(t, c, "exec ls " TRACE).status == 0, "the prestart hook's file is seen");
	end(t, c);
	check(t, access(TRACE, F_OK) < 0 && errno == ENOENT, "the poststop hook removed it");
	unlink(HOOK);
}

static void test_empty_capabilities(struct test *t)
{
	struct ctr_container *c = make_by(t, "caps", {"Exec", "CapabilityBoundingSet", ""});

	check(t, says(t, c, "grep -c '^Cap...:\t0000000000000000$' /proc/self/status", "5\n"),
	      "five empty sets");
	end(t, c);
}

/* One process has other capabilities than the others: within the bounding set, as its walls are. */
static void test_process_caps(struct test *t)
{
	static const char *const fewer[] = {"CapabilityBoundingSet", "~CAP_NET_ADMIN", NULL},
				 *const more[] = {"CapabilityBoundingSet", "CAP_SYS_ADMIN", NULL},
				 *const ambient[] = {"AmbientCapabilities", "CAP_NET_ADMIN", NULL},
				 *const wrong[] = {"Hostname", "x", NULL};
	struct ctr_container *c =
	    make_by(t, "process_caps", {"Exec", "CapabilityBoundingSet", "CAP_NET_ADMIN"});
	struct ctr_process_spec spec = {
	    .argv = (const char *const[]){
		"sh", "-c", "sed -n 's/^CapEff:.*\\(....\\)$/\\1/p' /proc/self/status", NULL}};
	struct output out = {0};

	check(t,
	      get(t, c, spec, &out) == 0 && strlen(out.text) == 5 &&
		  strchr("13579bdf", out.text[0]),
	      "NET_ADMIN is effective: %s", out.text);
	spec.settings = fewer;
	check(t,
	      get(t, c, spec, &out) == 0 && strlen(out.text) == 5 &&
		  strchr("02468ace", out.text[0]),
	      "of one process it is not: %s", out.text);
	spec.user = "nobody";
	check(t, get(t, c, spec, &out) == 0 && strcmp(out.text, "0000\n") == 0,
	      "a user has none: %s", out.text);
	spec.settings = ambient;
	check(t, get(t, c, spec, &out) == 0 && strcmp(out.text, "1000\n") == 0,
	      "but what he is given: %s", out.text);
	spec.settings = more;
	check(t, get(t, c, spec, &out) == -EINVAL && strstr(t->err.text, "cap_sys_admin"),
	      "nothing beyond the container's: %s", t->err.text);
	spec.settings = wrong;
	check(t, get(t, c, spec, &out) == -ENOTSUP && strstr(t->err.text, "Hostname"),
	      "what is the container's is not a process's: %s", t->err.text);
	end(t, c);
}

/* Each alone is wrong with the template, and is told of. */
static const struct {
	const char *what, *told;
	struct setting more[3];
} refused[] = {
    {"a relative root", "RootDirectory", {{"Files", "RootDirectory", "tmp"}}},
    {"a root that is missing", "/nosuch", {{"Files", "RootDirectory", "/nosuch"}}},
    {"a root that is a link", "/bin", {{"Files", "RootDirectory", "/bin"}}},
    {"a host name without a UTS namespace",
     "Hostname",
     {{"Container", "Namespaces", ""}, {"Container", "Namespaces", "mount pid ipc"}}},
    {"an overlap of mapped numbers", "PrivateUsers", {{"Exec", "PrivateUsers", "0:65536"}}},
    {"a network without its bridge",
     "nobridge",
     {{"Network", "Private", "veth"}, {"Network", "Bridge", "nobridge"}}},
    {"addresses without a network", "Private=veth", {{"Network", "Address", "10.9.8.7/24"}}},
    {"no mount namespace",
     "mount",
     {{"Container", "Namespaces", ""}, {"Container", "Namespaces", "pid ipc uts"}}},
    {"an unknown capability", "CAP_NOSUCH", {{"Exec", "CapabilityBoundingSet", "CAP_NOSUCH"}}},
    {"a sysctl of no namespace", "kernel.panic", {{"Files", "Sysctl", "kernel.panic=1"}}},
    {"a sysctl of another namespace",
     "net.ipv4.ip_forward",
     {{"Network", "Private", "no"}, {"Files", "Sysctl", "net.ipv4.ip_forward=1"}}},
    {"an OOM score out of range", "1001", {{"Exec", "OOMScoreAdjust", "1001"}}},
};

static void test_validation(struct test *t)
{
	struct ctr_container *c;
	char **ids = NULL;
	size_t n = 1;

	for (size_t i = 0; i < COUNT(refused); i++) {
		c = try_make(t, "validation", refused[i].more);
		check(t, !c && strstr(t->err.text, refused[i].told), "%s is refused: %s",
		      refused[i].what, t->err.text);
	}
	check(t, ctr_list(t->f, &ids, &n, &t->err) == 0 && n == 0, "nothing was made");
	ctr_list_free(ids, n);
	end(t, make_by(t, "validation", {0}));
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"exec_ps", test_exec_ps},
	    {"ipc_private", test_ipc_private},
	    {"ipc_host", test_ipc_host},
	    {"ipc_join_path", test_ipc_join_path},
	    {"ipc_bad_path", test_ipc_bad_path},
	    {"container_state", test_container_state},
	    {"cgroup_namespace", test_cgroup_namespace},
	    {"rlimit", test_rlimit},
	    {"process_caps", test_process_caps},
	    {"process_env", test_process_env},
	    {"freeze", test_freeze},
	    {"freeze_systemd", test_freeze_systemd},
	    {"sysctl", test_sysctl},
	    {"oom_score_adj", test_oom_score_adj},
	    {"seccomp_deny_getcwd", test_seccomp_deny_getcwd},
	    {"seccomp_permit_write_conditional", test_seccomp_permit_write_conditional},
	    {"seccomp_deny_write_conditional", test_seccomp_deny_write_conditional},
	    {"pids", test_pids},
	    {"pids_systemd", test_pids_systemd},
	    {"cpu_shares", test_cpu_shares},
	    {"cpu_shares_systemd", test_cpu_shares_systemd},
	    {"run_with_kernel_memory", test_run_with_kernel_memory},
	    {"run_with_kernel_memory_systemd", test_run_with_kernel_memory_systemd},
	    {"unified_resources", test_unified_resources},
	    {"hook", test_hook},
	    {"empty_capabilities", test_empty_capabilities},
	    {"validation", test_validation},
	};

	return case_main(argc, argv, groups, COUNT(groups));
}

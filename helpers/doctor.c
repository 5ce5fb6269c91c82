/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cgprobe.h"
#include "human.h"
#include "num.h"
#include "str.h"

const char *doctor_status_name(int status)
{
	static const char *const names[] = {"ok", "warn", "fail"};

	return (unsigned int)status < ARRAY_SIZE(names) ? names[status] : "fail";
}

void doctor_add(struct doctor_report *ret, const char *check, int status, const char *advice,
		const char *fmt, ...)
{
	struct doctor_result *r = &ret->results[ret->n];
	char raw[sizeof(r->detail)];
	va_list ap;

	if (ret->n == DOCTOR_RESULTS)
		return;
	ret->n++;
	ret->warnings += status == DOCTOR_WARN;
	ret->failures += status == DOCTOR_FAIL;
	r->status = status;
	human_text(r->check, sizeof(r->check), check);
	human_text(r->advice, sizeof(r->advice), advice ? advice : "");
	va_start(ap, fmt);
	str_vformat_cut(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	human_text(r->detail, sizeof(r->detail), raw);
}

static bool is_at_least(const struct doctor_facts *f, unsigned int major, unsigned int minor)
{
	return f->major > major || (f->major == major && f->minor >= minor);
}

static void check_kernel(const struct doctor_facts *f, struct doctor_report *ret)
{
	/* mount_setattr(2) is the newest call that cannot be done without */
	bool enough = is_at_least(f, 5, 12);

	doctor_add(ret, "kernel", enough ? DOCTOR_OK : DOCTOR_FAIL,
		   enough ? NULL : "install Linux 5.12 or later", "Linux %s", f->release);
}

static void check_namespaces(const struct doctor_facts *f, struct doctor_report *ret)
{
	static const struct {
		unsigned int bit;
		const char *name, *option;
		int missing;
	} all[] = {
	    {DOCTOR_NS_MNT, "namespace.mnt", "a kernel with mount namespaces", DOCTOR_FAIL},
	    {DOCTOR_NS_PID, "namespace.pid", "a kernel with CONFIG_PID_NS", DOCTOR_FAIL},
	    {DOCTOR_NS_IPC, "namespace.ipc",
	     "a kernel with CONFIG_IPC_NS, or Namespaces= without it", DOCTOR_FAIL},
	    {DOCTOR_NS_UTS, "namespace.uts",
	     "a kernel with CONFIG_UTS_NS, or Namespaces= without it", DOCTOR_FAIL},
	    {DOCTOR_NS_CGROUP, "namespace.cgroup",
	     "a kernel with CONFIG_CGROUPS, or Namespaces= without it", DOCTOR_FAIL},
	    {DOCTOR_NS_NET, "namespace.net",
	     "a kernel with CONFIG_NET_NS for Private=", DOCTOR_WARN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool there = f->ns & all[i].bit;

		doctor_add(ret, all[i].name, there ? DOCTOR_OK : all[i].missing,
			   there ? NULL : all[i].option,
			   there ? "available" : "not in this kernel");
	}
}

static void check_userns(const struct doctor_facts *f, struct doctor_report *ret)
{
	if (!(f->ns & DOCTOR_NS_USER))
		doctor_add(ret, "namespace.user", DOCTOR_OK, NULL,
			   "not in this kernel; only PrivateUsers= needs them");
	else if (f->max_user_namespaces == 0)
		doctor_add(
		    ret, "namespace.user", DOCTOR_OK, NULL,
		    "switched off (user.max_user_namespaces is 0); only PrivateUsers= needs them");
	else
		doctor_add(ret, "namespace.user", DOCTOR_OK, NULL,
			   "available%s; the default system call filter keeps contained users "
			   "from making one",
			   f->unprivileged_userns == 0 ? " to root alone" : "");
}

static void check_calls(const struct doctor_facts *f, struct doctor_report *ret)
{
	static const struct {
		const char *name, *since;
		int missing;
	} all[DOCTOR_CALLS] = {
	    [DOCTOR_OPENAT2] = {"openat2", "5.6", DOCTOR_FAIL},
	    [DOCTOR_CLONE3] = {"clone3", "5.3", DOCTOR_FAIL},
	    [DOCTOR_PIDFD_OPEN] = {"pidfd_open", "5.3", DOCTOR_FAIL},
	    [DOCTOR_CLOSE_RANGE] = {"close_range", "5.9", DOCTOR_OK}, /* there is another way */
	    [DOCTOR_OPEN_TREE] = {"open_tree", "5.2", DOCTOR_FAIL},
	    [DOCTOR_MOVE_MOUNT] = {"move_mount", "5.2", DOCTOR_FAIL},
	    [DOCTOR_FSOPEN] = {"fsopen", "5.2", DOCTOR_FAIL},
	    [DOCTOR_MOUNT_SETATTR] = {"mount_setattr", "5.12", DOCTOR_FAIL},
	};

	for (size_t i = 0; i < DOCTOR_CALLS; i++) {
		int e = f->calls[i];
		char check[40], advice[80];

		if (str_format(check, sizeof(check), "call.%s", all[i].name) < 0 ||
		    str_format(advice, sizeof(advice),
			       e == ENOSYS ? "install Linux %s or later"
					   : "a system call filter around this program denies it",
			       all[i].since) < 0)
			continue; /* they fit */
		doctor_add(ret, check, e ? all[i].missing : DOCTOR_OK, e ? advice : NULL, "%s",
			   e ? strerror(e) : "available");
	}
}

static void check_seccomp(const struct doctor_facts *f, struct doctor_report *ret)
{
	unsigned int need = DOCTOR_ERRNO | DOCTOR_ALLOW;
	unsigned int profiles = DOCTOR_KILL_PROCESS | DOCTOR_KILL_THREAD | DOCTOR_TRAP | DOCTOR_LOG;

	if ((f->seccomp_actions & need) != need)
		doctor_add(ret, "seccomp", DOCTOR_FAIL,
			   "a kernel with CONFIG_SECCOMP_FILTER, or SystemCallFilter= empty",
			   "system calls cannot be filtered");
	else if ((f->seccomp_actions & profiles) != profiles)
		doctor_add(ret, "seccomp", DOCTOR_WARN, "use no SeccompProfile= that needs them",
			   "filters work; some actions of profiles do not");
	else
		doctor_add(ret, "seccomp", DOCTOR_OK, NULL, "filters with every action");
}

static const struct {
	const char *check, *v1, *v2, *keys;
} controllers[] = {
    {"cgroup.memory", "memory", "memory", "MemoryMax= MemoryHigh= MemorySwapMax="},
    {"cgroup.pids", "pids", "pids", "TasksMax="},
    {"cgroup.cpu", "cpu", "cpu", "CPUQuota= CPUWeight="},
    {"cgroup.cpuset", "cpuset", "cpuset", "AllowedCPUs= AllowedMemoryNodes="},
    {"cgroup.io", "blkio", "io", "IOWeight= IO...Max="},
};

static void check_controllers(const struct doctor_facts *f, struct doctor_report *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const struct cg_hierarchy *h =
		    cgprobe_find(&f->cg, controllers[i].v1, controllers[i].v2);

		if (h)
			doctor_add(ret, controllers[i].check, DOCTOR_OK, NULL, "%s at %s",
				   h->v2 ? "v2" : "v1", h->mount);
		else
			doctor_add(ret, controllers[i].check, DOCTOR_WARN,
				   "mount or enable the controller, or do without the keys",
				   "no controller: %s cannot be used", controllers[i].keys);
	}
}

static void check_devices(const struct doctor_facts *f, struct doctor_report *ret)
{
	const struct cg_hierarchy *h = cgprobe_find(&f->cg, "devices", NULL);

	if (h)
		doctor_add(ret, "cgroup.devices", DOCTOR_OK, NULL, "v1 at %s", h->mount);
	else if (f->cg.layout != CG_V2)
		doctor_add(ret, "cgroup.devices", DOCTOR_FAIL,
			   "mount the devices controller, or DevicePolicy=auto",
			   "no controller: device access cannot be limited");
	else if (f->device_filter < 0)
		doctor_add(ret, "cgroup.devices", DOCTOR_OK, NULL,
			   "v2: by BPF programs, which root alone can try");
	else if (f->device_filter == 0)
		doctor_add(ret, "cgroup.devices", DOCTOR_OK, NULL, "v2: by BPF programs");
	else
		doctor_add(ret, "cgroup.devices", DOCTOR_FAIL,
			   "a kernel with CONFIG_CGROUP_BPF, or DevicePolicy=auto",
			   "v2: BPF programs cannot be loaded: %s", strerror(f->device_filter));
}

static void check_freezer(const struct doctor_facts *f, struct doctor_report *ret)
{
	const struct cg_hierarchy *h = cgprobe_find(&f->cg, "freezer", NULL);

	if (h)
		doctor_add(ret, "cgroup.freezer", DOCTOR_OK, NULL, "v1 at %s", h->mount);
	else if (f->cg.layout == CG_V2 && is_at_least(f, 5, 2))
		doctor_add(ret, "cgroup.freezer", DOCTOR_OK, NULL, "v2: cgroup.freeze");
	else
		doctor_add(ret, "cgroup.freezer", DOCTOR_WARN, "mount the freezer controller",
			   "containers cannot be paused");
}

static void check_cgroups(const struct doctor_facts *f, struct doctor_report *ret)
{
	static const char *const names[] = {"none", "v1", "hybrid: v1 with an empty v2 tree", "v2"};

	if (f->cg_error || f->cg.layout == CG_NONE) {
		doctor_add(ret, "cgroup", DOCTOR_FAIL, "mount cgroup v2 on /sys/fs/cgroup",
			   "no control groups: %s",
			   f->cg_error ? strerror(f->cg_error) : "none mounted");
		return;
	}
	doctor_add(ret, "cgroup", DOCTOR_OK, NULL, "layout %s",
		   (unsigned int)f->cg.layout < ARRAY_SIZE(names) ? names[f->cg.layout] : "?");
	check_controllers(f, ret);
	check_devices(f, ret);
	check_freezer(f, ret);
	if (f->swap >= 0)
		doctor_add(ret, "cgroup.swap", f->swap ? DOCTOR_OK : DOCTOR_WARN,
			   f->swap ? NULL : "boot with swapaccount=1, or do without MemorySwapMax=",
			   f->swap ? "counted" : "not counted: MemorySwapMax= cannot be used");
	else
		doctor_add(ret, "cgroup.swap", DOCTOR_OK, NULL, "not known before a group exists");
	doctor_add(ret, "cgroup.clone", DOCTOR_OK, NULL,
		   f->cg.layout == CG_V2 && is_at_least(f, 5, 7) && f->calls[DOCTOR_CLONE3] == 0
		       ? "processes are born in their group (CLONE_INTO_CGROUP)"
		       : "processes move into their group themselves");
	doctor_add(ret, "systemd", DOCTOR_OK, NULL,
		   f->cg.systemd ? "runs: containers get transient scopes where Cgroup= says so"
				 : "does not run: containers get groups of our own");
}

static void check_hidepid(const struct doctor_facts *f, struct doctor_report *ret)
{
	bool ok = is_at_least(f, 5, 8);

	/* before, the option was the whole pid namespace's and not the mount's, proc(5) */
	doctor_add(ret, "proc.hidepid", ok ? DOCTOR_OK : DOCTOR_FAIL,
		   ok ? NULL : "install Linux 5.8 or later, or ProtectProc=default",
		   ok ? "an option of each mount"
		      : "not an option of the mount: ProtectProc= leaks");
}

static void check_sysctls(const struct doctor_facts *f, struct doctor_report *ret)
{
	const struct {
		const char *name;
		int value, good;
		const char *risk, *advice;
	} all[] = {
	    {"fs.protected_symlinks", f->protected_symlinks, 1,
	     "links in /tmp of others are followed", "sysctl -w fs.protected_symlinks=1"},
	    {"fs.protected_hardlinks", f->protected_hardlinks, 1,
	     "users can link to files they cannot read", "sysctl -w fs.protected_hardlinks=1"},
	    {"dev.tty.legacy_tiocsti", f->tiocsti, 0,
	     "a session without a terminal of its own (Attach=no) can type on the login's",
	     "sysctl -w dev.tty.legacy_tiocsti=0"},
	    {"kernel.yama.ptrace_scope", f->yama, 1,
	     "a user's processes outside may trace those inside",
	     "sysctl -w kernel.yama.ptrace_scope=1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool ok = all[i].good ? all[i].value >= all[i].good : all[i].value == 0;

		if (all[i].value == DOCTOR_ABSENT)
			doctor_add(ret, all[i].name, DOCTOR_WARN, "a kernel that has it",
				   "not in this kernel: %s", all[i].risk);
		else
			doctor_add(ret, all[i].name, ok ? DOCTOR_OK : DOCTOR_WARN,
				   ok ? NULL : all[i].advice, "%d%s%s", all[i].value,
				   ok ? "" : ": ", ok ? "" : all[i].risk);
	}
}

static void check_criu(const struct doctor_facts *f, struct doctor_report *ret)
{
	/* 3.17 does not know the vDSO of later kernels: seen to fail on 6.18, 4.1 to work */
	bool old =
	    f->criu[0] >= '1' && f->criu[0] <= '3' && f->criu[1] == '.' && is_at_least(f, 6, 0);

	if (!*f->criu)
		doctor_add(ret, "criu", DOCTOR_OK, NULL,
			   "not installed; without it there are no checkpoints");
	else
		doctor_add(ret, "criu", old ? DOCTOR_WARN : DOCTOR_OK,
			   old ? "try 'criu check'; CRIU 4.1 knows later kernels" : NULL,
			   "version %s%s", f->criu, old ? " is older than this kernel" : "");
	if (*f->criu && !old && f->root)
		doctor_add(ret, "criu.pre-dump", DOCTOR_OK, NULL, "%s",
			   f->no_track ? "this kernel does not tell which pages were written to: "
					 "there are checkpoints, no pre-dumps"
				       : "this kernel tells which pages were written to");
}

void doctor_decide(const struct doctor_facts *f, struct doctor_report *ret)
{
	*ret = (struct doctor_report){.n = 0};
	if (!f->root)
		doctor_add(ret, "privilege", DOCTOR_WARN, "run it as root",
			   "not root: some checks could not look");
	check_kernel(f, ret);
	check_namespaces(f, ret);
	check_userns(f, ret);
	check_calls(f, ret);
	check_seccomp(f, ret);
	check_cgroups(f, ret);
	check_hidepid(f, ret);
	check_sysctls(f, ret);
	check_criu(f, ret);
	doctor_decide_setup(f, ret);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "doctor.h"
#include "match.h"
#include "str.h"

/* A machine with which nothing is wrong; each row of the table below breaks one thing. */
static struct doctor_facts healthy(void)
{
	static const char *const names[DOCTOR_FILES] = {"supervisor", "init", "attach", "module"};
	static const struct cg_hierarchy v2 = {"/sys/fs/cgroup",
					       "cpuset,cpu,io,memory,hugetlb,pids", true};
	struct doctor_facts f = {
	    .root = true,
	    .release = "6.12.1",
	    .major = 6,
	    .minor = 12,
	    .ns = 127,
	    .seccomp_actions = 63,
	    .cg = {.layout = CG_V2, .systemd = true, .n = 1},
	    .swap = 1,
	    .max_user_namespaces = 1000,
	    .unprivileged_userns = DOCTOR_ABSENT,
	    .yama = 1,
	    .protected_symlinks = 1,
	    .protected_hardlinks = 1,
	    .state = {.path = "/run/pam_container", .mode = S_IFDIR | 0700},
	    .checkpoints = {.path = "/var/lib/pam_container", .mode = S_IFDIR | 0700},
	    .sodium = true,
	    .policy = {.path = "/etc/security/container.conf", .rules = 1},
	    .npam = 1,
	};

	f.cg.h[0] = v2;
	f.pam[0].lines.auth = f.pam[0].lines.session = true;
	memcpy(f.pam[0].service, "sshd", 5);
	for (size_t i = 0; i < DOCTOR_FILES; i++) {
		f.files[i].name = names[i];
		f.files[i].mode = S_IFREG | 0755;
	}
	assert_int_equal(str_copy(f.pam[0].lines.auth_control, 32, "optional"), 0);
	assert_int_equal(str_copy(f.pam[0].lines.session_control, 32, "required"), 0);
	return f;
}

static const struct doctor_result *find(const struct doctor_report *r, const char *check)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->results[i].check, check) == 0)
			return &r->results[i];
	return NULL;
}

static void nothing_is_wrong(void **state)
{
	struct doctor_facts f = healthy();
	struct doctor_report *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	doctor_decide(&f, r);
	for (size_t i = 0; i < r->n; i++)
		if (r->results[i].status != DOCTOR_OK)
			fail_msg("%s: %s", r->results[i].check, r->results[i].detail);
	assert_int_equal(r->failures, 0);
	assert_int_equal(r->warnings, 0);
	assert_true(r->n > 30 && r->n < DOCTOR_RESULTS);
	free(r);
}

#define F struct doctor_facts *f

static void old_kernel(F)
{
	f->major = 5;
	f->minor = 10;
}
static void older_kernel(F)
{
	f->major = 5;
	f->minor = 4;
}
static void no_pid_ns(F)
{
	f->ns &= ~(unsigned int)DOCTOR_NS_PID;
}
static void no_net_ns(F)
{
	f->ns &= ~(unsigned int)DOCTOR_NS_NET;
}
static void no_user_ns(F)
{
	f->ns &= ~(unsigned int)DOCTOR_NS_USER;
}
static void no_openat2(F)
{
	f->calls[DOCTOR_OPENAT2] = ENOSYS;
}
static void denied_fsopen(F)
{
	f->calls[DOCTOR_FSOPEN] = EPERM;
}
static void no_close_range(F)
{
	f->calls[DOCTOR_CLOSE_RANGE] = ENOSYS;
}
static void no_filter(F)
{
	f->seccomp_actions = 0;
}
static void few_actions(F)
{
	f->seccomp_actions = DOCTOR_ERRNO | DOCTOR_ALLOW;
}
static void no_cgroups(F)
{
	f->cg.layout = CG_NONE;
}
static void cgroups_fail(F)
{
	f->cg_error = EIO;
}
static void no_controllers(F)
{
	f->cg.h[0].controllers[0] = '\0';
}
static void v1_alone(F)
{
	f->cg.layout = CG_V1;
	f->cg.h[0].v2 = false;
}
static void no_bpf(F)
{
	f->device_filter = EINVAL;
}
static void no_swap(F)
{
	f->swap = 0;
}
static void links(F)
{
	f->protected_symlinks = 0;
}
static void tiocsti(F)
{
	f->tiocsti = 1;
}
static void tiocsti_unknown(F)
{
	f->tiocsti = DOCTOR_ABSENT;
}
static void old_criu(F)
{
	memcpy(f->criu, "3.17.1", 7);
}
static void new_criu(F)
{
	memcpy(f->criu, "4.1.1", 6);
}
static void tracking(F)
{
	new_criu(f);
}
static void no_tracking(F)
{
	new_criu(f);
	f->no_track = true;
}
static void no_init(F)
{
	f->files[DOCTOR_INIT].error = ENOENT;
}
static void foreign_init(F)
{
	f->files[DOCTOR_INIT].uid = 1000;
}
static void writable_init(F)
{
	f->files[DOCTOR_INIT].mode |= 020;
}
static void dead_init(F)
{
	f->files[DOCTOR_INIT].mode = S_IFREG | 0644;
}
static void library_module(F)
{
	f->files[DOCTOR_MODULE].mode = S_IFREG | 0644;
}
static void read_only_run(F)
{
	f->state.read_only = true;
}
static void no_state_yet(F)
{
	f->state.error = ENOENT;
}
static void open_state(F)
{
	f->state.mode = S_IFDIR | 0755;
}
static void no_checkpoints_yet(F)
{
	f->checkpoints.error = ENOENT;
}
static void open_checkpoints(F)
{
	f->checkpoints.uid = 1000;
}
static void no_sodium(F)
{
	f->sodium = false;
}
static void no_sodium_for_criu(F)
{
	f->sodium = false;
	assert_int_equal(str_copy(f->criu, sizeof(f->criu), "4.1.1"), 0);
}
static void no_policy(F)
{
	f->policy.absent = true;
}
static void broken_policy(F)
{
	f->policy.errors = 2;
	memcpy(f->policy.first, "container.conf:1: error: x", 27);
}
static void empty_policy(F)
{
	f->policy.rules = 0;
}
static void left_manager(F)
{
	memcpy(f->policy.left, "students", 9);
	memcpy(f->policy.left_service, "sshd", 5);
}
static void permissive(F)
{
	f->policy.mode = MATCH_PERMISSIVE;
}
static void no_service(F)
{
	f->npam = 0;
}
static void auth_alone(F)
{
	f->pam[0].lines.session = false;
}
static void optional_session(F)
{
	memcpy(f->pam[0].lines.session_control, "optional", 9);
}
static void session_in_the_middle(F)
{
	f->pam[0].lines.sessions_after = 2;
}
static void no_auth(F)
{
	f->pam[0].lines.auth = false;
}
static void required_auth(F)
{
	memcpy(f->pam[0].lines.auth_control, "required", 9);
}
static void shared_session(F)
{
	memcpy(f->pam[0].service, "common-session", 15);
	f->pam[0].lines.auth = false;
	f->pam[0].lines.sessions_after = 1;
}

static void shared_optional(F)
{
	shared_session(f);
	memcpy(f->pam[0].lines.session_control, "optional", 9);
}

static void su_without_auth(F)
{
	f->pam[0].lines.auth = false;
	memcpy(f->pam[0].service, "su", 3);
}
static void a_user(F)
{
	f->root = false;
	f->device_filter = -1;
}
static void bad_name(F)
{
	memcpy(f->pam[0].service, "a\033[2J", 6);
}

static const struct {
	void (*make)(F);
	const char *check;
	int status;
	const char *word; /* of the detail or the advice */
} table[] = {
    {old_kernel, "kernel", DOCTOR_FAIL, "5.12"},
    {old_kernel, "proc.hidepid", DOCTOR_OK, "each mount"},
    {older_kernel, "proc.hidepid", DOCTOR_FAIL, "ProtectProc"},
    {no_pid_ns, "namespace.pid", DOCTOR_FAIL, "CONFIG_PID_NS"},
    {no_net_ns, "namespace.net", DOCTOR_WARN, "Private="},
    {no_user_ns, "namespace.user", DOCTOR_OK, "PrivateUsers="},
    {no_openat2, "call.openat2", DOCTOR_FAIL, "5.6"},
    {denied_fsopen, "call.fsopen", DOCTOR_FAIL, "filter around"},
    {no_close_range, "call.close_range", DOCTOR_OK, "5.9"},
    {no_filter, "seccomp", DOCTOR_FAIL, "CONFIG_SECCOMP_FILTER"},
    {few_actions, "seccomp", DOCTOR_WARN, "SeccompProfile="},
    {no_cgroups, "cgroup", DOCTOR_FAIL, "none mounted"},
    {cgroups_fail, "cgroup", DOCTOR_FAIL, "Input/output"},
    {no_controllers, "cgroup.memory", DOCTOR_WARN, "MemoryMax="},
    {no_controllers, "cgroup.io", DOCTOR_WARN, "IOWeight="},
    {v1_alone, "cgroup.devices", DOCTOR_FAIL, "DevicePolicy=auto"},
    {v1_alone, "cgroup.freezer", DOCTOR_WARN, "paused"},
    {v1_alone, "cgroup.clone", DOCTOR_OK, "themselves"},
    {no_bpf, "cgroup.devices", DOCTOR_FAIL, "CONFIG_CGROUP_BPF"},
    {no_swap, "cgroup.swap", DOCTOR_WARN, "swapaccount=1"},
    {links, "fs.protected_symlinks", DOCTOR_WARN, "sysctl"},
    {tiocsti, "dev.tty.legacy_tiocsti", DOCTOR_WARN, "sysctl"},
    {tiocsti_unknown, "dev.tty.legacy_tiocsti", DOCTOR_WARN, "not in this kernel"},
    {old_criu, "criu", DOCTOR_WARN, "criu check"},
    {new_criu, "criu", DOCTOR_OK, "4.1.1"},
    {tracking, "criu.pre-dump", DOCTOR_OK, "kernel tells"},
    {no_tracking, "criu.pre-dump", DOCTOR_OK, "no pre-dumps"},
    {no_init, "file.init", DOCTOR_FAIL, "No such file"},
    {foreign_init, "file.init", DOCTOR_FAIL, "uid 1000"},
    {writable_init, "file.init", DOCTOR_FAIL, "chmod go-w"},
    {dead_init, "file.init", DOCTOR_FAIL, "not executable"},
    {library_module, "file.module", DOCTOR_OK, ""},
    {read_only_run, "state", DOCTOR_FAIL, "read-only"},
    {no_state_yet, "state", DOCTOR_OK, "not there yet"},
    {open_state, "state", DOCTOR_FAIL, "0700"},
    {no_checkpoints_yet, "checkpoints", DOCTOR_OK, "not there yet"},
    {open_checkpoints, "checkpoints", DOCTOR_FAIL, "uid 1000"},
    {no_sodium, "libsodium", DOCTOR_OK, "not installed"},
    {no_sodium_for_criu, "libsodium", DOCTOR_WARN, "libsodium23"},
    {no_policy, "policy", DOCTOR_FAIL, "not there"},
    {broken_policy, "policy", DOCTOR_FAIL, "containerctl check"},
    {empty_policy, "policy", DOCTOR_WARN, "[Match NAME]"},
    {permissive, "policy", DOCTOR_WARN, "Mode=enforce"},
    {left_manager, "policy.systemd-user", DOCTOR_WARN, "[Match students] contains sshd"},
    {no_service, "pam", DOCTOR_WARN, "nobody is contained"},
    {auth_alone, "pam.sshd", DOCTOR_FAIL, "session required"},
    {optional_session, "pam.sshd", DOCTOR_FAIL, "gets in"},
    {session_in_the_middle, "pam.sshd", DOCTOR_WARN, "to the end"},
    {no_auth, "pam.sshd", DOCTOR_WARN, "auth optional"},
    {required_auth, "pam.sshd", DOCTOR_WARN, "auth optional"},
    {su_without_auth, "pam.su", DOCTOR_OK, "by join"},
    {shared_session, "pam.common-session", DOCTOR_OK, "every service"},
    {shared_optional, "pam.common-session", DOCTOR_FAIL, "gets in"},
    {a_user, "privilege", DOCTOR_WARN, "root"},
    {a_user, "cgroup.devices", DOCTOR_OK, "root alone"},
    {bad_name, "pam.a\\x1b[2J", DOCTOR_OK, "join"}, /* MUST-11 */
};

static void each_fault_is_found(void **state)
{
	struct doctor_report *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct doctor_facts f = healthy();
		const struct doctor_result *found;

		table[i].make(&f);
		doctor_decide(&f, r);
		found = find(r, table[i].check);
		if (!found)
			fail_msg("row %zu: no finding %s", i, table[i].check);
		assert_string_equal(doctor_status_name(found->status),
				    doctor_status_name(table[i].status));
		if (!strstr(found->detail, table[i].word) && !strstr(found->advice, table[i].word))
			fail_msg("row %zu: '%s', '%s'", i, found->detail, found->advice);
		/* whatever is wrong comes with a next step */
		assert_true(found->status == DOCTOR_OK || *found->advice);
	}
	free(r);
}

#define W(word) ((char[]){word})
#define LIST(...)                                                                                  \
	{                                                                                          \
		(char *[]){__VA_ARGS__, NULL}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)    \
	}
#define RULE(...)                                                                                  \
	{                                                                                          \
		.name = W("r"), .container = W("box"), __VA_ARGS__                                 \
	}
#define SSHD LIST(W("sshd"))
#define UNIT LIST(W("systemd-user"))
#define A    LIST(W("a"))
#define B    LIST(W("b"))

static const struct {
	struct match_rule rules[2];
	const char *service;
} managers[] = {
    {{RULE(.user = A)}, NULL},
    {{RULE(.service = SSHD)}, "sshd"},
    {{RULE(.service = LIST(W("sshd"), W("systemd-user")))}, NULL},
    {{RULE(.service = LIST(W("s*")))}, NULL},
    {{RULE(.service = LIST(W("!systemd-user")))}, "sshd"},
    {{RULE(.service = LIST(W("su")))}, NULL}, /* registers no session */
    {{RULE(.address = LIST(W("10.0.0.0/8")))}, "sshd"},
    {{RULE(.service = SSHD, .user = A), RULE(.service = UNIT, .user = A)}, NULL},
    {{RULE(.service = SSHD, .user = A), RULE(.service = UNIT, .user = B)}, "sshd"},
    {{RULE(.service = SSHD, .user = A), RULE(.service = UNIT)}, NULL},
    {{RULE(.service = SSHD), {.name = W("h"), .container = W("host")}}, "sshd"},
};

static void finds_managers_outside(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		struct policy p = {.rules = (struct match_rule *)managers[i].rules,
				   .n = managers[i].rules[1].name ? 2 : 1};
		const char *want = managers[i].service, *service = NULL;
		bool found = doctor_manager(&p, &service) != NULL;

		if (found != (want != NULL))
			fail_msg("row %zu: %s", i, service ? service : "none");
		if (found)
			assert_string_equal(service, want);
	}
}

static void counts(void **state)
{
	struct doctor_facts f = healthy();
	struct doctor_report *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	no_openat2(&f);
	no_init(&f);
	tiocsti(&f);
	doctor_decide(&f, r);
	assert_int_equal(r->failures, 2);
	assert_int_equal(r->warnings, 1);
	for (int i = 0; i < 2 * DOCTOR_RESULTS; i++)
		doctor_add(r, "x", DOCTOR_OK, NULL, "%s", "no room is no crash");
	assert_int_equal(r->n, DOCTOR_RESULTS);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_wrong),
	    cmocka_unit_test(each_fault_is_found),
	    cmocka_unit_test(finds_managers_outside),
	    cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

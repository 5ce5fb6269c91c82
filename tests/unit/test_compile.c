/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "child.h"
#include "cleanup.h"
#include "compile.h"
#include "probe.h"
#include "simulate.h"

/* An errno that the kernel has for none of the calls below: who returns it is the filter. */
enum { OURS = ENOANO };
enum { TRUTH = -1 }; /* what it is without a filter */

static struct spec *spec_of(const char *const settings[][2], size_t n)
{
	struct spec *s = spec_new();
	struct ctr_error err = {0};

	for (size_t i = 0; i < n && settings[i][0]; i++)
		if (spec_set(s, "Exec", settings[i][0], settings[i][1], &err) < 0)
			fail_msg("%s=%s: %s", settings[i][0], settings[i][1], err.text);
	return s;
}

/* The restrictions of up to two values of SystemCallFilter=; NULL: not given. */
static struct restrict_set *compile(const char *first, const char *second)
{
	const char *const settings[][2] = {
	    {"SystemCallErrorNumber", "55"},
	    {first ? "SystemCallFilter" : NULL, first},
	    {second ? "SystemCallFilter" : NULL, second},
	};
	autospec struct spec *s = spec_of(settings, ARRAY_SIZE(settings));
	struct restrict_set *set = calloc(1, sizeof(*set));
	struct ctr_error err = {0};

	if (restrict_compile(s, set, &err) < 0)
		fail_msg("%s", err.text);
	return set;
}

static const struct {
	struct probe p;
	int want;
} surface[] = {
    {{PROBE_NATIVE, SYS_mount, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_umount2, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_open_tree, -1, 0, -1}, OURS},
    {{PROBE_NATIVE, SYS_move_mount, -1, 0, -1}, OURS},
    {{PROBE_NATIVE, SYS_fsopen, 0, -1, 0}, OURS},
    {{PROBE_NATIVE, SYS_fsconfig, -1, -1, 0}, OURS},
    {{PROBE_NATIVE, SYS_fsmount, -1, -1, -1}, OURS},
    {{PROBE_NATIVE, SYS_fspick, -1, 0, -1}, OURS},
    {{PROBE_NATIVE, SYS_mount_setattr, -1, 0, -1}, OURS},
    {{PROBE_NATIVE, SYS_pivot_root, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_setns, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_bpf, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_perf_event_open, 0, 0, -1}, OURS},
    {{PROBE_NATIVE, SYS_userfaultfd, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_io_uring_setup, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_io_uring_enter, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_io_uring_register, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_keyctl, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_add_key, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_request_key, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_open_by_handle_at, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_fanotify_init, -1, -1, 0}, OURS},
    {{PROBE_NATIVE, SYS_kexec_load, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_kexec_file_load, -1, -1, 0}, OURS},
    {{PROBE_NATIVE, SYS_init_module, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_finit_module, -1, 0, -1}, OURS},
    {{PROBE_NATIVE, SYS_delete_module, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_reboot, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_swapon, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_swapoff, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_acct, 1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_quotactl, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_settimeofday, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_clock_settime, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_sethostname, 0, -1, 0}, OURS},
    {{PROBE_NATIVE, SYS_syslog, -1, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_vhangup, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_move_pages, 0, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_personality, 0x0400000, 0, 0}, OURS}, /* READ_IMPLIES_EXEC */
    {{PROBE_NATIVE, SYS_personality, 0x0100000, 0, 0}, OURS}, /* MMAP_PAGE_ZERO */
    {{PROBE_NATIVE, SYS_unshare, CLONE_NEWUSER, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_unshare, CLONE_NEWNS | CLONE_FS, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_unshare, 0x80, 0, 0}, OURS}, /* CLONE_NEWTIME */
    {{PROBE_NATIVE, SYS_clone, CLONE_NEWUSER | 17, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_clone, CLONE_NEWNET | CLONE_NEWUSER | 17, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_clone, CLONE_NEWUSER | 17 | 1UL << 40, 0, 0}, OURS},
    {{PROBE_NATIVE, SYS_clone3, 0, 0, 0}, ENOSYS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCSTI, 0}, OURS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCSTI | 1UL << 32, 0}, OURS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCSTI | 0xffffffffUL << 32, 0}, OURS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCLINUX, 0}, OURS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCLINUX | 1UL << 32, 0}, OURS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCCONS, 0}, OURS},
    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCSETD, 0}, OURS},
    /* SOCK_PACKET's type and an impossible one are refused otherwise by the kernel */
    {{PROBE_NATIVE, SYS_socket, AF_PACKET, 0xf, 0}, EAFNOSUPPORT},
    {{PROBE_NATIVE, SYS_socket, AF_PACKET | 1UL << 32, 0xf, 0}, EAFNOSUPPORT},
    {{PROBE_NATIVE, SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC}, EAFNOSUPPORT},
    {{PROBE_NATIVE, SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC | 1UL << 32}, EAFNOSUPPORT},
    {{PROBE_NATIVE, SYS_socketpair, AF_INET, SOCK_STREAM, 0}, EAFNOSUPPORT},
};

/* MUST-1: C5, C6 and C7 of the threats, denied by the default profile and not by the machine. */
static void denies_the_kernel_s_surface(void **state)
{
	autofree struct restrict_set *set = compile(NULL, NULL), *none = compile("", NULL);

	(void)state;
	assert_int_equal(none->filter_len, 0);
	for (size_t i = 0; i < ARRAY_SIZE(surface); i++) {
		int got = probe(set, &surface[i].p);

		if (got != surface[i].want)
			fail_msg("row %zu (call %ld): %d", i, surface[i].p.nr, got);
		/* the twin: without the filter it is something else */
		if (probe(none, &surface[i].p) == surface[i].want)
			fail_msg("row %zu (call %ld): the same without", i, surface[i].p.nr);
	}
}

/* The same through int $0x80; numbers are those of i386. */
static void denies_them_to_32_bit_code(void **state)
{
	static const struct {
		struct probe p;
		int want;
	} rows[] = {
	    {{PROBE_INT80, 21, 0, 0, 0}, OURS},			   /* mount */
	    {{PROBE_INT80, 52, 0, 0, 0}, OURS},			   /* umount2 */
	    {{PROBE_INT80, 346, 0xffffffff, 0, 0}, OURS},	   /* setns */
	    {{PROBE_INT80, 357, 0xffffffff, 0, 0}, OURS},	   /* bpf */
	    {{PROBE_INT80, 336, 0, 0, 0}, OURS},		   /* perf_event_open */
	    {{PROBE_INT80, 425, 0, 0, 0}, OURS},		   /* io_uring_setup */
	    {{PROBE_INT80, 374, 0xffffffff, 0, 0}, OURS},	   /* userfaultfd */
	    {{PROBE_INT80, 288, 0xffffffff, 0, 0}, OURS},	   /* keyctl */
	    {{PROBE_INT80, 113, 0, 0, 0}, OURS},		   /* vm86old */
	    {{PROBE_INT80, 136, 0x0400000, 0, 0}, OURS},	   /* personality */
	    {{PROBE_INT80, 310, CLONE_NEWUSER, 0, 0}, OURS},	   /* unshare */
	    {{PROBE_INT80, 120, CLONE_NEWUSER | 17, 0, 0}, OURS},  /* clone */
	    {{PROBE_INT80, 435, 0, 0, 0}, ENOSYS},		   /* clone3 */
	    {{PROBE_INT80, 54, 0xffffffff, TIOCSTI, 0}, OURS},	   /* ioctl */
	    {{PROBE_INT80, 54, 0xffffffff, TIOCLINUX, 0}, OURS},   /* ioctl */
	    {{PROBE_INT80, 359, AF_PACKET, 0xf, 0}, EAFNOSUPPORT}, /* socket */
	    {{PROBE_INT80, 102, 1, 0, 0}, EAFNOSUPPORT},	   /* socketcall(SYS_SOCKET) */
	    {{PROBE_INT80, 102, 8, 0, 0}, EAFNOSUPPORT},	   /* (SYS_SOCKETPAIR) */
	};
	static const struct probe allowed[] = {
	    {PROBE_INT80, 20, 0, 0, 0},			 /* getpid */
	    {PROBE_INT80, 359, AF_UNIX, SOCK_STREAM, 0}, /* socket */
	    {PROBE_INT80, 136, 0xffffffff, 0, 0},	 /* personality */
	    {PROBE_INT80, 120, 17, 0, 0},		 /* clone */
	};
	int (*ask)(const struct restrict_set *, const struct probe *) = NULL;
	autofree struct restrict_set *set = NULL, *none = NULL;

	(void)state;
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		skip(); /* which does not return, and frees nothing */
	set = compile(NULL, NULL);
	none = compile("", NULL);
	ask = probe_int80_works() ? probe : probe_simulate_int80;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got = ask(set, &rows[i].p);

		if (got != rows[i].want)
			fail_msg("row %zu (call %ld): %d", i, rows[i].p.nr, got);
		if (ask(none, &rows[i].p) == rows[i].want)
			fail_msg("row %zu (call %ld): the same without", i, rows[i].p.nr);
	}
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		assert_int_equal(ask(set, &allowed[i]), 0);
}

/* Where the kernel has no x32 the answer is the same without a filter: test_seccompfilter has more
 */
static void denies_x32(void **state)
{
	static const struct probe rows[] = {
	    {PROBE_X32, SYS_getpid, 0, 0, 0},
	    {PROBE_X32, SYS_mount, 0, 0, 0},
	    {PROBE_X32, 514, -1, TIOCSTI, 0}, /* ioctl of x32 */
	};
	static const char *const words[] = {NULL, "@known", ""};

	(void)state;
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		skip();
	for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
		autofree struct restrict_set *set = compile(words[k], words[k] ? "~ptrace" : NULL);

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			assert_int_equal(probe(set, &rows[i]), ENOSYS);
	}
}

static void leaves_logins_what_they_need(void **state)
{
	static const struct {
		struct probe p;
		int want;
	} rows[] = {
	    {{PROBE_NATIVE, SYS_getpid, 0, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_socket, AF_UNIX, SOCK_STREAM, 0}, 0},
	    {{PROBE_NATIVE, SYS_socket, AF_INET, SOCK_STREAM, 0}, 0},
	    {{PROBE_NATIVE, SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, 0},
	    {{PROBE_NATIVE, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0}, EFAULT},
	    {{PROBE_NATIVE, SYS_clone, 17, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_unshare, CLONE_FS | CLONE_FILES, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_ptrace, 0, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_personality, 0xffffffff, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_personality, 0x0040000, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_personality, 0x8, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCGWINSZ, 0}, EBADF},
	    {{PROBE_NATIVE, SYS_ioctl, -1, TIOCSCTTY, 0}, EBADF},
	    {{PROBE_NATIVE, SYS_process_vm_readv, 1 << 30, 0, 0}, 0},
	    {{PROBE_NATIVE, SYS_chroot, 0, 0, 0}, EFAULT},
	    {{PROBE_NATIVE, SYS_setgroups, -1, 0, 0}, -1},
	    {{PROBE_NATIVE, SYS_landlock_create_ruleset, 0, 0, 0}, -1},
	    {{PROBE_NATIVE, SYS_openat2, -1, 0, 0}, -1},
	    {{PROBE_NATIVE, SYS_pidfd_open, -1, 0, 0}, EINVAL},
	    {{PROBE_NATIVE, SYS_memfd_create, 0, 0, 0}, EFAULT},
	    {{PROBE_NATIVE, SYS_io_setup, 0, 0, 0}, -1},
	    {{PROBE_NATIVE, SYS_seccomp, -1, 0, 0}, EINVAL},
	    {{PROBE_NATIVE, SYS_adjtimex, 0, 0, 0}, EFAULT},
	};
	autofree struct restrict_set *set = compile(NULL, NULL), *none = compile("", NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got = probe(set, &rows[i].p);
		int want = rows[i].want < 0 ? probe(none, &rows[i].p) : rows[i].want;

		if (got != want || got == OURS)
			fail_msg("row %zu (call %ld): %d, not %d", i, rows[i].p.nr, got, want);
	}
}

static const struct probe getpid_p = {PROBE_NATIVE, SYS_getpid, 0, 0, 0},
			  mount_p = {PROBE_NATIVE, SYS_mount, 0, 0, 0},
			  ptrace_p = {PROBE_NATIVE, SYS_ptrace, 0, 0, 0},
			  keyctl_p = {PROBE_NATIVE, SYS_keyctl, -1, 0, 0},
			  add_key_p = {PROBE_NATIVE, SYS_add_key, 0, 0, 0},
			  sti_p = {PROBE_NATIVE, SYS_ioctl, -1, TIOCSTI, 0},
			  winsz_p = {PROBE_NATIVE, SYS_ioctl, -1, TIOCGWINSZ, 0},
			  unix_p = {PROBE_NATIVE, SYS_socket, AF_UNIX, SOCK_STREAM, 0},
			  generic_p = {PROBE_NATIVE, SYS_socket, AF_NETLINK, SOCK_RAW,
				       NETLINK_GENERIC},
			  open_p = {PROBE_NATIVE, SYS_openat, -1, 0, 0},
			  write_p = {PROBE_NATIVE, SYS_write, -1, 0, 0},
			  user_p = {PROBE_NATIVE, SYS_unshare, CLONE_NEWUSER, 0, 0},
			  setuid_p = {PROBE_NATIVE, SYS_setresuid, -1, -1, -1};

static const struct {
	const char *first, *second;
	const struct probe *p;
	int want;
} lists[] = {
    {NULL, NULL, &ptrace_p, 0},
    {"~ptrace", NULL, &ptrace_p, OURS},
    {"~ptrace", NULL, &mount_p, OURS}, /* on top of the default profile */
    {"~ptrace openat", NULL, &open_p, OURS},
    {"~ptrace", "openat", &open_p, EFAULT},
    {"~ptrace", "mount", &mount_p, TRUTH},
    {"~@ipc", "~@debug", &ptrace_p, OURS},
    {"", "~ptrace", &ptrace_p, OURS}, /* everything else */
    {"", "~ptrace", &mount_p, TRUTH},
    {"", "~ptrace", &sti_p, OURS},
    {"", "~ptrace", &user_p, OURS},
    {"@system-service", NULL, &getpid_p, 0},
    {"@system-service", NULL, &mount_p, OURS},
    {"@system-service", NULL, &ptrace_p, OURS},
    {"@system-service", NULL, &user_p, OURS},
    {"@system-service", NULL, &sti_p, OURS},
    {"@system-service", NULL, &winsz_p, EBADF},
    {"@system-service", "ptrace", &ptrace_p, 0},
    {"@login keyctl", NULL, &keyctl_p, TRUTH},
    {"@login keyctl", NULL, &add_key_p, OURS},
    {"@login socket", NULL, &generic_p, 0},
    {"@login @network-io", NULL, &generic_p, EAFNOSUPPORT},
    {"@login", "~socket", &unix_p, OURS},
    {"~socket", "socket", &generic_p, 0},
    {"@login unshare", NULL, &user_p, TRUTH},
    {"@login @mount", NULL, &mount_p, TRUTH},
    {"read", NULL, &getpid_p, 0}, /* @default and @enter are in every list */
    {"read", NULL, &setuid_p, 0},
    {"read", NULL, &open_p, OURS},
    {"read", NULL, &unix_p, OURS},
    {"read openat", NULL, &open_p, EFAULT},
    {"read openat", "~openat", &open_p, OURS},
    {"read", "~write", &write_p, OURS},
    {"@known", NULL, &mount_p, TRUTH},
    {"@known", "~@mount", &mount_p, OURS},
};

static void does_what_lists_say(void **state)
{
	autofree struct restrict_set *none = compile("", NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		autofree struct restrict_set *set = compile(lists[i].first, lists[i].second);
		int got = probe(set, lists[i].p);
		int want = lists[i].want == TRUTH ? probe(none, lists[i].p) : lists[i].want;

		if (got != want || (got == OURS) != (lists[i].want == OURS))
			fail_msg("row %zu: %d, not %d", i, got, want);
	}
}

/* Numbers that nobody knows yet, and the golden errno of a definition that says nothing. */
static void answers_enosys_to_the_future(void **state)
{
	static const struct {
		const char *first, *second;
		uint32_t want;
	} rows[] = {
	    {NULL, NULL, SECCOMP_RET_ERRNO | ENOSYS},
	    {"@system-service", NULL, SECCOMP_RET_ERRNO | ENOSYS},
	    {"@known", NULL, SECCOMP_RET_ERRNO | ENOSYS},
	    {"~ptrace", NULL, SECCOMP_RET_ERRNO | ENOSYS},
	    {"", "~ptrace", SECCOMP_RET_ALLOW},
	};
	autospec struct spec *s = spec_new();
	autofree struct restrict_set *plain = calloc(1, sizeof(*plain));
	struct seccomp_data d = {.arch = seccomp_arch_native(), .nr = 511};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree struct restrict_set *set = compile(rows[i].first, rows[i].second);

		assert_int_equal(simulate(set->filter, set->filter_len, &d), rows[i].want);
	}
	assert_int_equal(restrict_compile(s, plain, NULL), 0);
	assert_int_equal(probe(plain, &mount_p), EPERM);
	assert_in_range(plain->filter_len, 100, RESTRICT_FILTER_MAX / 4);
}

static int enter_narrow(void *arg, struct ctr_error *err)
{
	static const gid_t group = 12345;
	const struct restrict_user user = {65534, 65534, &group, 1, false};
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return restrict_become(arg, &user, self, err);
}

/* @enter is enough for what stands between the filter and the user's program. */
static void lets_in_through_a_narrow_list(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 2; i++) {
		autofree struct restrict_set *set = compile("lseek", NULL);
		struct ctr_error err = {0};

		set->no_new_privs = (uint8_t)i;
		if (child_run(enter_narrow, set, 5000, &err) < 0)
			fail_msg("%s", err.text);
	}
}

static void takes_over_the_rest(void **state)
{
	static const char *const settings[][2] = {
	    {"NoNewPrivileges", "no"},
	    {"OOMScoreAdjust", "-5"},
	    {"Nice", "7"},
	    {"UMask", "027"},
	    {"LimitNOFILE", "10:20"},
	    {"LimitCORE", "0"},
	    {"Environment", "A=1"},
	    {"Environment", "B=two words"},
	    {"Environment", "A=3"},
	    {"Environment", "AB="},
	    {"CapabilityBoundingSet", "CAP_KILL CAP_CHOWN"},
	    {"AmbientCapabilities", "CAP_KILL"},
	    {"SystemCallFilter", ""},
	};
	static const char env[] = "B=two words\0A=3\0AB=";
	autospec struct spec *s = spec_of(settings, ARRAY_SIZE(settings));
	autofree struct restrict_set *set = calloc(1, sizeof(*set));

	(void)state;
	assert_int_equal(restrict_compile(s, set, NULL), 0);
	assert_true(!set->no_new_privs && set->oom_set && set->nice_set && set->umask_set);
	assert_int_equal(set->oom_score_adjust, -5);
	assert_int_equal(set->nice, 7);
	assert_int_equal(set->umask, 027);
	assert_true(set->rlimit_set[RLIMIT_NOFILE] && set->rlimit_set[RLIMIT_CORE]);
	assert_false(set->rlimit_set[RLIMIT_NPROC]);
	assert_int_equal(set->rlimits[RLIMIT_NOFILE].rlim_cur, 10);
	assert_int_equal(set->rlimits[RLIMIT_NOFILE].rlim_max, 20);
	assert_int_equal(set->env_len, sizeof(env));
	assert_memory_equal(set->env, env, sizeof(env));
	assert_true(set->has_bounding && set->has_ambient && !set->has_permitted);
	assert_true(set->bounding == (1 << CAP_KILL | 1 << CAP_CHOWN));
	assert_true(set->ambient == 1 << CAP_KILL);
	assert_int_equal(set->filter_len, 0);
}

static const struct {
	const char *settings[2][2], *text;
} impossible[] = {
    {{{"AmbientCapabilities", "CAP_SYS_ADMIN"}}, "cap_sys_admin"},
    {{{"CapabilityInheritableSet", "CAP_BPF"}}, "CapabilityBoundingSet="},
    {{{"CapabilityPermittedSet", "CAP_KILL"}, {"CapabilityEffectiveSet", "CAP_CHOWN"}},
     "CapabilityPermittedSet="},
    {{{"SeccompProfile", "/nowhere/p.json"}}, "no such file"},
    {{{"SeccompProfile", "/etc/passwd"}}, "no JSON"},
    {{{"SeccompProfile", "/etc/passwd"}, {"SystemCallFilter", "read"}}, "exclude each"},
};

static void refuses_what_cannot_be(void **state)
{
	autospec struct spec *long_env = spec_new();
	autofree struct restrict_set *set = calloc(1, sizeof(*set));
	char value[170] = "A000=";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++) {
		autospec struct spec *s = spec_of(impossible[i].settings, 2);
		struct ctr_error err = {0};

		assert_true(restrict_compile(s, set, &err) < 0);
		assert_int_equal(err.code, CTR_E_CONFIG);
		if (!strstr(err.text, impossible[i].text))
			fail_msg("row %zu: %s", i, err.text);
	}
	memset(value + 5, 'x', sizeof(value) - 6);
	for (int i = 0; i < 25; i++) {
		value[1] = (char)('0' + i / 10);
		value[2] = (char)('0' + i % 10);
		assert_int_equal(spec_set(long_env, "Exec", "Environment", value, NULL), 0);
	}
	assert_int_equal(restrict_compile(long_env, set, NULL), -E2BIG);
}

static void for_one_process_within_all(void **state)
{
	static const char *const all_settings[][2] = {
	    {"CapabilityBoundingSet", "CAP_KILL CAP_CHOWN"}, {"LimitNOFILE", "10"}};
	static const char *const more[][2] = {{"CapabilityBoundingSet", "CAP_KILL CAP_BPF"}};
	autospec struct spec *all = spec_of(all_settings, 2), *spec = spec_of(all_settings, 2);
	autospec struct spec *wide = spec_of(more, 1);
	struct restrictone one = {0};
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(spec_set(spec, "Exec", "CapabilityBoundingSet", "~CAP_KILL", NULL), 0);
	assert_int_equal(spec_set(spec, "Exec", "LimitCORE", "1:2", NULL), 0);
	assert_int_equal(restrict_compile_one(spec, all, &one, NULL), 0);
	assert_true(one.caps[0].set && one.caps[0].mask == 1 << CAP_CHOWN && !one.caps[4].set);
	assert_true(one.rlimit_set[RLIMIT_NOFILE] && one.rlimits[RLIMIT_CORE].rlim_max == 2);
	assert_int_equal(restrict_compile_one(wide, all, &one, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cap_bpf"));
	assert_true(one.caps[0].mask == 1 << CAP_CHOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(denies_the_kernel_s_surface),
	    cmocka_unit_test(denies_them_to_32_bit_code),
	    cmocka_unit_test(denies_x32),
	    cmocka_unit_test(leaves_logins_what_they_need),
	    cmocka_unit_test(does_what_lists_say),
	    cmocka_unit_test(answers_enosys_to_the_future),
	    cmocka_unit_test(lets_in_through_a_narrow_list),
	    cmocka_unit_test(takes_over_the_rest),
	    cmocka_unit_test(refuses_what_cannot_be),
	    cmocka_unit_test(for_one_process_within_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "restrict.h"
#include "str.h"

#define BIT(c) (UINT64_C(1) << (c))
#define ALL    ((UINT64_C(2) << CAP_LAST_CAP) - 1)

enum { NOBODY = 65534 };

struct sets {
	struct restrict_set set;
	uid_t uid;
	uint64_t have;
	struct restrict_caps want;
};

static const struct sets decisions[] = {
    /* root: the bounding set, and what a definition says instead */
    {{.no_new_privs = 1}, 0, ALL, {ALL, ALL, 0, 0}},
    {{.has_bounding = 1, .bounding = BIT(5)}, 0, ALL, {BIT(5), BIT(5), 0, 0}},
    {{.has_bounding = 1, .bounding = 0}, 0, ALL, {0, 0, 0, 0}},
    {{.has_permitted = 1, .permitted = BIT(1)}, 0, ALL, {BIT(1), BIT(1), 0, 0}},
    {{.has_permitted = 1, .permitted = 0}, 0, ALL, {0, 0, 0, 0}},
    {{.has_effective = 1, .effective = BIT(2)}, 0, ALL, {ALL, BIT(2), 0, 0}},
    /* others: nothing, but what is given */
    {{.no_new_privs = 1}, 1000, ALL, {0, 0, 0, 0}},
    {{.has_bounding = 1, .bounding = ALL}, 1000, ALL, {0, 0, 0, 0}},
    {{.has_ambient = 1, .ambient = BIT(3)}, 1000, ALL, {BIT(3), BIT(3), BIT(3), BIT(3)}},
    {{.has_inheritable = 1, .inheritable = BIT(3)}, 1000, ALL, {BIT(3), BIT(3), BIT(3), 0}},
    {{.has_permitted = 1, .permitted = BIT(4), .has_effective = 1, .effective = 0},
     1000,
     ALL,
     {BIT(4), 0, 0, 0}},
    /* nothing beyond the bounding set, or beyond what there is */
    {{.has_bounding = 1, .bounding = BIT(1), .has_ambient = 1, .ambient = BIT(1) | BIT(2)},
     1000,
     ALL,
     {BIT(1), BIT(1), BIT(1), BIT(1)}},
    {{.has_bounding = 1, .bounding = BIT(1), .has_permitted = 1, .permitted = BIT(2)},
     0,
     ALL,
     {0, 0, 0, 0}},
    {{.has_ambient = 1, .ambient = BIT(1) | BIT(40)}, 7, BIT(1), {BIT(1), BIT(1), BIT(1), BIT(1)}},
};

static void decides_capabilities(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
		const struct restrict_caps *want = &decisions[i].want;
		struct restrict_caps got;

		restrict_caps(&decisions[i].set, decisions[i].uid, decisions[i].have, &got);
		if (memcmp(&got, want, sizeof(got)) != 0)
			fail_msg("row %zu: %lx %lx %lx %lx", i, got.permitted, got.effective,
				 got.inheritable, got.ambient);
	}
}

static const char status_text[] = "Name:\tx\nUmask:\t0022\nUid:\t1\t1\t1\t1\n"
				  "CapInh:\t0000000000000001\nCapPrm:\t0000000000000003\n"
				  "CapEff:\t0000000000000002\nCapBnd:\t00000000000000ff\n"
				  "CapAmb:\t0000000000000001\nNoNewPrivs:\t1\nSeccomp:\t2\n"
				  "Seccomp_filters:\t1\n";

static void reads_the_status(void **state)
{
	static const struct restrict_caps good = {3, 2, 1, 1}, bad[] = {
								   {1, 2, 1, 1},
								   {3, 3, 1, 1},
								   {3, 2, 0, 1},
								   {3, 2, 1, 0},
							       };
	struct restrict_set s = {
	    .has_bounding = 1, .bounding = 0x1ff, .no_new_privs = 1, .filter_len = 1};
	struct {
		const char *from, *to;
	} rows[] = {{"CapBnd:\t0", "CapBnd:\t1"},	  {"NoNewPrivs:\t1", "NoNewPrivs:\t0"},
		    {"NoNewPrivs:\t1", "NoOldPrivs:\t1"}, {"Seccomp:\t2", "Seccomp:\t0"},
		    {"Seccomp:\t2", "Seccomp:\t1"},	  {"CapEff:\t", "CapXff:\t"}};

	(void)state;
	assert_int_equal(restrict_verify(&s, &good, status_text, NULL), 0);
	assert_int_equal(restrict_verify(&s, NULL, status_text, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(restrict_verify(&s, &bad[i], status_text, NULL), -EPERM);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree char *text = strdup(status_text);
		struct ctr_error err = {0};

		memcpy(strstr(text, rows[i].from), rows[i].to, strlen(rows[i].to));
		assert_int_equal(restrict_verify(&s, &good, text, &err), -EPERM);
		assert_string_equal(err.stage, "verify");
	}
	assert_int_equal(restrict_verify(&s, NULL, "", NULL), -EPERM);
}

/* ---- for real, as root, in a child ---- */

struct plan {
	struct restrict_set set;
	bool join;
	struct restrict_caps want;
};

static int look(const struct plan *p, struct ctr_error *err)
{
	char text[8192];
	ssize_t n = fd_read_file_at(AT_FDCWD, "/proc/self/status", text, sizeof(text));

	if (n < 0)
		return err_sys(err, (int)n, "test", "read status");
	if (!p->join && (getuid() != NOBODY || getgid() != NOBODY || getgroups(0, NULL) != 1))
		return err_set(err, CTR_E_SYSTEM, EBADE, "test", "identity");
	if (!p->join && prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return err_set(err, CTR_E_SYSTEM, EBADE, "test", "keepcaps");
	return restrict_verify(&p->set, p->join ? NULL : &p->want, text, err);
}

static int become(void *arg, struct ctr_error *err)
{
	static const gid_t group = 12345;
	const struct restrict_user user = {NOBODY, NOBODY, &group, 1, false};
	struct plan *p = arg;
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = restrict_become(&p->set, p->join ? NULL : &user, self, err);

	return r < 0 ? r : look(p, err);
}

static void set_allow_all(struct restrict_set *s)
{
	s->filter[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U);
	s->filter_len = 1;
}

static void becomes_a_user(void **state)
{
	static const struct restrict_set sets[] = {
	    {.no_new_privs = 1, .has_bounding = 1, .bounding = BIT(CAP_KILL)},
	    {.no_new_privs = 0, .has_bounding = 1, .bounding = BIT(CAP_KILL)},
	    {.no_new_privs = 1, .has_ambient = 1, .ambient = BIT(CAP_KILL)},
	    {.no_new_privs = 0, .has_ambient = 1, .ambient = BIT(CAP_KILL)},
	    {.no_new_privs = 1, .has_inheritable = 1, .inheritable = BIT(CAP_CHOWN)},
	    {.no_new_privs = 1, .has_permitted = 1, .permitted = BIT(CAP_CHOWN)},
	    {.no_new_privs = 1, .has_bounding = 1},
	    {.no_new_privs = 0},
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < 2 * ARRAY_SIZE(sets); i++) {
		autofree struct plan *p = calloc(1, sizeof(*p));
		struct ctr_error err = {0};

		p->set = sets[i / 2];
		if (i % 2)
			set_allow_all(&p->set);
		restrict_caps(&p->set, NOBODY, ALL, &p->want);
		if (child_run(become, p, 5000, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
	}
}

/*
 * A filter may forbid what is needed to put on the other walls. It comes last, unless that takes a
 * capability which is gone by then.
 */
static void the_filter_comes_last(void **state)
{
	static const struct sock_filter no_capset[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capset, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (uint32_t privileges = 0; privileges < 2; privileges++) {
		autofree struct plan *p = calloc(1, sizeof(*p));
		struct ctr_error err = {0};
		int want = privileges ? 0 : -EPERM;

		p->set.no_new_privs = privileges;
		memcpy(p->set.filter, no_capset, sizeof(no_capset));
		p->set.filter_len = ARRAY_SIZE(no_capset);
		restrict_caps(&p->set, NOBODY, ALL, &p->want);
		if (child_run(become, p, 5000, &err) != want)
			fail_msg("no_new_privs %u: %s", privileges, err.text);
	}
}

/* What a caller happens to pass on by inheritable and ambient sets ends here (threat A4). */
static int join_tainted(void *arg, struct ctr_error *err)
{
	static const cap_value_t value = CAP_KILL;
	struct plan *p = arg;
	cap_t caps = cap_get_proc();
	char text[8192];
	int r;

	if (!caps || cap_set_flag(caps, CAP_INHERITABLE, 1, &value, CAP_SET) < 0 ||
	    cap_set_proc(caps) < 0 || cap_set_ambient(CAP_KILL, CAP_SET) < 0)
		return err_sys(err, errno, "test", "taint");
	(void)cap_free(caps);
	r = become(p, err);
	if (r == 0 && fd_read_file_at(AT_FDCWD, "/proc/self/status", text, sizeof(text)) < 0)
		r = err_set(err, CTR_E_SYSTEM, EBADE, "test", "status");
	if (r == 0 && (!strstr(text, "\nCapInh:\t0000000000000000\n") ||
		       !strstr(text, "\nCapAmb:\t0000000000000000\n")))
		r = err_set(err, CTR_E_SYSTEM, EBADE, "test", "inheritable or ambient is left");
	if (r == 0 && geteuid() != 0)
		r = err_set(err, CTR_E_SYSTEM, EBADE, "test", "identity changed");
	return r;
}

static void joins(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 4; i++) {
		autofree struct plan *p = calloc(1, sizeof(*p));
		struct ctr_error err = {0};

		p->join = true;
		p->set.has_bounding = 1;
		p->set.bounding = BIT(CAP_KILL) | BIT(CAP_SETUID);
		p->set.no_new_privs = i & 1;
		if (i & 2)
			set_allow_all(&p->set);
		if (child_run(join_tainted, p, 5000, &err) < 0)
			fail_msg("row %d: %s", i, err.text);
	}
}

/* A filter that cannot be installed is a failure, not a process without one. */
static void refuses_a_broken_filter(void **state)
{
	autofree struct plan *p = calloc(1, sizeof(*p));
	struct ctr_error err = {0};

	(void)state;
	if (geteuid() != 0)
		skip();
	p->set.no_new_privs = 1;
	set_allow_all(&p->set);
	p->set.filter[0].code = 0xffff;
	assert_int_equal(child_run(become, p, 5000, &err), -EINVAL);
	assert_non_null(strstr(err.text, "system call filter"));
}

/* ---- the blob ---- */

static void travels_as_a_sealed_blob(void **state)
{
	autofree struct restrict_set *set = calloc(1, sizeof(*set));
	autofree struct restrict_set *got = calloc(1, sizeof(*got));
	autofd int fd = -1;

	(void)state;
	set_allow_all(set);
	set->nice = 7;
	set->env_len = 4;
	memcpy(set->env, "A=1", 4);
	fd = restrict_store(set, NULL);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(restrict_load(fd, got, NULL), 0);
	assert_int_equal(got->nice, 7);
	assert_string_equal(got->env, "A=1");
	assert_int_equal(got->filter_len, 1);
	assert_int_equal(got->filter[0].k, 0x7fff0000);
	set->filter_len = RESTRICT_FILTER_MAX + 1;
	assert_int_equal(restrict_store(set, NULL), -EINVAL);
	set->filter_len = 0;
	set->env_len = sizeof(set->env) + 1;
	assert_int_equal(restrict_store(set, NULL), -EINVAL);
}

static void refuses_a_damaged_blob(void **state)
{
	static const struct {
		size_t offset, size; /* size: of the blob, 0: as it is */
	} rows[] = {
	    {offsetof(struct restrict_set, magic), 0},
	    {offsetof(struct restrict_set, version), 0},
	    {offsetof(struct restrict_set, filter_len), 0},
	    {offsetof(struct restrict_set, filter_len) + 3, 0},
	    {offsetof(struct restrict_set, env_len) + 2, 0},
	    {offsetof(struct restrict_set, env) + 3, 0},
	    {0, 1},
	    {0, offsetof(struct restrict_set, filter)},
	    {0, sizeof(struct restrict_set)},
	};
	autofree struct restrict_set *set = calloc(1, sizeof(*set));
	autofree struct restrict_set *got = calloc(1, sizeof(*got));
	const size_t whole = offsetof(struct restrict_set, filter) + sizeof(struct sock_filter);

	(void)state;
	set_allow_all(set);
	set->env_len = 4;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofd int good = restrict_store(set, NULL), fd = -1;

		memset(got, 0, sizeof(*got));
		assert_int_equal(pread(good, got, sizeof(*got), 0), whole);
		if (rows[i].size == 0)
			((char *)got)[rows[i].offset] ^= 0x55;
		fd = fd_memfd("test", got, rows[i].size ? rows[i].size : whole);
		assert_int_equal(restrict_load(fd, got, NULL), -EBADMSG);
	}
}

static void refuses_a_blob_that_can_change(void **state)
{
	autofree struct restrict_set *set = calloc(1, sizeof(*set));
	autofd int good = restrict_store(set, NULL), fd = memfd_create("test", MFD_CLOEXEC);
	char copy[offsetof(struct restrict_set, filter)];

	(void)state;
	assert_int_equal(pread(good, copy, sizeof(copy), 0), sizeof(copy));
	assert_int_equal(write(fd, copy, sizeof(copy)), sizeof(copy));
	assert_int_equal(restrict_load(good, set, NULL), 0);
	assert_int_equal(restrict_load(fd, set, NULL), -EBADMSG);
}

/* ---- limits ---- */

static int limit(void *arg, struct ctr_error *err)
{
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct restrict_set *s = arg;
	struct rlimit files, core;
	char score[16];
	int r;

	if (setrlimit(RLIMIT_CORE, &(struct rlimit){10, 10}) < 0)
		return err_sys(err, errno, "test", "setrlimit");
	r = restrict_limits(s, self, err);
	if (r < 0)
		return r;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || getrlimit(RLIMIT_CORE, &core) < 0 ||
	    fd_read_file_at(self, "oom_score_adj", score, sizeof(score)) < 0)
		return err_sys(err, errno, "test", "read back");
	if (files.rlim_cur != 20 || files.rlim_max != 30 || core.rlim_cur != 10 ||
	    core.rlim_max != 10 || umask(0) != 027 || getpriority(PRIO_PROCESS, 0) < 7 ||
	    strcmp(score, "900\n") != 0)
		return err_set(err, CTR_E_SYSTEM, EBADE, "test", "not as set");
	return 0;
}

/* Nobody's own lower limit is raised: core stays at 10. */
static void lowers_limits(void **state)
{
	autofree struct restrict_set *s = calloc(1, sizeof(*s));
	struct ctr_error err = {0};

	(void)state;
	s->rlimit_set[RLIMIT_NOFILE] = s->rlimit_set[RLIMIT_CORE] = 1;
	s->rlimits[RLIMIT_NOFILE] = (struct rlimit){20, 30};
	s->rlimits[RLIMIT_CORE] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	s->umask_set = s->nice_set = s->oom_set = 1;
	s->umask = 027;
	s->nice = 7;
	s->oom_score_adjust = 900;
	if (child_run(limit, s, 5000, &err) < 0)
		fail_msg("%s", err.text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decides_capabilities),
	    cmocka_unit_test(reads_the_status),
	    cmocka_unit_test(becomes_a_user),
	    cmocka_unit_test(the_filter_comes_last),
	    cmocka_unit_test(joins),
	    cmocka_unit_test(refuses_a_broken_filter),
	    cmocka_unit_test(travels_as_a_sealed_blob),
	    cmocka_unit_test(refuses_a_damaged_blob),
	    cmocka_unit_test(refuses_a_blob_that_can_change),
	    cmocka_unit_test(lowers_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

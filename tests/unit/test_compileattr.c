/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <unistd.h>

#include "cleanup.h"
#include "compileattr.h"

#define IO(class, level) ((class) << IOPRIO_CLASS_SHIFT | (level))

/** struct row - up to two settings of [Exec] and what comes of them */
struct row {
	const char *set[2][2];
	struct procattr want;
};

static const struct row rows[] = {
    {{{NULL}}, {.ngroups = 0}},
    {{{"CPUSchedulingPolicy", "inherit"}}, {.ngroups = 0}},
    {{{"CPUSchedulingPolicy", "other"}}, {.sched_set = 1, .sched_policy = SCHED_OTHER}},
    {{{"CPUSchedulingPolicy", "batch"}}, {.sched_set = 1, .sched_policy = SCHED_BATCH}},
    {{{"CPUSchedulingPolicy", "idle"}}, {.sched_set = 1, .sched_policy = SCHED_IDLE}},
    {{{"CPUSchedulingPolicy", "rr"}},
     {.sched_set = 1, .sched_policy = SCHED_RR, .sched_priority = 1}},
    {{{"CPUSchedulingPolicy", "fifo"}, {"CPUSchedulingPriority", "99"}},
     {.sched_set = 1, .sched_policy = SCHED_FIFO, .sched_priority = 99}},
    {{{"IOSchedulingPriority", "0"}}, {.io_set = 1, .io_priority = IO(IOPRIO_CLASS_BE, 0)}},
    {{{"IOSchedulingClass", "best-effort"}}, {.io_set = 1, .io_priority = IO(IOPRIO_CLASS_BE, 4)}},
    {{{"IOSchedulingClass", "realtime"}, {"IOSchedulingPriority", "7"}},
     {.io_set = 1, .io_priority = IO(IOPRIO_CLASS_RT, 7)}},
    {{{"IOSchedulingClass", "idle"}}, {.io_set = 1, .io_priority = IO(IOPRIO_CLASS_IDLE, 0)}},
    {{{"CPUAffinity", "0-2,64"}}, {.cpus_set = 1, .cpus = {7, 1}}},
    {{{"CPUAffinity", "8191"}}, {.cpus_set = 1, .cpus = {[127] = UINT64_C(1) << 63}}},
    {{{"Personality", "linux32"}}, {.personality_set = 1, .personality = PER_LINUX32}},
    {{{"Personality", "linux"}}, {.personality_set = 1, .personality = PER_LINUX}},
    {{{"SupplementaryGroups", "12345 root"}}, {.ngroups = 2, .groups = {12345, 0}}},
};

static int compile(const struct row *t, struct procattr *ret, struct ctr_error *err)
{
	autospec struct spec *s = spec_new();

	for (size_t i = 0; i < 2 && t->set[i][0]; i++)
		if (spec_set(s, "Exec", t->set[i][0], t->set[i][1], err) < 0)
			fail_msg("%s=%s: %s", t->set[i][0], t->set[i][1], err->text);
	return compileattr(s, ret, err);
}

static void turns_words_into_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct procattr got;
		struct ctr_error err = {0};

		memset(&got, 0, sizeof(got)); /* padding too: compared as bytes */
		if (compile(&rows[i], &got, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		if (memcmp(&got, &rows[i].want, sizeof(got)) != 0)
			fail_msg("row %zu", i);
	}
}

static void refuses_unknown_groups(void **state)
{
	static const struct row t = {{{"SupplementaryGroups", "no-such-group-here"}}, {0}};
	struct procattr got = {0};
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(compile(&t, &got, &err), -ENOENT);
	assert_int_equal(err.code, CTR_E_CONFIG);
	assert_non_null(strstr(err.text, "unknown group 'no-such-group-here'"));
}

static const struct {
	struct row row;
	const char *file, *name;
} labels[] = {
    {{{{"SELinuxContext", "a:b:c:s0"}}, {0}}, "/sys/fs/selinux/enforce", "SELinux"},
    {{{{"AppArmorProfile", "lab"}}, {0}}, "/sys/kernel/security/apparmor/profiles", "AppArmor"},
};

/* MUST-1: a label that nobody enforces is a missing wall. */
static void wants_the_lsm_of_a_label(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		struct procattr got = {0};
		struct ctr_error err = {0};
		int r = compile(&labels[i].row, &got, &err);

		if (access(labels[i].file, F_OK) == 0) {
			assert_int_equal(r, 0);
			assert_true(got.selinux[0] || got.apparmor[0]);
			continue;
		}
		assert_int_equal(r, -ENOTSUP);
		assert_int_equal(err.code, CTR_E_UNSUPPORTED);
		assert_non_null(strstr(err.text, labels[i].name));
		assert_true(!got.selinux[0] && !got.apparmor[0]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(turns_words_into_numbers),
	    cmocka_unit_test(refuses_unknown_groups),
	    cmocka_unit_test(wants_the_lsm_of_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

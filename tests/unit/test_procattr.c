/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "procattr.h"
#include "tree.h"

#define IO(class, level) ((class) << IOPRIO_CLASS_SHIFT | (level))

static const struct {
	gid_t have[3];
	size_t n;
	struct procattr a;
	gid_t want[5];
	size_t total;
} additions[] = {
    {{1, 2}, 2, {.ngroups = 0}, {1, 2}, 2},
    {{1, 2}, 2, {.ngroups = 2, .groups = {3, 2}}, {1, 2, 3}, 3},
    {{0}, 0, {.ngroups = 2, .groups = {7, 7}}, {7}, 1},
    {{5}, 1, {.ngroups = 1, .groups = {0}}, {5, 0}, 2},
};

static void adds_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(additions); i++) {
		gid_t got[PROCATTR_GROUPS + 3] = {0};

		assert_int_equal(
		    procattr_add_groups(&additions[i].a, additions[i].have, additions[i].n, got),
		    additions[i].total);
		assert_memory_equal(got, additions[i].want, additions[i].total * sizeof(*got));
	}
}

static void judges_what_was_read(void **state)
{
	struct procattr a = {.ngroups = PROCATTR_GROUPS};

	(void)state;
	assert_true(procattr_is_valid(&a));
	a.ngroups++;
	assert_false(procattr_is_valid(&a));
	a.ngroups = 0;
	memset(a.selinux, 'x', sizeof(a.selinux));
	assert_false(procattr_is_valid(&a));
	a.selinux[0] = '\0';
	memset(a.apparmor, 'x', sizeof(a.apparmor));
	assert_false(procattr_is_valid(&a));
}

static int apply(void *arg, struct ctr_error *err)
{
	return procattr_apply(arg, err);
}

/* Each changes a child of its own; it looks at itself, so a row that returns 0 has it. */
static void applies_to_this_process(void **state)
{
	static const struct {
		struct procattr a;
		int want;
	} t[] = {
	    {{.ngroups = 0}, 0},
	    {{.sched_set = 1, .sched_policy = SCHED_BATCH}, 0},
	    {{.sched_set = 1, .sched_policy = SCHED_IDLE}, 0},
	    {{.sched_set = 1, .sched_policy = SCHED_BATCH, .sched_priority = 5}, -EINVAL},
	    {{.sched_set = 1, .sched_policy = 77}, -EINVAL},
	    {{.io_set = 1, .io_priority = IO(IOPRIO_CLASS_BE, 6)}, 0},
	    {{.io_set = 1, .io_priority = IO(IOPRIO_CLASS_IDLE, 0)}, 0},
	    {{.io_set = 1, .io_priority = IO(6, 0)}, -EINVAL},
	    {{.personality_set = 1, .personality = PER_LINUX32}, 0},
	    {{.cpus_set = 1}, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct procattr a = t[i].a;
		struct ctr_error err = {0};

		if (child_run(apply, &a, 5000, &err) != t[i].want)
			fail_msg("row %zu: %s", i, err.text);
	}
}

static int take_one_cpu(void *arg, struct ctr_error *err)
{
	struct procattr *a = arg;
	cpu_set_t now;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(now), &now) < 0)
		return err_sys(err, errno, "test", "ask");
	while (!CPU_ISSET(cpu, &now))
		cpu++;
	a->cpus[cpu / 64] = UINT64_C(1) << (cpu % 64);
	a->cpus[ARRAY_SIZE(a->cpus) - 1] = UINT64_C(1) << 63; /* not there: left out */
	if (procattr_apply(a, err) < 0)
		return -EBADE;
	if (sched_getaffinity(0, sizeof(now), &now) < 0 || CPU_COUNT(&now) != 1)
		return err_set(err, CTR_E_SYSTEM, EBADE, "test", "%d CPUs", CPU_COUNT(&now));
	return 0;
}

static void takes_the_cpus_there_are(void **state)
{
	struct procattr a = {.cpus_set = 1};
	struct ctr_error err = {0};

	(void)state;
	if (child_run(take_one_cpu, &a, 5000, &err) < 0)
		fail_msg("%s", err.text);
}

/*
 * A folder in place of /proc/self: what is read there is what was written, less what a kernel would
 * do with it. So a context is taken, and one that the file keeps otherwise is not.
 */
static void reads_labels_back(void **state)
{
	static const struct {
		const char *before; /* NULL: no such file */
		struct procattr a;
		int want;
	} t[] = {
	    {"", {.selinux = "system_u:system_r:lab_t:s0"}, 0},
	    {"", {.ngroups = 0}, 0},
	    {NULL, {.selinux = "a:b:c"}, -ENOENT},
	    {"a:b:cd", {.selinux = "a:b:c"}, -EPERM},
	    {"unconfined", {.apparmor = "lab"}, -EPERM}, /* "exec lab" is no label */
	    {NULL, {.apparmor = "lab"}, -ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char top[] = "/tmp/test_procattr.XXXXXX";
		autofd int dir = -1, file = -1;
		struct ctr_error err = {0};
		int got;

		assert_non_null(mkdtemp(top));
		dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(mkdirat(dir, "attr", 0700), 0);
		if (t[i].before) {
			file = openat(dir, "attr/exec", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
			assert_int_equal(fd_write_all(file, t[i].before, strlen(t[i].before)), 0);
		}
		got = procattr_label(&t[i].a, dir, false, &err);
		assert_int_equal(tree_remove(AT_FDCWD, top, NULL), 0);
		if (got != t[i].want)
			fail_msg("row %zu: %d %s", i, got, err.text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(adds_groups),
	    cmocka_unit_test(judges_what_was_read),
	    cmocka_unit_test(applies_to_this_process),
	    cmocka_unit_test(takes_the_cpus_there_are),
	    cmocka_unit_test(reads_labels_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

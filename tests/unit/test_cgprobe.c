/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgprobe.h"

#define TMPFS "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
#define CPU   "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
#define PIDS  "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
#define NAMED "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
#define V2    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

static const struct {
	const char *text;
	int layout;
	size_t n;
	const char *mount0, *controllers0;
} table[] = {
    {"", CG_NONE, 0, "", ""},
    {TMPFS, CG_NONE, 0, "", ""},
    {TMPFS CPU PIDS NAMED V2, CG_HYBRID, 3, "/sys/fs/cgroup/cpu", "cpu"},
    {TMPFS CPU PIDS NAMED, CG_V1, 2, "/sys/fs/cgroup/cpu", "cpu"},
    {NAMED, CG_NONE, 0, "", ""}, /* not ours */
    {"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 "
     "rw,nsdelegate,memory_recursiveprot\n",
     CG_V2, 1, "/sys/fs/cgroup", ""},
    {"33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 master:2 - cgroup cgroup "
     "rw,cpu,cpuacct\n",
     CG_V1, 1, "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"},
    /* options that are no controllers, in the way of other machines */
    {"33 31 0:30 / /m rw - cgroup cgroup rw,seclabel,cpuset,clone_children,"
     "release_agent=/sbin/a,b,noprefix\n",
     CG_V1, 1, "/m", "cpuset,b"},
    /* the same hierarchy twice; a part of one; another file system whose name is a lure */
    {CPU "50 31 0:29 / /mnt/cpu rw - cgroup cgroup rw,cpu\n", CG_V1, 1, "/sys/fs/cgroup/cpu",
     "cpu"},
    {"33 31 0:30 /docker/x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", CG_NONE, 0, "", ""},
    {"33 31 0:30 / /cgroup rw - tmpfs cgroup rw,cpu\n", CG_NONE, 0, "", ""},
    {"33 31 0:30 / /a\\040b rw - cgroup cgroup rw,pids\n", CG_V1, 1, "/a b", "pids"},
    /* torn lines are passed over */
    {"33 31 0:30\n" CPU "garbage\n\n", CG_V1, 1, "/sys/fs/cgroup/cpu", "cpu"},
    {"33 31 0:30 / /m rw - cgroup\n", CG_NONE, 0, "", ""},
};

static void reads_mountinfo(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct cg_facts f;

		assert_int_equal(cgprobe_parse(table[i].text, &f), 0);
		assert_int_equal(f.layout, table[i].layout);
		assert_int_equal(f.n, table[i].n);
		assert_string_equal(f.h[0].mount, table[i].mount0);
		assert_string_equal(f.h[0].controllers, table[i].controllers0);
	}
}

static void refuses_what_does_not_fit(void **state)
{
	struct cg_facts f = {.layout = 77};
	char text[8192] = "", path[256];

	(void)state;
	for (int i = 0; i < CG_HIERARCHIES + 1; i++)
		assert_int_equal(str_format(text + strlen(text), sizeof(text) - strlen(text),
					    "3 3 0:%d / /c%d rw - cgroup cgroup rw,c%d\n", i, i, i),
				 0);
	assert_int_equal(cgprobe_parse(text, &f), -E2BIG);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(
	    str_format(text, sizeof(text), "3 3 0:1 / /%s rw - cgroup cgroup rw,cpu\n", path), 0);
	assert_int_equal(cgprobe_parse(text, &f), -ENAMETOOLONG);
	assert_int_equal(f.layout, 77); /* untouched */
}

static void passes_over_long_lines(void **state)
{
	static char text[70000];
	struct cg_facts f;

	(void)state;
	memset(text, 'o', 65000); /* an overlay of a hundred layers */
	text[65000] = '\n';
	assert_int_equal(str_copy(text + 65001, sizeof(text) - 65001, PIDS), 0);
	assert_int_equal(cgprobe_parse(text, &f), 0);
	assert_int_equal(f.n, 1);
}

static void finds_controllers(void **state)
{
	static const struct {
		const char *text, *v1, *v2;
		int i; /* -1: none */
	} t[] = {
	    {CPU PIDS V2, "pids", "pids", 1}, {CPU PIDS V2, "pid", "pid", -1},
	    {CPU PIDS V2, "cpu", NULL, 0},    {CPU PIDS V2, NULL, "cpu", -1},
	    {CPU V2, "blkio", "io", -1},
	};
	struct cg_facts f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(cgprobe_parse(t[i].text, &f), 0);
		assert_ptr_equal(cgprobe_find(&f, t[i].v1, t[i].v2),
				 t[i].i < 0 ? NULL : &f.h[t[i].i]);
	}
	assert_int_equal(cgprobe_parse(CPU V2, &f), 0);
	assert_int_equal(str_copy(f.h[1].controllers, sizeof(f.h[1].controllers), "io,memory"), 0);
	assert_ptr_equal(cgprobe_find(&f, "blkio", "io"), &f.h[1]);
}

static void knows_which_trees_hold_processes(void **state)
{
	static const struct {
		const char *text, *v2; /* its controllers */
		bool holds;	       /* the last hierarchy */
	} t[] = {
	    {CPU, "cpu", true},		{CPU V2, "", false},	  {V2, "", true},
	    {CPU V2, "hugetlb", false}, {CPU V2, "memory", true}, {V2, "memory,pids", true},
	};
	struct cg_facts f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cg_hierarchy *h;

		assert_int_equal(cgprobe_parse(t[i].text, &f), 0);
		h = &f.h[f.n - 1];
		assert_int_equal(str_copy(h->controllers, sizeof(h->controllers), t[i].v2), 0);
		assert_int_equal(cgprobe_holds(&f, h), t[i].holds);
	}
}

static void reads_this_machine(void **state)
{
	struct cg_facts f = {.layout = -1};

	(void)state;
	assert_int_equal(cg_probe(&f, NULL), 0);
	assert_in_range(f.layout, CG_NONE, CG_V2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_mountinfo),
	    cmocka_unit_test(refuses_what_does_not_fit),
	    cmocka_unit_test(passes_over_long_lines),
	    cmocka_unit_test(finds_controllers),
	    cmocka_unit_test(knows_which_trees_hold_processes),
	    cmocka_unit_test(reads_this_machine),
	};

	return cmocka_run_group_tests_name("cgprobe", tests, NULL, NULL);
}

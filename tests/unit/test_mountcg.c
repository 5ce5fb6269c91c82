/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "mountcg.h"

/** struct row - a text of /proc/self/cgroup, and the hierarchies that a container shows of it */
struct row {
	const char *text;
	int n;
	bool unified;
	struct mountcg_line want[3];
};

static const struct row rows[] = {
    {"0::/pam_container/a-1\n", 1, true, {{"unified", ""}}},
    {"0::/container.slice/container-a-1.scope\n", 1, true, {{"unified", ""}}},
    {"4:memory:/pam_container/a-1\n3:cpu,cpuacct:/pam_container/a-1\n0::/pam_container/a-1\n",
     3,
     false,
     {{"memory", "memory"}, {"cpu,cpuacct", "cpu,cpuacct"}, {"unified", ""}}},
    /* where it has no group of its own it would see the host's */
    {"9:name=systemd:/\n4:memory:/x/pam_container/a-1\n0::/\n", 1, false, {{"memory", "memory"}}},
    {"9:name=systemd:/pam_container/a-1\n", 1, false, {{"systemd", "none,name=systemd"}}},
    {"4:memory:/pam_container/a-12\n", 0, false, {{"", ""}}},
    {"4:memory:/pam_container/a-1/below\n", 0, false, {{"", ""}}},
    {"rubbish\n", -EBADMSG, false, {{"", ""}}},
    {"1:a:/pam_container/a-1\n2:b:/pam_container/a-1\n3:c:/pam_container/a-1\n"
     "4:d:/pam_container/a-1\n",
     -E2BIG,
     false,
     {{"", ""}}},
};

static void reads_the_hierarchies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mountcg_line got[3];
		bool unified = false;
		int n = mountcg_read(rows[i].text, "pam_container/a-1", got, 3, &unified);

		if (n != rows[i].n || (n >= 0 && unified != rows[i].unified))
			fail_msg("row %zu: %d", i, n);
		for (int k = 0; k < n; k++) {
			assert_string_equal(got[k].name, rows[i].want[k].name);
			assert_string_equal(got[k].data, rows[i].want[k].data);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_hierarchies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

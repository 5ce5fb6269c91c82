/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cggroup.h"

static void names_missing_controllers(void **state)
{
	static const struct {
		const char *have, *enabled, *missing;
	} t[] = {
	    {"", "", ""},
	    {"cpuset,cpu,io,memory,hugetlb,pids,rdma", "",
	     "+cpuset +cpu +io +memory +pids +hugetlb +rdma"},
	    {"cpu,memory,pids", "cpu,memory,pids", ""},
	    {"cpu,memory,pids", "memory", "+cpu +pids"},
	    {"misc,perf_event", "", ""},
	    {"cpuset", "cpu", "+cpuset"},
	};
	char text[128], small[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(cggroup_missing(t[i].have, t[i].enabled, text, sizeof(text)), 0);
		assert_string_equal(text, t[i].missing);
	}
	assert_int_equal(cggroup_missing("cpu,memory", "", small, sizeof(small)), -ENAMETOOLONG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(names_missing_controllers)};

	return cmocka_run_group_tests_name("cggroup", tests, NULL, NULL);
}

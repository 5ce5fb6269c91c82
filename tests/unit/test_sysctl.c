/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sched.h>

#include "sysctl.h"

static void allows_what_is_the_containers_own(void **state)
{
	static const struct {
		const char *name;
		uint64_t spaces;
		bool want;
	} t[] = {
	    {"kernel.shmmax", CLONE_NEWIPC, true},
	    {"kernel.shmmax", CLONE_NEWNET | CLONE_NEWUTS, false},
	    {"kernel.shmmaxx", CLONE_NEWIPC, false},
	    {"kernel.shmma", CLONE_NEWIPC, false},
	    {"fs.mqueue.msg_max", CLONE_NEWIPC, true},
	    {"fs.mqueue", CLONE_NEWIPC, false},
	    {"fs.file-max", CLONE_NEWIPC, false},
	    {"net.ipv4.ip_forward", CLONE_NEWNET, true},
	    {"net.ipv4.ip_forward", CLONE_NEWIPC, false},
	    {"netx", CLONE_NEWNET, false},
	    {"kernel.domainname", CLONE_NEWUTS, true},
	    {"kernel.core_pattern", CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS, false},
	    {"net/../kernel/core_pattern", CLONE_NEWNET, false},
	    {"net...kernel.core_pattern", CLONE_NEWNET, false},
	    {"", CLONE_NEWNET, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(sysctl_is_allowed(t[i].name, t[i].spaces), t[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allows_what_is_the_containers_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "load.h"

/* Definitions, and what is said against them; NULL: nothing */
static const struct {
	const char *text, *why;
} rows[] = {
    {"[Exec]\nHostname=a\nDomainName=b.c\n", NULL},
    {"[Container]\nNamespaces=mount pid\n[Exec]\nHostname=a\n", "Hostname= needs uts"},
    {"[Container]\nNamespaces=mount pid ipc\n[Exec]\nDomainName=a\n", "DomainName= needs uts"},
    {"[Exec]\nPrivateUsers=identity\nHostname=a\n", NULL},
    {"[Container]\nInit=none\nTimeoutStopSec=5\n[Exec]\nPrivateUsers=pick\n", NULL},
    {"[Container]\nInit=container-init\nLinger=5\n", NULL},
    {"[Container]\nInit=none\nLinger=5\n", "Init=none is for"},
    {"[Container]\nInit=none\nOnDisconnect=keep\n", "Init=none is for"},
    {"[Container]\nInit=none\nReattach=no\n", "Init=none is for"},
    {"[Container]\nInit=none\nAttachments=shared\n", "Init=none is for"},
    {"[Container]\nInit=none\n[Checkpoint]\nOnLogout=yes\n", "Init=none is for"},
    {"[Container]\nInit=none\n[Resources]\nCgroup=inherit\n", "not Cgroup=inherit"},
    /* MUST-6: what enters is the host's until it executes */
    {"[Container]\nInit=none\n[Exec]\nCapabilityBoundingSet=CAP_SYS_PTRACE\n", "PrivateUsers="},
    {"[Container]\nInit=none\n[Exec]\nCapabilityBoundingSet=~CAP_CHOWN\n", NULL},
    {"[Container]\nInit=none\n[Exec]\nPrivateUsers=identity\n"
     "CapabilityBoundingSet=CAP_SYS_PTRACE\n",
     NULL},
    {"[Container]\nOnDisconnect=checkpoint\n[Exec]\nPrivateUsers=identity\n", "checkpoints"},
    {"[Exec]\nPrivateUsers=100000:65536\n[Checkpoint]\nOnLogout=yes\n", "checkpoints"},
    {"[Exec]\nPrivateUsers=100000:65536\n[Files]\nProtectProc=ptraceable\n", "ProtectProc="},
    {"[Exec]\nPrivateUsers=identity\nNice=-1\n", "Nice="},
    {"[Exec]\nPrivateUsers=identity\nNice=0\nOOMScoreAdjust=0\n", NULL},
    {"[Exec]\nPrivateUsers=pick\nOOMScoreAdjust=-1\n", "OOMScoreAdjust="},
    {"[Exec]\nPrivateUsers=pick\nCPUSchedulingPolicy=rr\n", "realtime"},
    {"[Exec]\nPrivateUsers=pick\nIOSchedulingClass=realtime\n", "realtime"},
    {"[Exec]\nPrivateUsers=identity\n[Files]\nProtectProc=ptraceable\n", NULL},
    {"[Exec]\nCPUSchedulingPriority=5\n", "CPUSchedulingPriority= needs"},
    {"[Exec]\nCPUSchedulingPolicy=batch\nCPUSchedulingPriority=5\n",
     "CPUSchedulingPriority= needs"},
    {"[Exec]\nCPUSchedulingPolicy=rr\nCPUSchedulingPriority=5\n", NULL},
    {"[Exec]\nIOSchedulingClass=idle\nIOSchedulingPriority=5\n", "means nothing"},
    {"[Files]\nMount=x /sys/fs/cgroup cgroup\n", NULL},
    {"[Container]\nNamespaces=mount pid ipc uts\n[Files]\nMount=x /c cgroup\n",
     "needs cgroup among"},
    {"[Files]\nMount=x /c cgroup\n[Resources]\nCgroup=inherit\n", "shows the caller's"},
    {"[Resources]\nCgroup=inherit\nDeviceDeny=/dev/zero r\n", "cannot be set with"},
    {"[Exec]\nPrivateUsers=pick\n[Container]\nJoinNamespaces=cgroup:/run/x\n",
     "can not be together"},
    {"[Files]\nVolatile=overlay\n[Hooks]\nStartContainer=/bin/true\n", "written from inside"},
    {"[Files]\nRootDirectory=/srv\n[Hooks]\nStartContainer=/bin/true\n", "written from inside"},
    {"[Files]\nRootDirectory=/srv\nReadOnly=yes\n[Hooks]\nStartContainer=/bin/true\n", NULL},
    {"[Container]\nNamespaces=mount pid\n[Files]\nMount=x /c mqueue\n", "needs ipc among"},
    {"[Exec]\nIOSchedulingClass=realtime\nIOSchedulingPriority=5\n", NULL},
};

static void finds_what_can_not_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autospec struct spec *s = NULL;
		struct ctr_error err = {0};
		int r = load_definition_text("t", rows[i].text, NULL, &s, &err);

		if (r != (rows[i].why ? -EINVAL : 0) ||
		    (rows[i].why && !strstr(err.text, rows[i].why)))
			fail_msg("row %zu: %d %s", i, r, err.text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_can_not_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysguard.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "attr.h"

/* setns(2) has no flags for it; CLONE_NEWTIME is a signal number in clone(2) and works in
 * unshare(2) */
#define NEW_NAMESPACES                                                                             \
	((uint64_t)CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |   \
	 CLONE_NEWPID | CLONE_NEWNET)
#define NEW_TIME 0x80

/* The kernel takes these arguments as int: bits above 31 are not looked at, and must not hide it.
 */
#define INT_IS(n, v)                                                                               \
	{                                                                                          \
		.arg = (n), .op = BPFPROG_MASKED_EQ, .value = (v), .mask = UINT32_MAX              \
	}
#define WITHOUT(n, bits)                                                                           \
	{                                                                                          \
		.arg = (n), .op = BPFPROG_MASKED_EQ, .value = 0, .mask = (bits)                    \
	}

enum { ALLOW = 0, DENY = -1 };
/* PER_LINUX and PER_LINUX32 with or without these are what setarch(8), gdb and sanitizers use */
#define PERSONA_BITS (PER_LINUX32 | UNAME26 | ADDR_NO_RANDOMIZE)

/*
 * Rules of one call stand together; the first that holds decides, `otherwise` when none does.
 * Results are ALLOW, DENY (the definition's errno) or an errno.
 */
static const struct guard {
	const char *name;
	int result, otherwise;
	size_t n;
	struct bpfprog_cond conds[2];
} guards[] = {
    {"clone", ALLOW, DENY, 1, {WITHOUT(0, NEW_NAMESPACES)}},
    {"unshare", ALLOW, DENY, 1, {WITHOUT(0, NEW_NAMESPACES | NEW_TIME)}},
    /* flags are in memory, out of reach; libc falls back to clone(2) */
    {"clone3", ENOSYS, ENOSYS, 0, {{0}}},
    /* input stuffed into the terminal of another program, and line disciplines of drivers */
    {"ioctl", DENY, ALLOW, 1, {INT_IS(1, TIOCSTI)}},
    {"ioctl", DENY, ALLOW, 1, {INT_IS(1, TIOCLINUX)}},
    {"ioctl", DENY, ALLOW, 1, {INT_IS(1, TIOCCONS)}},
    {"ioctl", DENY, ALLOW, 1, {INT_IS(1, TIOCSETD)}},
    {"personality", ALLOW, DENY, 1, {INT_IS(0, 0xffffffff)}},
    {"personality", ALLOW, DENY, 1, {WITHOUT(0, UINT32_MAX & ~(uint64_t)PERSONA_BITS)}},
    {"socket", ALLOW, EAFNOSUPPORT, 1, {INT_IS(0, AF_UNIX)}},
    {"socket", ALLOW, EAFNOSUPPORT, 1, {INT_IS(0, AF_INET)}},
    {"socket", ALLOW, EAFNOSUPPORT, 1, {INT_IS(0, AF_INET6)}},
    /* getifaddrs(3); su and login write audit records */
    {"socket", ALLOW, EAFNOSUPPORT, 2, {INT_IS(0, AF_NETLINK), INT_IS(2, NETLINK_ROUTE)}},
    {"socket", ALLOW, EAFNOSUPPORT, 2, {INT_IS(0, AF_NETLINK), INT_IS(2, NETLINK_AUDIT)}},
    {"socketpair", ALLOW, EAFNOSUPPORT, 1, {INT_IS(0, AF_UNIX)}},
    /* 32-bit programs: the family is in memory, out of reach */
    {"socketcall", EAFNOSUPPORT, ALLOW, 1, {INT_IS(0, SYS_SOCKET)}},
    {"socketcall", EAFNOSUPPORT, ALLOW, 1, {INT_IS(0, SYS_SOCKETPAIR)}},
};

const char *sysguard_name(unsigned int i)
{
	return i < ARRAY_SIZE(guards) ? guards[i].name : NULL;
}

static uint32_t action(int result, uint32_t denied)
{
	if (result == ALLOW)
		return SECCOMP_RET_ALLOW;
	return result == DENY ? denied : SECCOMP_RET_ERRNO | (uint32_t)result;
}

int sysguard_add(unsigned int i, struct seccompfilter *f, uint32_t denied)
{
	const struct guard *g = &guards[i];
	struct seccompfilter_rule rule = {.action = action(g->result, denied), .n = g->n};
	bool first = i == 0 || strcmp(guards[i - 1].name, g->name) != 0;
	int r = first ? seccompfilter_set(f, g->name, action(g->otherwise, denied)) : 0;

	for (size_t k = 0; k < g->n; k++)
		rule.conds[k] = g->conds[k];
	return r < 0 ? r : seccompfilter_when(f, g->name, &rule);
}

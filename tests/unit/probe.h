/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "restrict.h"
#include "simulate.h"
#include "sys.h"

/* System calls made for real under a filter, in a child that ends with the answer. */

enum probe_abi { PROBE_NATIVE, PROBE_X32, PROBE_INT80 };

/** struct probe - a call and its first three arguments */
struct probe {
	int abi; /* enum probe_abi */
	long nr;
	unsigned long a, b, c;
};

enum { PROBE_KILLED = -1, PROBE_BROKEN = -2 };

/*
 * long f(int nr, int a, int b, int c): int $0x80 with the registers of i386. As bytes, as other
 * machines' assemblers do not know it.
 */
static const unsigned char probe_int80[] = {0x53, 0x89, 0xf8, 0x89, 0xf3, 0x87, 0xca,
					    0xcd, 0x80, 0x48, 0x98, 0x5b, 0xc3};

static inline long probe_call(const struct probe *p)
{
	void *code = NULL;
	long (*f)(long, unsigned long, unsigned long, unsigned long);
	long r;

	if (p->abi != PROBE_INT80) {
		r = syscall(p->abi == PROBE_X32 ? p->nr | 0x40000000 : p->nr, p->a, p->b, p->c, 0,
			    0, 0);
		return r < 0 ? errno : 0;
	}
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (code == MAP_FAILED)
		_exit(255);
	memcpy(code, probe_int80, sizeof(probe_int80));
	memcpy(&f, &code, sizeof(f));
	r = f(p->nr, p->a, p->b, p->c);
	return r < 0 && r > -4096 ? -r : 0;
}

/** probe - errno of the call under the filter of the set, 0, PROBE_KILLED by signal, PROBE_BROKEN
 */
static inline int probe(const struct restrict_set *set, const struct probe *p)
{
	struct sock_fprog prog = {(unsigned short)set->filter_len,
				  (struct sock_filter *)set->filter};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		pid_t self = getpid();

		(void)setsid(); /* vhangup(2) must not meet the tester's terminal */
		/* cmocka's would fail the test and go on with it, in here */
		(void)signal(SIGSEGV, SIG_DFL);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    (set->filter_len && sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog) < 0))
			_exit(255);
		status = (int)probe_call(p);
		/*
		 * getpid: the child of a clone that was let through. As a plain system call:
		 * sanitizers do more before a function that does not return than narrow lists allow
		 */
		(void)syscall(SYS_exit_group, getpid() == self ? status : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return PROBE_BROKEN;
	if (WIFSIGNALED(status))
		return PROBE_KILLED;
	return WEXITSTATUS(status) == 255 ? PROBE_BROKEN : WEXITSTATUS(status);
}

static inline bool probe_int80_works(void)
{
	static const struct restrict_set none;
	const struct probe getpid_i386 = {PROBE_INT80, 20, 0, 0, 0};

	return probe(&none, &getpid_i386) == 0;
}

/** probe_simulate_int80 - where no 32-bit call reaches the kernel: what the filter says of it */
static inline int probe_simulate_int80(const struct restrict_set *set, const struct probe *p)
{
	const struct seccomp_data d = {
	    .arch = AUDIT_ARCH_I386,
	    .nr = (int)p->nr,
	    .args = {(uint32_t)p->a, (uint32_t)p->b, (uint32_t)p->c},
	};
	uint32_t said =
	    set->filter_len ? simulate(set->filter, set->filter_len, &d) : SECCOMP_RET_ALLOW;

	if (said == SECCOMP_RET_ALLOW)
		return 0;
	return (said & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
		   ? (int)(said & SECCOMP_RET_DATA)
		   : PROBE_KILLED;
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WITNESS_H
#define WITNESS_H

#include "unit.h"

#include <signal.h>
#include <sys/resource.h>

/* What a caller of PAM owns and MUST-3 promises to leave alone. */

enum { WITNESS_FDS = 256, WITNESS_SIGNALS = 65 };

/** struct witness - the state of this process at one time */
struct witness {
	sigset_t mask;
	struct sigaction actions[WITNESS_SIGNALS];
	char fds[WITNESS_FDS][80]; /* what each descriptor points to, and its flags */
	unsigned int umask;
	char cwd[256];
	uint64_t environment; /* hash of the pointers and texts */
	char status[1024];    /* Cap*, NoNewPrivs, Seccomp, Groups, Threads ... */
	struct rlimit limits[RLIM_NLIMITS];
	int nice;
	char namespaces[640];
	char cgroups[4096];
	int subreaper, dumpable;
};

/** witness_take - look at this process */
void witness_take(struct witness *w);

/** witness_assert_same - fail the test where two differ */
void witness_assert_same(const struct witness *before, const struct witness *after);

/**
 * witness_assert_childless - no child is there to be waited for, not even by __WALL
 *
 * login waits for any child and would take a helper of ours for the user's shell.
 */
void witness_assert_childless(void);

#endif

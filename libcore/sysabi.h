/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYSABI_H
#define SYSABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"

/*
 * The system call ABIs that this machine's kernel takes: its own, and the 32-bit one beside it.
 * Names and numbers are libseccomp's. x32 is none of them: nothing may be called by it.
 */

enum { SYSABI_MAX = 2, SYSABI_NUMBERS = 512, SYSABI_EXTRA = 16, SYSABI_NAME_MAX = 64 };

/** struct sysabi - one ABI; its numbers are below SYSABI_NUMBERS */
struct sysabi {
	uint32_t arch;	 /* AUDIT_ARCH_*, seccomp_data.arch; SCMP_ARCH_* is the same number */
	uint32_t others; /* numbers from here on are another ABI's (x32); 0: there is none */
	uint32_t
	    extra; /* SYSABI_EXTRA numbers that stand apart (arm's set_tls); 0: there are none */
};

/** sysabi_list - the ABIs, native first. Returns their number */
size_t sysabi_list(struct sysabi ret[SYSABI_MAX]);

/** sysabi_name - name of a number of an ABI, in ret; false when it has none */
bool sysabi_name(const struct sysabi *abi, int nr, char ret[SYSABI_NAME_MAX]);

/** sysabi_knows - is there a call of the name, on any ABI? */
bool sysabi_knows(const char *name);

/** sysabi_from_token - SCMP_ARCH_* by its name; 0 when it is none of this machine's */
uint32_t sysabi_from_token(const char *token);

#endif

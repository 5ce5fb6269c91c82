/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysabi.h"

#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "str.h"

enum { X32_SYSCALL_BIT = 0x40000000, ARM_PRIVATE = 0xf0000 }; /* asm/unistd.h of each */

static const struct {
	uint32_t native, second, others, second_extra;
} machines[] = {
    {SCMP_ARCH_X86_64, SCMP_ARCH_X86, X32_SYSCALL_BIT, 0},
    {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, 0, ARM_PRIVATE},
};

size_t sysabi_list(struct sysabi ret[SYSABI_MAX])
{
	uint32_t native = seccomp_arch_native();

	ret[0] = (struct sysabi){.arch = native};
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		if (machines[i].native != native)
			continue;
		ret[0].others = machines[i].others;
		ret[1] =
		    (struct sysabi){.arch = machines[i].second, .extra = machines[i].second_extra};
		return 2;
	}
	return 1;
}

bool sysabi_name(const struct sysabi *abi, int nr, char ret[SYSABI_NAME_MAX])
{
	autofree char *name = seccomp_syscall_resolve_num_arch(abi->arch, nr);

	return name && str_copy(ret, SYSABI_NAME_MAX, name) == 0;
}

bool sysabi_knows(const char *name)
{
	/* other ABIs' calls have negative numbers, but no name has this one */
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

uint32_t sysabi_from_token(const char *token)
{
	static const struct {
		const char *token;
		uint32_t arch;
	} names[] = {
	    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
	    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
	    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
	    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
	};
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t k = 0; k < n; k++)
			if (names[i].arch == abis[k].arch && strcmp(names[i].token, token) == 0)
				return abis[k].arch;
	return 0;
}

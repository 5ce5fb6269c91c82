/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trim.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attr.h"

/* Messages of 32 KiB stand on the stack, several frames of them: see enum in msg.h. */
enum { STACK_DEPTH = 512 << 10, STACK_KEPT = 16 << 10 };

static void give_back(uintptr_t from, uintptr_t to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (from + page - 1) & ~(page - 1);

	to &= ~(page - 1);
	/* ENOMEM: parts are not mapped; EINVAL: the vdso, which stays */
	if (start < to)
		(void)madvise((void *)start, to - start, MADV_DONTNEED);
}

/* What was never written: it is read from the file again where it is needed. */
static int give_back_code(struct dl_phdr_info *info, size_t size ATTR_UNUSED, void *arg ATTR_UNUSED)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = (uintptr_t)(info->dlpi_addr + p->p_vaddr);

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			give_back(start, start + p->p_memsz);
	}
	return 0;
}

void trim(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	(void)malloc_trim(0);
	give_back(here - STACK_DEPTH, here - STACK_KEPT);
	(void)dl_iterate_phdr(give_back_code, NULL);
}

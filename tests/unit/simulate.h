/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SIMULATE_H
#define SIMULATE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What the kernel would say: the instructions of seccomp(2) programs that bpfprog.h and libseccomp
 * use, executed. UINT32_MAX for anything else, and for a jump out of the program. */

static inline uint32_t simulate_load(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t word = UINT32_MAX;

	if (offset % 4 == 0 && offset + 4 <= sizeof(*d))
		memcpy(&word, (const char *)d + offset, sizeof(word));
	return word;
}

static inline uint32_t simulate(const struct sock_filter *v, size_t n, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *f = &v[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = simulate_load(d, f->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JA:
			i += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			i += a > f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			return UINT32_MAX;
		}
	}
	return UINT32_MAX;
}

#endif

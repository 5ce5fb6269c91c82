/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpfprog.h"

#include <endian.h>
#include <linux/seccomp.h>
#include <string.h>

/* Targets inside a rule, until its end is known; a rule is far shorter than either. */
enum { TO_NEXT_COND = 254, TO_FAIL = 255 };
/* A leaf is one instruction, a decision at most two: fewer leaves than this are below 255. */
enum { NEAR_LEAVES = 80 };

size_t bpfprog_add(struct bpfprog *p, uint16_t code, uint32_t k)
{
	if (p->n >= p->max) {
		p->full = true;
		return 0;
	}
	p->v[p->n] = (struct sock_filter){.code = code, .k = k};
	return p->n++;
}

static void jump(struct bpfprog *p, uint16_t cmp, uint32_t k, uint8_t jt, uint8_t jf)
{
	size_t at = bpfprog_add(p, BPF_JMP | BPF_K | cmp, k);

	if (!p->full) {
		p->v[at].jt = jt;
		p->v[at].jf = jf;
	}
}

void bpfprog_load(struct bpfprog *p, size_t offset)
{
	(void)bpfprog_add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

void bpfprog_return(struct bpfprog *p, uint32_t action)
{
	(void)bpfprog_add(p, BPF_RET | BPF_K, action);
}

size_t bpfprog_skip(struct bpfprog *p)
{
	return bpfprog_add(p, BPF_JMP | BPF_JA, 0);
}

void bpfprog_land(struct bpfprog *p, size_t skip)
{
	if (!p->full)
		p->v[skip].k = (uint32_t)(p->n - skip - 1);
}

size_t bpfprog_unless_equal(struct bpfprog *p, uint32_t k)
{
	jump(p, BPF_JEQ, k, 1, 0);
	return bpfprog_skip(p);
}

void bpfprog_tree(struct bpfprog *p, const struct bpfprog_range *ranges, size_t n, size_t *skips)
{
	size_t half = n / 2, at, skip = 0;

	if (n == 1) {
		if (ranges->subject)
			*skips = bpfprog_skip(p);
		else
			bpfprog_return(p, ranges->action);
		return;
	}
	at = p->n;
	jump(p, BPF_JGE, ranges[half].start, 0, half < NEAR_LEAVES ? 0 : 1);
	if (half >= NEAR_LEAVES)
		skip = bpfprog_skip(p);
	bpfprog_tree(p, ranges, half, skips);
	if (half >= NEAR_LEAVES)
		bpfprog_land(p, skip);
	else if (!p->full)
		p->v[at].jt = (uint8_t)(p->n - at - 1);
	bpfprog_tree(p, ranges + half, n - half, skips + half);
}

static size_t arg_offset(unsigned int arg, bool high)
{
	bool second = high == (__BYTE_ORDER == __LITTLE_ENDIAN);

	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + (second ? 4 : 0);
}

/* One half of the argument with the bits that count; false: none do, nothing was loaded. */
static bool load_half(struct bpfprog *p, const struct bpfprog_cond *c, bool high)
{
	uint32_t mask = UINT32_MAX;

	if (c->op == BPFPROG_MASKED_EQ)
		mask = (uint32_t)(high ? c->mask >> 32 : c->mask);
	if (mask == 0)
		return false;
	bpfprog_load(p, arg_offset(c->arg, high));
	if (mask != UINT32_MAX)
		(void)bpfprog_add(p, BPF_ALU | BPF_AND | BPF_K, mask);
	return true;
}

static void equal(struct bpfprog *p, const struct bpfprog_cond *c)
{
	uint64_t value = c->op == BPFPROG_MASKED_EQ ? c->value & c->mask : c->value;

	if (load_half(p, c, true))
		jump(p, BPF_JEQ, (uint32_t)(value >> 32), 0, TO_FAIL);
	if (load_half(p, c, false))
		jump(p, BPF_JEQ, (uint32_t)value, 0, TO_FAIL);
}

/* Not equal, and the four orders as "above" or "above or equal", taken as it is or turned round. */
static void differ(struct bpfprog *p, const struct bpfprog_cond *c)
{
	bool turned = c->op == BPFPROG_LT || c->op == BPFPROG_LE;
	uint8_t yes = turned ? TO_FAIL : TO_NEXT_COND, no = turned ? TO_NEXT_COND : TO_FAIL;
	uint16_t low = c->op == BPFPROG_GE || c->op == BPFPROG_LT ? BPF_JGE : BPF_JGT;

	(void)load_half(p, c, true);
	if (c->op == BPFPROG_NE) {
		jump(p, BPF_JEQ, (uint32_t)(c->value >> 32), 0, TO_NEXT_COND);
		(void)load_half(p, c, false);
		jump(p, BPF_JEQ, (uint32_t)c->value, TO_FAIL, TO_NEXT_COND);
		return;
	}
	jump(p, BPF_JGT, (uint32_t)(c->value >> 32), yes, 0);
	jump(p, BPF_JEQ, (uint32_t)(c->value >> 32), 0, no);
	(void)load_half(p, c, false);
	jump(p, low, (uint32_t)c->value, yes, no);
}

static void settle(struct bpfprog *p, size_t from, uint8_t mark, size_t target)
{
	for (size_t i = from; i < p->n; i++) {
		struct sock_filter *f = &p->v[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (f->jt == mark)
			f->jt = (uint8_t)(target - i - 1);
		if (f->jf == mark)
			f->jf = (uint8_t)(target - i - 1);
	}
}

void bpfprog_rule(struct bpfprog *p, const struct bpfprog_cond *conds, size_t n, uint32_t action)
{
	size_t first = p->n;

	for (size_t i = 0; i < n; i++) {
		size_t from = p->n;

		if (conds[i].op == BPFPROG_EQ || conds[i].op == BPFPROG_MASKED_EQ)
			equal(p, &conds[i]);
		else
			differ(p, &conds[i]);
		settle(p, from, TO_NEXT_COND, p->n);
	}
	bpfprog_return(p, action);
	settle(p, first, TO_FAIL, p->n);
}

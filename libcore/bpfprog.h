/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BPFPROG_H
#define BPFPROG_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pieces of a seccomp(2) program. Classic BPF jumps forward only, by at most 255 where it decides
 * and by any distance where it does not. What does not fit sets `full`, and is seen at the end.
 */

enum { BPFPROG_ARGS = 6 };

/** enum bpfprog_op - comparisons of OCI profiles and seccomp_rule_add(3); unsigned, 64 bits */
enum bpfprog_op {
	BPFPROG_EQ,
	BPFPROG_NE,
	BPFPROG_LT,
	BPFPROG_LE,
	BPFPROG_GE,
	BPFPROG_GT,
	BPFPROG_MASKED_EQ, /* (argument & mask) == (value & mask) */
	BPFPROG_OPS
};

/** struct bpfprog_cond - one comparison of one argument */
struct bpfprog_cond {
	unsigned int arg; /* 0..5 */
	int op;		  /* enum bpfprog_op */
	uint64_t value, mask;
};

/** struct bpfprog_range - numbers from start up to the next range's start */
struct bpfprog_range {
	uint32_t start;
	uint32_t action;     /* SECCOMP_RET_* | data */
	const void *subject; /* not NULL: goes to what bpfprog_land() puts down for it */
};

/** struct bpfprog - program in the making */
struct bpfprog {
	struct sock_filter *v;
	size_t n, max;
	bool full;
};

/** bpfprog_add - append; returns its index */
size_t bpfprog_add(struct bpfprog *p, uint16_t code, uint32_t k);

/** bpfprog_load - load 32 bits of struct seccomp_data at an offset */
void bpfprog_load(struct bpfprog *p, size_t offset);

/** bpfprog_return - end with an action */
void bpfprog_return(struct bpfprog *p, uint32_t action);

/** bpfprog_skip - a jump whose target is not known yet; bpfprog_land() sets it to what comes next
 */
size_t bpfprog_skip(struct bpfprog *p);
void bpfprog_land(struct bpfprog *p, size_t skip);

/** bpfprog_unless_equal - skip unless the loaded word is k; returns the index for bpfprog_land() */
size_t bpfprog_unless_equal(struct bpfprog *p, uint32_t k);

/**
 * bpfprog_tree - decide by the loaded number, by halving
 * @ranges: ascending, the first starts at 0; n of them
 * @skips: n entries; for ranges with a subject, the index for bpfprog_land()
 */
void bpfprog_tree(struct bpfprog *p, const struct bpfprog_range *ranges, size_t n, size_t *skips);

/** bpfprog_rule - return the action when all n conditions hold, else go on behind it */
void bpfprog_rule(struct bpfprog *p, const struct bpfprog_cond *conds, size_t n, uint32_t action);

#endif

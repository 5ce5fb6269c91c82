/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgdev.h"

enum { R = CGDEV_READ, W = CGDEV_WRITE, M = CGDEV_MKNOD, D = CGDEV_DENY };

/* What the kernel hands to the program; the numbers are those of linux/bpf.h, written out. */
static struct bpf_cgroup_dev_ctx question(char type, unsigned int access, int major, int minor)
{
	unsigned int bits = (access & M ? 1 : 0) | (access & R ? 2 : 0) | (access & W ? 4 : 0);

	return (struct bpf_cgroup_dev_ctx){.access_type = bits << 16 | (type == 'b' ? 1 : 2),
					   .major = (unsigned int)major,
					   .minor = (unsigned int)minor};
}

/* One instruction as kernel's Documentation/bpf has it; returns how far the next one is. */
static int step(const struct bpf_insn *in, const void *ctx, uint64_t *reg)
{
	uint64_t imm = (uint64_t)(int64_t)in->imm;
	uint32_t word;

	switch (in->code) {
	case BPF_LDX | BPF_MEM | BPF_W:
		assert_int_equal(in->src_reg, BPF_REG_1);
		memcpy(&word, (const char *)ctx + in->off, sizeof(word));
		reg[in->dst_reg] = word;
		return 1;
	case BPF_ALU64 | BPF_MOV | BPF_X:
		reg[in->dst_reg] = reg[in->src_reg];
		return 1;
	case BPF_ALU64 | BPF_MOV | BPF_K:
		reg[in->dst_reg] = imm;
		return 1;
	case BPF_ALU | BPF_AND | BPF_K:
		reg[in->dst_reg] = (uint32_t)(reg[in->dst_reg] & imm);
		return 1;
	case BPF_ALU | BPF_RSH | BPF_K:
		reg[in->dst_reg] = (uint32_t)reg[in->dst_reg] >> in->imm;
		return 1;
	case BPF_JMP | BPF_JEQ | BPF_K:
		return reg[in->dst_reg] == imm ? 1 + in->off : 1;
	case BPF_JMP | BPF_JNE | BPF_K:
		return reg[in->dst_reg] != imm ? 1 + in->off : 1;
	}
	fail_msg("code %#x", in->code);
	return 0;
}

static uint64_t answer(const struct bpf_insn *prog, int n, struct bpf_cgroup_dev_ctx ctx)
{
	uint64_t reg[11] = {0xdead, 0, 0xdead, 0xdead, 0xdead, 0xdead};
	int at = 0;

	while (prog[at].code != (BPF_JMP | BPF_EXIT)) {
		int next = at + step(&prog[at], &ctx, reg);

		assert_in_range(next, at + 1, n - 1); /* the verifier wants no loops, no way out */
		at = next;
	}
	return reg[0];
}

/** struct row - up to three rules, and whether one access passes */
struct row {
	struct cgdev_rule rule[3];
	size_t n;
	char type;
	unsigned int access;
	int major, minor;
	uint64_t want;
};

static const struct row rows[] = {
    {{{0}}, 0, 'c', R, 1, 3, 0},
    {{{'c', 1, 3, R | W}}, 1, 'c', R, 1, 3, 1},
    {{{'c', 1, 3, R | W}}, 1, 'c', R | W, 1, 3, 1},
    {{{'c', 1, 3, R | W}}, 1, 'c', M, 1, 3, 0},
    {{{'c', 1, 3, R | W}}, 1, 'c', R, 1, 4, 0},
    {{{'c', 1, 3, R | W}}, 1, 'c', R, 2, 3, 0},
    {{{'c', 1, 3, R | W}}, 1, 'b', R, 1, 3, 0},
    {{{'c', 1, 3, R}}, 1, 'c', W, 1, 3, 0},
    {{{'c', 1, 3, R}}, 1, 'c', R | W, 1, 3, 0},
    {{{'b', 8, -1, R}}, 1, 'b', R, 8, 17, 1},
    {{{'b', 8, -1, R}}, 1, 'c', R, 8, 17, 0},
    {{{'b', 8, -1, R}}, 1, 'b', R, 9, 17, 0},
    {{{'c', -1, 3, R}}, 1, 'c', R, 77, 3, 1},
    {{{'c', -1, 3, R}}, 1, 'c', R, 77, 4, 0},
    {{{'c', -1, -1, M}}, 1, 'c', M, 10, 200, 1},
    {{{'c', -1, -1, M}}, 1, 'c', R, 10, 200, 0},
    {{{'c', -1, -1, M}}, 1, 'b', M, 10, 200, 0},
    {{{'a', -1, -1, R}}, 1, 'b', R, 259, 1, 1},
    {{{'a', -1, -1, R}}, 1, 'c', W, 259, 1, 0},
    /* rules add up */
    {{{'c', 1, 3, R}, {'c', 1, 3, W}}, 2, 'c', R | W, 1, 3, 1},
    {{{'c', 1, 3, R}, {'c', 1, 5, W}}, 2, 'c', R | W, 1, 3, 0},
    {{{'c', 1, 3, R}, {'c', 1, 5, W}, {'c', 1, -1, W}}, 3, 'c', R | W, 1, 3, 1},
    {{{'b', 1, 3, R}, {'c', 136, -1, R | W | M}}, 2, 'c', W, 136, 0xfffff, 1},
    {{{'b', 1, 3, R}, {'c', 136, -1, R | W | M}}, 2, 'c', W, 137, 0, 0},
    /* what is denied is so whatever allows it, and in whole */
    {{{'a', -1, -1, R | W | M}, {'c', 1, 3, W | D}}, 2, 'c', R, 1, 3, 1},
    {{{'a', -1, -1, R | W | M}, {'c', 1, 3, W | D}}, 2, 'c', R | W, 1, 3, 0},
    {{{'a', -1, -1, R | W | M}, {'c', 1, 3, W | D}}, 2, 'c', W, 1, 4, 1},
    {{{'a', -1, -1, R | W | M}, {'c', 1, 3, W | D}}, 2, 'b', W, 1, 3, 1},
    {{{'a', -1, -1, R | W | M}, {'b', 8, -1, R | W | D}}, 2, 'b', R, 8, 5, 0},
    {{{'a', -1, -1, R | W | M}, {'b', 8, -1, R | W | D}}, 2, 'b', M, 8, 5, 1},
    {{{'a', -1, -1, R | W | M}, {'c', -1, -1, R | D}}, 2, 'c', R, 9, 9, 0},
    {{{'c', 0xfff, 0xfffff, R}}, 1, 'c', R, 0xfff, 0xfffff, 1},
};

static void answers_as_the_rules_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *w = &rows[i];
		struct bpf_insn prog[64];
		int n = cgdev_program(w->rule, w->n, prog, ARRAY_SIZE(prog));

		assert_in_range(n, 1, ARRAY_SIZE(prog));
		if (answer(prog, n, question(w->type, w->access, w->major, w->minor)) != w->want)
			fail_msg("row %zu: not %d", i, (int)w->want);
	}
}

/* The longest list there can be fits, and its last rule is reached. */
static void has_room(void **state)
{
	struct cgdev_rule rules[CGDEV_MAX];
	struct bpf_insn prog[CGDEV_INSNS];
	int n;

	(void)state;
	for (int i = 0; i < CGDEV_MAX; i++)
		rules[i] = (struct cgdev_rule){'c', i, i, R};
	n = cgdev_program(rules, CGDEV_MAX, prog, CGDEV_INSNS);
	assert_in_range(n, 1, CGDEV_INSNS);
	assert_int_equal(answer(prog, n, question('c', R, CGDEV_MAX - 1, CGDEV_MAX - 1)), 1);
	assert_int_equal(answer(prog, n, question('c', R, CGDEV_MAX, CGDEV_MAX)), 0);
	assert_int_equal(cgdev_program(rules, CGDEV_MAX, prog, (size_t)n), n);
	assert_int_equal(cgdev_program(rules, CGDEV_MAX, prog, (size_t)n - 1), -E2BIG);
	assert_int_equal(cgdev_program(rules, 0, prog, 0), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_as_the_rules_say),
	    cmocka_unit_test(has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "seccompfilter.h"
#include "simulate.h"
#include "sysabi.h"

enum { MAX = 4096, DENIED = SECCOMP_RET_ERRNO | EPERM, NEW = SECCOMP_RET_ERRNO | ENOSYS };

static struct sock_filter program[MAX];
static struct sock_filter theirs[MAX];

static uint32_t ask(const struct sock_filter *v, int len, uint32_t arch, int nr, uint64_t arg)
{
	struct seccomp_data d = {.arch = arch, .nr = nr, .args = {arg, arg, arg, arg, arg, arg}};

	return simulate(v, (size_t)len, &d);
}

static int emit(struct seccompfilter *f, size_t max)
{
	return seccompfilter_emit(f, program, max, NULL);
}

static void decides_by_name_on_every_abi(void **state)
{
	autofilter struct seccompfilter *f = seccompfilter_new(DENIED, NEW);
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);
	int len;

	(void)state;
	assert_int_equal(seccompfilter_set(f, "read", SECCOMP_RET_ALLOW), 0);
	assert_int_equal(seccompfilter_set(f, "close", SECCOMP_RET_ALLOW), 0);
	assert_int_equal(seccompfilter_set(f, "close", SECCOMP_RET_TRAP), 0);
	len = emit(f, MAX);
	assert_in_range(len, 10, 100);
	for (size_t i = 0; i < n; i++) {
		uint32_t arch = abis[i].arch;
		int r = seccomp_syscall_resolve_name_arch(arch, "read");
		int c = seccomp_syscall_resolve_name_arch(arch, "close");
		int w = seccomp_syscall_resolve_name_arch(arch, "write");

		assert_int_equal(ask(program, len, arch, r, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(ask(program, len, arch, c, 0), SECCOMP_RET_TRAP);
		assert_int_equal(ask(program, len, arch, w, 0), DENIED);
		assert_int_equal(ask(program, len, arch, SYSABI_NUMBERS - 1, 0), NEW);
		assert_int_equal(ask(program, len, arch, SYSABI_NUMBERS, 0), NEW);
		assert_int_equal(ask(program, len, arch, -1, 0), NEW);
	}
	assert_int_equal(ask(program, len, SCMP_ARCH_S390X, 3, 0), SECCOMP_RET_KILL_PROCESS);
}

/* x32 has the arch of x86_64: its numbers are refused even where all is allowed. */
static void refuses_x32(void **state)
{
	autofilter struct seccompfilter *f =
	    seccompfilter_new(SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW);
	struct sysabi abis[SYSABI_MAX];
	uint32_t arch;
	int len;

	(void)state;
	(void)sysabi_list(abis);
	if (!abis[0].others)
		skip();
	arch = abis[0].arch;
	len = emit(f, MAX);
	assert_int_equal(ask(program, len, arch, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(program, len, arch, 1000, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(program, len, arch, 0x40000000, 0), NEW);
	assert_int_equal(ask(program, len, arch, 0x40000000 | 39, 0), NEW);
	seccompfilter_without(f, abis[1].arch);
	len = emit(f, MAX);
	assert_int_equal(ask(program, len, abis[1].arch, 3, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask(program, len, arch, 3, 0), SECCOMP_RET_ALLOW);
}

static const uint64_t values[] = {0,
				  1,
				  2,
				  0x5412,
				  0x100005412,
				  UINT32_MAX - 1,
				  UINT32_MAX,
				  UINT64_C(0x100000000),
				  UINT64_C(0x100000001),
				  UINT64_C(0x200000000),
				  UINT64_C(0x7fffffffffffffff),
				  UINT64_C(0x8000000000000000),
				  UINT64_MAX - 1,
				  UINT64_MAX};

static bool holds(const struct bpfprog_cond *c, uint64_t arg)
{
	switch (c->op) {
	case BPFPROG_EQ:
		return arg == c->value;
	case BPFPROG_NE:
		return arg != c->value;
	case BPFPROG_LT:
		return arg < c->value;
	case BPFPROG_LE:
		return arg <= c->value;
	case BPFPROG_GE:
		return arg >= c->value;
	case BPFPROG_GT:
		return arg > c->value;
	default:
		return (arg & c->mask) == (c->value & c->mask);
	}
}

/* Each comparison with each pair of values, alone: 7 x 14 x 14, masks another 14 times. */
static void compares_all_64_bits(void **state)
{
	const size_t n = ARRAY_SIZE(values);

	(void)state;
	for (size_t i = 0; i < BPFPROG_OPS * n * n; i++) {
		struct bpfprog_cond c = {.arg = (unsigned int)(i % BPFPROG_ARGS),
					 .op = (int)(i / n / n),
					 .value = values[i / n % n],
					 .mask = values[i % n]};
		struct bpfprog p = {.v = program, .max = MAX};

		bpfprog_rule(&p, &c, 1, 1);
		bpfprog_return(&p, 2);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(ask(program, (int)p.n, 0, 0, values[k]),
					 holds(&c, values[k]) ? 1 : 2);
	}
}

static void takes_all_conditions_and_any_rule(void **state)
{
	autofilter struct seccompfilter *f = seccompfilter_new(DENIED, NEW);
	struct seccompfilter_rule two = {
	    .action = SECCOMP_RET_ALLOW,
	    .n = 2,
	    .conds = {{.arg = 0, .op = BPFPROG_EQ, .value = 16},
		      {.arg = 2, .op = BPFPROG_LT, .value = 9}},
	};
	struct seccompfilter_rule one = {.action = SECCOMP_RET_TRAP,
					 .n = 1,
					 .conds = {{.arg = 0, .op = BPFPROG_EQ, .value = 1}}};
	struct seccomp_data d = {.arch = seccomp_arch_native(), .nr = SCMP_SYS(socket)};
	int len;

	(void)state;
	assert_int_equal(seccompfilter_when(f, "socket", &two), 0);
	assert_int_equal(seccompfilter_when(f, "socket", &one), 0);
	len = emit(f, MAX);
	for (uint64_t family = 0; family < 20; family++) {
		for (uint64_t protocol = 0; protocol < 20; protocol++) {
			uint32_t want = family == 16 && protocol < 9 ? SECCOMP_RET_ALLOW
					: family == 1		     ? SECCOMP_RET_TRAP
								     : DENIED;

			d.args[0] = family;
			d.args[2] = protocol;
			assert_int_equal(simulate(program, (size_t)len, &d), want);
		}
	}
	/* a verdict without condition takes their place */
	assert_int_equal(seccompfilter_set(f, "socket", SECCOMP_RET_ALLOW), 0);
	len = emit(f, MAX);
	assert_int_equal(simulate(program, (size_t)len, &d), SECCOMP_RET_ALLOW);
}

static int compile_theirs(scmp_filter_ctx ctx)
{
	autofd int fd = memfd_create("theirs", MFD_CLOEXEC);

	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	return (int)(pread(fd, theirs, sizeof(theirs), 0) / (ssize_t)sizeof(theirs[0]));
}

/* The same policy by libseccomp: every third call allowed, every seventh by a comparison. */
static void agrees_with_libseccomp(void **state)
{
	static const enum scmp_compare ops[] = {
	    [BPFPROG_EQ] = SCMP_CMP_EQ,
	    [BPFPROG_NE] = SCMP_CMP_NE,
	    [BPFPROG_LT] = SCMP_CMP_LT,
	    [BPFPROG_LE] = SCMP_CMP_LE,
	    [BPFPROG_GE] = SCMP_CMP_GE,
	    [BPFPROG_GT] = SCMP_CMP_GT,
	    [BPFPROG_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	autofilter struct seccompfilter *f = seccompfilter_new(DENIED, DENIED);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	struct sysabi abis[SYSABI_MAX];
	char name[SYSABI_NAME_MAX];
	int len, theirs_len, asked = 0;

	(void)state;
	(void)sysabi_list(abis);
	for (int nr = 0; nr < SYSABI_NUMBERS; nr++) {
		uint64_t value = values[nr % (int)ARRAY_SIZE(values)];
		struct seccompfilter_rule rule = {.action = SECCOMP_RET_ALLOW, .n = 1};
		struct scmp_arg_cmp cmp = SCMP_A1(ops[nr % BPFPROG_OPS], value, value);

		if (nr % 3 && nr % 7)
			continue;
		if (!sysabi_name(&abis[0], nr, name))
			continue;
		if (nr % 3 == 0) {
			assert_int_equal(seccompfilter_set(f, name, SECCOMP_RET_ALLOW), 0);
			assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0), 0);
			continue;
		}
		rule.conds[0] = (struct bpfprog_cond){1, nr % BPFPROG_OPS, value, value};
		assert_int_equal(seccompfilter_when(f, name, &rule), 0);
		assert_int_equal(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, 1, &cmp), 0);
	}
	len = emit(f, MAX);
	theirs_len = compile_theirs(ctx);
	for (int nr = 0; nr < SYSABI_NUMBERS; nr++) {
		for (size_t k = 0; k < ARRAY_SIZE(values); k++, asked++)
			assert_int_equal(ask(program, len, abis[0].arch, nr, values[k]),
					 ask(theirs, theirs_len, abis[0].arch, nr, values[k]));
	}
	assert_int_equal(asked, SYSABI_NUMBERS * ARRAY_SIZE(values));
	seccomp_release(ctx);
}

static void says_when_it_is_too_long(void **state)
{
	autofilter struct seccompfilter *f = seccompfilter_new(DENIED, NEW);
	struct seccompfilter_rule rule = {.action = SECCOMP_RET_ALLOW, .n = BPFPROG_ARGS};
	struct ctr_error err = {0};
	int len;

	(void)state;
	for (unsigned int i = 0; i < BPFPROG_ARGS; i++)
		rule.conds[i] = (struct bpfprog_cond){i, BPFPROG_GT, 7, 0};
	for (int i = 0; i < 20; i++)
		assert_int_equal(seccompfilter_when(f, "read", &rule), 0);
	len = emit(f, MAX);
	assert_true(len > 500);
	assert_int_equal(emit(f, (size_t)len), len);
	for (size_t max = 0; max < (size_t)len; max++)
		assert_int_equal(seccompfilter_emit(f, program, max, &err), -E2BIG);
	assert_int_equal(err.code, CTR_E_CONFIG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decides_by_name_on_every_abi),
	    cmocka_unit_test(refuses_x32),
	    cmocka_unit_test(compares_all_64_bits),
	    cmocka_unit_test(takes_all_conditions_and_any_rule),
	    cmocka_unit_test(agrees_with_libseccomp),
	    cmocka_unit_test(says_when_it_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

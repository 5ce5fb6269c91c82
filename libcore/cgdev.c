/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgdev.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "sys.h"

/* By this name an earlier program is known to be ours; bpftool(8) shows it. */
static const char program_name[] = "ctr_devices";

enum { PROGRAMS = 64 }; /* of one group; the kernel takes no more (BPF_CGROUP_MAX_PROGS) */

/** struct code - a program being written; n goes past max when it does not fit */
struct code {
	struct bpf_insn *v;
	size_t n, max;
};

static void emit(struct code *c, struct bpf_insn insn)
{
	if (c->n < c->max)
		c->v[c->n] = insn;
	c->n++;
}

static struct bpf_insn load_word(int dst, size_t offset)
{
	return (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
				 .dst_reg = (unsigned int)dst & 15,
				 .src_reg = BPF_REG_1,
				 .off = (short)offset};
}

static struct bpf_insn with_number(int code, int dst, int number)
{
	return (struct bpf_insn){
	    .code = (unsigned char)code, .dst_reg = (unsigned int)dst & 15, .imm = number};
}

/* Jumps over `over` instructions when the register is not the number. */
static struct bpf_insn unless(int dst, int number, size_t over)
{
	struct bpf_insn insn = with_number(BPF_JMP | BPF_JNE | BPF_K, dst, number);

	insn.off = (short)over;
	return insn;
}

static unsigned int kernel_access(unsigned int access)
{
	return (access & CGDEV_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & CGDEV_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & CGDEV_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

/*
 * r2: what of the access is not yet allowed, r3: type, r4: major, r5: minor. A rule that holds
 * takes its accesses out of r2; once nothing is left the answer is yes.
 */
static void emit_rule(struct code *c, const struct cgdev_rule *rule)
{
	size_t over = 4 + (rule->minor >= 0) + (rule->major >= 0);
	int type = rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

	if (rule->type != 'a')
		emit(c, unless(BPF_REG_3, type, over));
	if (rule->major >= 0)
		emit(c, unless(BPF_REG_4, rule->major, 4 + (rule->minor >= 0)));
	if (rule->minor >= 0)
		emit(c, unless(BPF_REG_5, rule->minor, 4));
	emit(c,
	     with_number(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, ~(int)kernel_access(rule->access)));
	emit(c, unless(BPF_REG_2, 0, 2));
	emit(c, with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 1));
	emit(c, with_number(BPF_JMP | BPF_EXIT, 0, 0));
}

/* Before the others, while r2 is the whole access: a part that is refused refuses all of it. */
static void emit_denial(struct code *c, const struct cgdev_rule *rule)
{
	size_t over = 5;
	int type = rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

	emit(c, unless(BPF_REG_3, type, over + (rule->minor >= 0) + (rule->major >= 0)));
	if (rule->major >= 0)
		emit(c, unless(BPF_REG_4, rule->major, over + (rule->minor >= 0)));
	if (rule->minor >= 0)
		emit(c, unless(BPF_REG_5, rule->minor, over));
	emit(c, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
				  .dst_reg = BPF_REG_0,
				  .src_reg = BPF_REG_2});
	emit(c,
	     with_number(BPF_ALU | BPF_AND | BPF_K, BPF_REG_0, (int)kernel_access(rule->access)));
	emit(c,
	     (struct bpf_insn){.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 2});
	emit(c, with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0));
	emit(c, with_number(BPF_JMP | BPF_EXIT, 0, 0));
}

int cgdev_program(const struct cgdev_rule *rules, size_t n, struct bpf_insn *ret, size_t max)
{
	struct code c = {.v = ret, .max = max};

	/* words of 32 bits only: narrower loads of access_type are refused before Linux 4.16 */
	emit(&c, load_word(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	emit(&c, load_word(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major)));
	emit(&c, load_word(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor)));
	emit(&c, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
				   .dst_reg = BPF_REG_3,
				   .src_reg = BPF_REG_2});
	emit(&c, with_number(BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0xffff));
	emit(&c, with_number(BPF_ALU | BPF_RSH | BPF_K, BPF_REG_2, 16));
	for (size_t i = 0; i < n; i++)
		if (rules[i].access & CGDEV_DENY)
			emit_denial(&c, &rules[i]);
	for (size_t i = 0; i < n; i++)
		if (!(rules[i].access & CGDEV_DENY))
			emit_rule(&c, &rules[i]);
	emit(&c, with_number(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0));
	emit(&c, with_number(BPF_JMP | BPF_EXIT, 0, 0));
	return c.n > max ? -E2BIG : (int)c.n;
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int load(const struct bpf_insn *insns, int n, struct ctr_error *err)
{
	union bpf_attr a;
	int fd;

	memset(&a, 0, sizeof(a)); /* the kernel refuses what is set and means nothing */
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.expected_attach_type = BPF_CGROUP_DEVICE;
	a.insns = address(insns);
	a.insn_cnt = (unsigned int)n;
	a.license = address("LGPL-2.1-or-later");
	memcpy(a.prog_name, program_name, sizeof(program_name));
	fd = sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	if (fd == -ENOSYS || fd == -EINVAL)
		return err_set(
		    err, CTR_E_UNSUPPORTED, ENOTSUP, "devices",
		    "this kernel has no device filter for cgroup v2 (CONFIG_CGROUP_BPF)");
	return fd < 0 ? err_sys(err, fd, "devices", "load the device filter") : fd;
}

static bool is_ours(int prog_fd)
{
	struct bpf_prog_info info;
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	memset(&info, 0, sizeof(info));
	a.info.bpf_fd = (unsigned int)prog_fd;
	a.info.info_len = sizeof(info);
	a.info.info = address(&info);
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)) == 0 &&
	       strncmp(info.name, program_name, sizeof(info.name)) == 0;
}

/* The program of an earlier call; -ENOENT without one. */
static int find_ours(int cgroup_fd)
{
	uint32_t ids[PROGRAMS];
	union bpf_attr a;
	unsigned int n;
	int r;

	memset(&a, 0, sizeof(a));
	a.query.target_fd = (unsigned int)cgroup_fd;
	a.query.attach_type = BPF_CGROUP_DEVICE;
	a.query.prog_ids = address(ids);
	a.query.prog_cnt = PROGRAMS;
	r = sys_bpf(BPF_PROG_QUERY, &a, sizeof(a));
	n = r < 0 ? 0 : a.query.prog_cnt;
	for (unsigned int i = 0; i < n; i++) {
		autofd int fd = -1;

		memset(&a, 0, sizeof(a));
		a.prog_id = ids[i];
		fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &a, sizeof(a));
		if (fd >= 0 && is_ours(fd))
			return take_fd(&fd);
	}
	return r < 0 ? r : -ENOENT;
}

static int change(int cmd, int cgroup_fd, int prog_fd, int old_fd)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.target_fd = (unsigned int)cgroup_fd;
	a.attach_bpf_fd = (unsigned int)prog_fd;
	a.attach_type = BPF_CGROUP_DEVICE; /* beside systemd's own, and those above */
	if (cmd == BPF_PROG_ATTACH)
		a.attach_flags = BPF_F_ALLOW_MULTI;
	if (cmd == BPF_PROG_ATTACH && old_fd >= 0) {
		a.attach_flags |= BPF_F_REPLACE; /* Linux 5.6 */
		a.replace_bpf_fd = (unsigned int)old_fd;
	}
	return sys_bpf(cmd, &a, sizeof(a));
}

int cgdev_attach(int cgroup_fd, const struct spec *spec, struct ctr_error *err)
{
	struct bpf_insn insns[CGDEV_INSNS];
	struct cgdev_rule rules[CGDEV_MAX];
	autofd int old = -1, prog = -1;
	size_t n;
	int r = cgdev_list(spec, rules, CGDEV_MAX, &n, err);

	if (r < 0)
		return r;
	old = find_ours(cgroup_fd);
	if (cgdevlist_allows_all(rules, n)) {
		r = old < 0 ? 0 : change(BPF_PROG_DETACH, cgroup_fd, old, -1);
		return r < 0 ? err_sys(err, r, "devices", "remove the device filter") : 0;
	}
	r = cgdev_program(rules, n, insns, CGDEV_INSNS);
	if (r < 0)
		return err_sys(err, r, "devices", "write the device filter");
	prog = load(insns, r, err);
	if (prog < 0)
		return prog;
	r = change(BPF_PROG_ATTACH, cgroup_fd, prog, old);
	return r < 0 ? err_sys(err, r, "devices", "attach the device filter") : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGDEV_H
#define CGDEV_H

#include <linux/bpf.h>

#include "cgdevlist.h"

/*
 * The device filter of a v2 group: there is no devices controller, a BPF program of type
 * BPF_PROG_TYPE_CGROUP_DEVICE (Linux 4.15) answers instead.
 */

/** CGDEV_INSNS - room for the program of CGDEV_MAX rules */
enum { CGDEV_INSNS = 16 + 8 * CGDEV_MAX };

/**
 * cgdev_program - the program that allows what the rules allow together, and nothing else; pure
 *
 * An open for reading and writing passes when one rule allows the one and another the other.
 * Returns the number of instructions, -E2BIG.
 */
int cgdev_program(const struct cgdev_rule *rules, size_t n, struct bpf_insn *ret,
		  size_t max) ATTR_WARN_UNUSED;

/**
 * cgdev_attach - let a group use what cgdev_list() says of the definition, and nothing else
 * @cgroup_fd: folder of the v2 group
 *
 * Takes the place of the program of an earlier call in one step; programs of others stay, and the
 * kernel asks all of them. It goes with the group. CTR_E_UNSUPPORTED where the kernel has none.
 */
int cgdev_attach(int cgroup_fd, const struct spec *spec, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

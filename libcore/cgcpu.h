/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCPU_H
#define CGCPU_H

#include "cgplan.h"

/*
 * CPU time: quota with its period and burst, weight, and on v1 realtime, which has files of its
 * own. Keys that hinge on each other, which a table of one file each does not do.
 */

/** cgcpu_plan - append the writes of the cpu controller */
int cgcpu_plan(struct cgplan *p, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgcpu_weight - cpu.weight that comes nearest to shares of v1: 1024 is 100, the ends meet; pure
 */
uint64_t cgcpu_weight(uint64_t shares);

#endif

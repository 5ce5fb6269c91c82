/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QUANTITY_H
#define QUANTITY_H

#include "parse.h"

/** quantity_parse - numbers with units: sizes, times, shares, rlimits, lists of CPUs */
int quantity_parse(const struct parse_in *in, struct ctr_error *err) ATTR_WARN_UNUSED;

/** quantity_is - is the type one that quantity_parse() reads? */
bool quantity_is(int type) ATTR_PURE;

/** quantity_is_rlimit - is its field a struct spec_rlimit? */
bool quantity_is_rlimit(int type) ATTR_PURE;

#endif

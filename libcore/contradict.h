/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTRADICT_H
#define CONTRADICT_H

#include "err.h"
#include "spec.h"

/** contradict_check - what in [Exec] and [Files] can not be together. Pure. 0, -EINVAL */
int contradict_check(const struct spec *s, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef COMPILE_H
#define COMPILE_H

#include "restrict.h"
#include "spec.h"

/*
 * From a definition to the restrictions that PID 1 and the module apply: plain masks, numbers and
 * a program, so that neither needs a library.
 */

/**
 * restrict_compile - compile a definition
 * @ret: zeroed by the caller; undefined on failure
 *
 * Reads SeccompProfile=. 0, -EINVAL and other errors of CTR_E_CONFIG, -ENOMEM.
 */
int restrict_compile(const struct spec *spec, struct restrict_set *ret,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

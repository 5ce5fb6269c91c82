/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef COMPILE_H
#define COMPILE_H

#include "restrict.h"
#include "restrictone.h"
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

/**
 * restrict_compile_one - capability sets and limits of a definition with further lines, for one
 *			  process of a container
 * @all: the definition of the container
 *
 * -EINVAL (CTR_E_CONFIG) when its bounding set is not within that of all.
 */
int restrict_compile_one(const struct spec *spec, const struct spec *all, struct restrictone *ret,
			 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

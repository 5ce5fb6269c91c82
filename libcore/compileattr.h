/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef COMPILEATTR_H
#define COMPILEATTR_H

#include "procattr.h"
#include "spec.h"

/**
 * compileattr - the attributes of a definition as numbers
 * @ret: zeroed by the caller; undefined on failure
 *
 * Asks the host's NSS for groups (MUST-7), and whether the kernel has the LSM that a label is for:
 * CTR_E_UNSUPPORTED (-ENOTSUP) otherwise. CTR_E_CONFIG for an unknown group and what is too long.
 */
int compileattr(const struct spec *spec, struct procattr *ret,
		struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFKIND_H
#define CONFKIND_H

#include <stddef.h>

#include "err.h"

enum confkind { CONFKIND_POLICY, CONFKIND_DEFINITION };

/**
 * confkind_of - is this text a policy or a definition? Its first section that is one decides
 *
 * enum confkind, or -EINVAL when there is no section of either. Sections X-... are skipped.
 */
int confkind_of(const char *text, size_t len, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

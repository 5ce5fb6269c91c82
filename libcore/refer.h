/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REFER_H
#define REFER_H

#include "load.h"

/**
 * refer_check - does what a policy names exist? Definitions, users, groups
 *
 * For containerctl check; no login asks for it, since NSS may be slow. Every name that is missing
 * is an error in the report. 0, -EINVAL when one was
 * missing, -ENOMEM.
 */
int refer_check(const struct load_paths *paths, const struct policy *p, struct load_report *report,
		struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

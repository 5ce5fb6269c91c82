/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DUMPOPT_H
#define DUMPOPT_H

#include <stdbool.h>

#include "err.h"
#include "pamcontainer.h"

/* Which options of a checkpoint make sense for the container of a login, and why others do not. */

/**
 * dumpopt_check - 0, or CTR_E_UNSUPPORTED (-ENOTSUP) with the reason
 * @own_network: it has a network namespace of its own
 *
 * Pure.
 */
int dumpopt_check(const struct ctr_checkpoint_options *opt, bool own_network,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

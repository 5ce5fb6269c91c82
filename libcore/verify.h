/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERIFY_H
#define VERIFY_H

#include "err.h"

/**
 * verify_created - a container that was made, or that has come back, as the kernel shows it
 * @ctx: its struct create; ns_fd and the namespaces of its record are filled
 *
 * A stage of create.c (MUST-1).
 */
int verify_created(void *ctx, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

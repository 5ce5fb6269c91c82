/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CREATEHEAR_H
#define CREATEHEAR_H

#include "create.h"

/* What the set-up child says to the supervisor, from its birth until PID 1 is ready. */

/**
 * createhear_ready - wait until PID 1 is ready or has come back, at most c->timeout_ms
 *
 * Takes over what comes with its words: the scratch folder of an overlay, the restored PID 1. The
 * child's own error is handed on. CTR_E_TIMEOUT: too late (ETIMEDOUT), or whoever asked went away
 * (ECANCELED, MUST-4); ENOMEM: it was killed for want of memory.
 */
int createhear_ready(struct create *c, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

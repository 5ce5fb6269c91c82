/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CREATEHOOK_H
#define CREATEHOOK_H

#include "create.h"
#include "msg.h"

/*
 * When hooks run while a container is made: the set-up child says `mounted` and waits, the
 * supervisor runs those of the host and answers `hooks`. Nothing of it where there are none.
 */

/**
 * createhook_host - the child said `mounted`: write the record, run Prestart= and CreateRuntime=
 * @end: CLOCK_MONOTONIC ms, of the whole set-up (MUST-4)
 *
 * The record is written first, so that Poststop= runs whoever dies from here on (MUST-9).
 */
int createhook_host(struct create *c, uint64_t end, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * createhook_mounted - in the child, before it pivots: wait for those, then CreateContainer=
 * @ret_go: what is there already of what comes next, `go` (run_door()); else untouched
 */
int createhook_mounted(const struct create *c, int sync, struct msg *ret_go,
		       struct ctr_error *err) ATTR_WARN_UNUSED;

/** createhook_start - in the child, inside: StartContainer= */
int createhook_start(const struct create *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/** createhook_poststart - of a container that is made; failures are for the caller to log */
int createhook_poststart(struct create *c, uint64_t end, struct ctr_error *err) ATTR_WARN_UNUSED;

/** createhook_stage - the row of the table: nothing yet, they run as the child comes to them */
int createhook_stage(void *ctx, struct ctr_error *err) ATTR_WARN_UNUSED;

/** createhook_undo - its undo: Poststop=, when it came as far as `mounted`. ctx: struct create */
void createhook_undo(void *ctx);

#endif

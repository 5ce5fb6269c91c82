/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCOPETALK_H
#define SCOPETALK_H

#include <stdbool.h>
#include <sys/types.h>

#include "scopeprop.h"
#include "sdbus.h"

/* What is said to systemd's manager over the system bus: org.freedesktop.systemd1(5). */

/** struct scopetalk - one conversation */
struct scopetalk {
	const struct sdbus *api;
	const char *unit;
	const struct scopeprops *props; /* start, set */
	pid_t pid;			/* start */
	uint64_t end_ms;		/* CLOCK_MONOTONIC: the deadline */
	bool once;			/* start: a name that is taken is -EEXIST at once */
};

/**
 * scopetalk_start - StartTransientUnit, and wait for its job
 *
 * A name that is taken is tried again until the deadline, unless once is set: systemd forgets a
 * scope some time after its last process. -EEXIST then. CTR_E_UNSUPPORTED without a bus.
 */
int scopetalk_start(const struct scopetalk *t, struct ctr_error *err) ATTR_WARN_UNUSED;

/** scopetalk_set - SetUnitProperties until the next boot; systemd takes all of them or none */
int scopetalk_set(const struct scopetalk *t, struct ctr_error *err) ATTR_WARN_UNUSED;

/** scopetalk_stop - StopUnit, and wait for its job; absent is fine */
int scopetalk_stop(const struct scopetalk *t, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

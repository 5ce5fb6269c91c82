/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

#include "options.h"

/* Doing the same again and again: --watch, --iterations, --delay. */

/** struct watch - the flags, and what watch_plan() makes of them */
struct watch {
	const char *every; /* --watch[=SEC]; NULL: not given */
	uint64_t delay;	   /* -d, µs */
	unsigned int iterations;
	bool batch;

	bool once, clears;
	uint64_t interval; /* µs between two */
};

/** watch_option_group - their rows */
struct option_group watch_option_group(struct watch *w);

/**
 * watch_plan - once, how often, how far apart, and whether the screen is cleared
 * @terminal: standard output is one; else nothing is watched unless a number or --batch says so
 *
 * -EINVAL for a bad --watch=SEC. Pure.
 */
int watch_plan(struct watch *w, bool terminal, struct ctr_error *err) ATTR_WARN_UNUSED;

/** watch_run - call once(arg) as planned; stops at the first that is not 0 and returns it */
int watch_run(const struct watch *w, int (*once)(void *arg), void *arg);

#endif

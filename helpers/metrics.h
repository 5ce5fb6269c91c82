/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pamcontainer.h"

/* Figures of containers in the text format of Prometheus, version 0.0.4. */

enum metrics_figure {
	METRICS_MEMORY,
	METRICS_SWAP,
	METRICS_TASKS,
	METRICS_MEMORY_LIMIT,
	METRICS_TASKS_LIMIT,
	METRICS_CREATED, /* µs since 1970 */
	METRICS_CPU,	 /* µs */
	METRICS_THROTTLED,
	METRICS_OOM_KILLS,
	METRICS_MEMORY_FAILURES,
	METRICS_TASKS_FAILURES,
	METRICS_READ,
	METRICS_WRITTEN,
	METRICS_RECEIVED,
	METRICS_SENT,
	METRICS_FIGURES
};

/** struct metrics_row - one container */
struct metrics_row {
	char id[65], user[64], container[65]; /* "" where there is none */
	enum ctr_status status;
	uint64_t v[METRICS_FIGURES]; /* CTR_ABSENT: no line */
};

/** struct metrics - all that there are; {0} is none */
struct metrics {
	struct metrics_row *v; /* owned by who fills it */
	size_t n;
};

/**
 * metrics_write - all families that have a line; errors show at the stream
 * @per_container: a line for each container, with its ID and user, and counters too
 *
 * Without it, sums for each definition: of what goes up and down only, since a sum of counters
 * falls when one of the containers ends. Pure but for the stream.
 */
void metrics_write(const struct metrics *m, bool per_container, FILE *f);

#endif

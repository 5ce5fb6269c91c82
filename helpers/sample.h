/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Shares of CPU time between two looks at a container. */

/** struct sample - one look */
struct sample {
	char id[65];
	uint64_t cpu_us; /* counter */
	uint64_t at_us;	 /* CLOCK_MONOTONIC */
};

/** struct samples - the last look at each; {0} is the empty one */
struct samples {
	struct sample *v;
	size_t n;
};

/** samples_done - free it; leaves the empty one */
void samples_done(struct samples *s);

/**
 * samples_take - remember this look; the CPU share since the last one, in 1/100 percent of one CPU
 *
 * UINT64_MAX for a first look, a figure that is absent, and a counter that went back (another
 * container of the same ID).
 */
uint64_t samples_take(struct samples *s, const struct sample *now);

/** sample_share - part of whole in 1/100 percent; UINT64_MAX when either is absent or whole is 0 */
uint64_t sample_share(uint64_t part, uint64_t whole);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef METER_H
#define METER_H

#include <stdbool.h>

#include "pamcontainer.h"

/* One line on a terminal about what takes its time, written over and over, and gone at the end. */

enum { METER_MAX = 120 };

/** struct meter - zero-initialise, with the name of what is worked at */
struct meter {
	const char *name; /* escaped */
	bool shown;
};

/** meter_line - "alice-1: writing, 1.2G, 3.4s"; false: it has not taken long enough. Pure */
bool meter_line(const char *name, const struct ctr_progress *p, char dst[METER_MAX]);

/** meter_show - a ctr_progress_fn; arg is a meter. Nothing where standard error is no terminal */
void meter_show(void *arg, const struct ctr_progress *p);

/** meter_end - take the line away */
void meter_end(struct meter *m);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MONITOR_H
#define MONITOR_H

#include "ctl.h"

/** struct monitor_row - a container that wants its rows */
struct monitor_row {
	char *id;
	struct ctr_container *container;
	struct table *table;
};

/** struct monitor_kept - containers of the look before, by ID; {0} is the empty one */
struct monitor_kept {
	struct monitor_row *v; /* ID and container are owned */
	size_t n;
};

/** monitor_kept_done - release them; leaves the empty one */
void monitor_kept_done(struct monitor_kept *kept);

/** struct monitor - which containers, and who adds their rows */
struct monitor {
	struct ctl *ctl;
	char **ids; /* NULL-ended; none: every container that lives */
	int (*add)(void *arg, const struct monitor_row *row, struct ctr_error *err);
	void *arg;
	bool silent;		   /* failures are not told */
	struct monitor_kept *kept; /* of who looks again and again; NULL: nothing is kept */
};

/**
 * monitor_each - fill a table
 *
 * One that ends meanwhile is left out when it was not asked for by name. Exit code; goes on after
 * a failure.
 */
int monitor_each(const struct monitor *m, struct table *t);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MONITOR_H
#define MONITOR_H

#include "ctl.h"

/** struct monitor_row - a container that wants its rows */
struct monitor_row {
	const char *id;
	struct ctr_container *container;
	struct table *table;
};

/** struct monitor - which containers, and who adds their rows */
struct monitor {
	struct ctl *ctl;
	char **ids; /* NULL-ended; none: every container that runs */
	int (*add)(void *arg, const struct monitor_row *row, struct ctr_error *err);
	void *arg;
	bool silent; /* failures are not told */
};

/**
 * monitor_each - fill a table
 *
 * One that ends meanwhile is left out when it was not asked for by name. Exit code; goes on after
 * a failure.
 */
int monitor_each(const struct monitor *m, struct table *t);

#endif

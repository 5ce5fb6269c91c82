/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STAGE_H
#define STAGE_H

#include <stddef.h>

#include "err.h"

/*
 * Set-up as a table: rows run in order; when one fails, the rows before it are undone in reverse
 * (MUST-9). A row's own run() leaves nothing behind when it fails.
 */

/** struct stage - one row; undo may be NULL when there is nothing to take back */
struct stage {
	const char *name;
	int (*run)(void *ctx, struct ctr_error *err);
	void (*undo)(void *ctx);
};

/** struct stage_fault - for tests: what happens before a row; NULL name: nothing */
struct stage_fault {
	const char *name;
	int signal; /* raised; 0: the row fails with EIO */
};

/**
 * stage_run - run the table
 *
 * The error record's stage is the name of the row that failed, unless the row set a finer one.
 */
int stage_run(const struct stage *table, size_t n, void *ctx, const struct stage_fault *fault,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/** stage_undo - undo all rows of a table that ran whole, in reverse */
void stage_undo(const struct stage *table, size_t n, void *ctx);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stage.h"

#include <errno.h>
#include <signal.h>

#include "str.h"

void stage_undo(const struct stage *table, size_t n, void *ctx)
{
	while (n-- > 0)
		if (table[n].undo)
			table[n].undo(ctx);
}

static int fault_at(const struct stage_fault *fault, const char *name, struct ctr_error *err)
{
	if (!fault || !str_equal(fault->name, name))
		return 0;
	if (fault->signal)
		(void)raise(fault->signal); /* the test looks at what is left */
	return err_sys(err, EIO, name, "fault asked for at stage %s", name);
}

int stage_run(const struct stage *table, size_t n, void *ctx, const struct stage_fault *fault,
	      struct ctr_error *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = fault_at(fault, table[i].name, err);

		if (r == 0)
			r = table[i].run(ctx, err);
		if (r < 0) {
			stage_undo(table, i, ctx);
			return r;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "init.h"

enum { FIRST = 3, ABOVE = 64 };

/* Above those that are given away, which stay close-on-exec there. */
static int lift(int *fd, struct ctr_error *err)
{
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, ABOVE);

	if (high < 0)
		return err_sys(err, errno, "start", "move descriptor %d", *fd);
	*fd = high;
	return 0;
}

int init_pass(struct start_request *req, int *report, struct ctr_error *err)
{
	int r = req->nextra > 0 ? lift(report, err) : 0;

	for (size_t i = 0; r == 0 && i < req->nextra; i++)
		r = lift(&req->extra[i], err);
	for (size_t i = 0; r == 0 && i < req->nextra; i++)
		if (dup2(req->extra[i], FIRST + (int)i) < 0)
			r = err_sys(err, errno, "start", "place descriptor %zu", FIRST + i);
	return r;
}

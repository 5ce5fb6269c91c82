/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef API_BARE_H
#define API_BARE_H

/* What the tests of Init=none have in common. */
#include "api_template.h"

#define BARE                                                                                       \
	{                                                                                          \
		"Container", "Init", "none"                                                        \
	}

/** begin_as - start a program that says "ready" when it is; what it says more is in *ret_out */
static inline struct ctr_process *begin_as(struct test *t, struct ctr_container *c,
					   struct ctr_process_spec spec, int *ret_out)
{
	struct ctr_process *p;
	char word[6] = {0};
	int fds[2];

	need(t, pipe2(fds, O_CLOEXEC) == 0, "a pipe");
	spec.stdin_fd = spec.stderr_fd = -1;
	spec.stdout_fd = fds[1];
	need(t, ctr_start(c, &spec, &p, &t->err) == 0, "it starts");
	close(fds[1]);
	check(t, read(fds[0], word, 5) == 5 && !strcmp(word, "ready"), "and is ready");
	*ret_out = fds[0];
	return p;
}

/** status_at_end - its wait status, -1: it does not end; p is freed */
static inline int status_at_end(struct test *t, struct ctr_process *p)
{
	int status = -1;

	(void)ctr_process_wait(p, 5000, &status, &t->err);
	ctr_process_free(p);
	return status;
}

#endif

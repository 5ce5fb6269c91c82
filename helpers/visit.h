/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VISIT_H
#define VISIT_H

#include "supervisor.h"

/*
 * With Init=none PID 1 starts nothing: what is started later enters by the namespaces.
 *
 * A child of the supervisor executes container-init outside, which goes through the door, enters
 * all namespaces and makes a sibling there (init_visit()): the first that anybody inside can see of
 * it is a process in all its namespaces and groups, without a byte of the supervisor's memory. Its
 * other walls it puts on when it hears what to become.
 */

/**
 * visit - make a process in the container that waits for the `start` of who has the other end
 * @p: of parent_open(); pid and pidfd are filled. It is this process's child; waited for by __WALL
 * @report: the process's end of p->report
 *
 * The caller holds the container's lock. On failure p->pid is 0, or the negative of a process group
 * that has been killed and whose end is to be waited for.
 */
int visit(struct supervisor *s, struct parent *p, int report,
	  struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

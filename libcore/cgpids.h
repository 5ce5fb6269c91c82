/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGPIDS_H
#define CGPIDS_H

#include "cg.h"

/* The processes of a container's groups. */

/** struct cgpids - host pids, ascending and unique after cgpids_read(); free v */
struct cgpids {
	pid_t *v;
	size_t n, max;
};
void cgpids_done(struct cgpids *pids);
#define autocgpids __attribute__((cleanup(cgpids_done)))

/**
 * cgpids_read - members of the groups and of those below
 * @all: of every hierarchy, since a process may be on its way in; else of the one that freezes
 *
 * Groups that are not there hold nobody. 0, -errno.
 */
int cgpids_read(const struct cg *cg, bool all, struct cgpids *ret) ATTR_WARN_UNUSED;

/**
 * cgpids_send - signal one process if it is a member now
 *
 * By pidfd that is taken before membership is read, so that a recycled pid is never hit. A process
 * that is gone or elsewhere is fine.
 */
int cgpids_send(const struct cg *cg, pid_t pid, int sig) ATTR_WARN_UNUSED;

/** cgpids_add_text - append the numbers of a cgroup.procs file; pure. 0 is skipped: a process that
 * this PID namespace cannot see. -EBADMSG, -ENOMEM */
int cgpids_add_text(struct cgpids *pids, const char *text) ATTR_WARN_UNUSED;

/** cgpids_sort - ascending, unique; pure */
void cgpids_sort(struct cgpids *pids);

#endif

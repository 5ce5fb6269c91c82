/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROCS_H
#define PROCS_H

#include "ctl.h"

/* Processes of containers as a table, for `containermon ps` and `containerctl status`. */

extern const struct table_model procs_model;

/** procs_add - a row for each process of a container. 0, -errno with err filled */
int procs_add(struct table *t, const char *id, struct ctr_container *c,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

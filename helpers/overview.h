/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OVERVIEW_H
#define OVERVIEW_H

#include "ctl.h"

/* What list and show know of a container: one set of columns, and how they are found. */

extern const struct table_model overview_model;

/** overview_add - a row for a container that was loaded; figures that cannot be read are absent */
void overview_add(struct table *t, struct ctr_container *c, const struct ctr_info *info);

/**
 * overview_add_unread - a row for one whose record cannot be read
 *
 * busy: because it is being made, restored or removed, which takes its lock
 */
void overview_add_unread(struct table *t, const char *id, bool busy);

/** overview_colour - of a state */
const char *overview_colour(const char *state);

#endif

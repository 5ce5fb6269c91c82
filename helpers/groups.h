/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GROUPS_H
#define GROUPS_H

#include "err.h"
#include "match.h"

/* The groups of who logs in, from the host's NSS (MUST-7); asked only when a rule wants them. */

/**
 * groups_find - fill gids, ngids and groups of the facts by their user and gid
 *
 * -ENOMEM; -E2BIG for more than 65536. Release with groups_done().
 */
int groups_find(struct match_facts *f, struct ctr_error *err) ATTR_WARN_UNUSED;

/** groups_done - release what groups_find() found; fine without */
void groups_done(struct match_facts *f);

#endif

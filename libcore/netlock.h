/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NETLOCK_H
#define NETLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"

/*
 * As long as connections to the outside are on disk, a table of nftables that CRIU has made drops
 * their packets, so that the host does not answer them with a reset. CRIU removes it at the
 * restore; when there is none, it is for us to remove (MUST-9).
 */

enum { NETLOCK_RUN = 37 }; /* of a UUID, with its end */

/** netlock_run - the ID of a dump, in what CRIU calls inventory.img; false: none is in there. Pure
 */
bool netlock_run(const char *data, size_t len, char ret[NETLOCK_RUN]);

/**
 * netlock_find - the name of a run's table, in the output of "list tables inet"; NULL. Pure
 * @run: NULL: of any run
 * @ret_len: how long it is
 *
 * CRIU up to 4.1 cuts the ID: "CRIU-" and at least its first 18 characters.
 */
const char *netlock_find(const char *tables, const char *run, size_t *ret_len);

/**
 * netlock_release - remove the table of a checkpoint that will not be restored
 * @dirfd: its folder
 *
 * Does nothing where there is none. What fails shows in the tables alone.
 */
void netlock_release(int dirfd);

/**
 * netlock_open - remove a table of CRIU's from the network of a container that goes on
 * @netns: its own, nobody else's
 *
 * A criu that was killed has left it, and no packet would pass any more (MUST-9).
 */
void netlock_open(int netns);

#endif

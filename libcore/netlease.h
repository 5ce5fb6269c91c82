/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NETLEASE_H
#define NETLEASE_H

#include "err.h"
#include "netaddr.h"

/*
 * Which container has which address: links ADDRESS%BRIDGE to the container's ID in the folder
 * `leases` of the state root. One whose container has no folder any more is nobody's.
 */

enum { NETLEASE_KEY = NETADDR_TEXT + 16 };

/** netlease_open - the folder, made when absent, and locked as long as it is open. May wait */
int netlease_open(int rootfd, struct ctr_error *err) ATTR_WARN_UNUSED;

/** netlease_key - name of the lease of an address on a bridge, or NULL for none */
void netlease_key(const struct netaddr *a, const char *bridge, char ret[NETLEASE_KEY]);

/** netlease_holder - who has it: 0, -ENOENT for nobody, -errno. holder may be NULL */
int netlease_holder(int rootfd, int dirfd, const char *key, char holder[65]) ATTR_WARN_UNUSED;

/** netlease_take - give it to a container. -EADDRINUSE with CTR_E_CONFIG when another has it */
int netlease_take(int rootfd, int dirfd, const char *key, const char *id,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** netlease_release - all of a container; with NULL, of all that are gone. No folder is fine */
int netlease_release(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

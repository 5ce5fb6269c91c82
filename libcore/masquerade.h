/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MASQUERADE_H
#define MASQUERADE_H

#include "veth.h"

/*
 * Masquerade=: what a container sends past its bridge has the host's address. A table of nftables
 * for each container, in the network namespace that the caller is in. For a child with a deadline.
 */

enum { MASQUERADE_TABLE = 32 };

/** masquerade_wanted - does one of the networks ask for it? Pure */
bool masquerade_wanted(const struct veth *v, size_t n) ATTR_PURE;

/** masquerade_table - name of the table of who has this alias (see struct veth_place). Pure */
void masquerade_table(const char *alias, char ret[MASQUERADE_TABLE]);

/** masquerade_rules - what nft(8) is told; free(*ret). Pure. 0, -ENOMEM */
int masquerade_rules(const struct veth *v, size_t n, const char *alias,
		     char **ret) ATTR_WARN_UNUSED;

/** masquerade_check - before anything is made: -EINVAL when the host does not forward packets */
int masquerade_check(const struct veth *v, size_t n, struct ctr_error *err) ATTR_WARN_UNUSED;

/** masquerade_make - the table; on failure there is none. Errors as of nftlib_run() */
int masquerade_make(const struct veth *v, size_t n, const char *alias,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** masquerade_remove - the table; one that is gone is fine */
int masquerade_remove(const char *alias, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

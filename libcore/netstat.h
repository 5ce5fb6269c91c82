/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NETSTAT_H
#define NETSTAT_H

#include "network.h"
#include "pamcontainer.h"

/* Figures of a container's interfaces as their host's ends count them. */

/**
 * netstat_swap - take the figures of the host's ends from a /proc/net/dev of the host
 *
 * What the host's end sends the container receives. An end that is not in the text leaves what
 * there is of its interface, counted inside.
 */
void netstat_swap(const char *text, const struct network_note *note, struct ctr_stats *ret);

/** netstat_read - the same by the note in a container's folder; no note: nothing */
int netstat_read(int dirfd, struct ctr_stats *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

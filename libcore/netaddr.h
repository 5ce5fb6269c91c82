/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NETADDR_H
#define NETADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "attr.h"

/* IP addresses as numbers: text, networks, the free one of a pool. No effects. */

enum { NETADDR_TEXT = 64 };

/** struct netaddr - an address, and the length of its network's prefix */
struct netaddr {
	int family; /* AF_INET, AF_INET6 */
	unsigned int bits;
	unsigned char b[16]; /* network order; IPv4 has four of them */
};

/** netaddr_max - bits of an address: 32 or 128 */
unsigned int netaddr_max(const struct netaddr *a) ATTR_PURE;

/** netaddr_parse - "ADDRESS[/BITS]"; bits are all without. 0, -EINVAL */
int netaddr_parse(const char *s, struct netaddr *ret) ATTR_WARN_UNUSED;

/** netaddr_format - back, as the kernel writes it */
void netaddr_format(const struct netaddr *a, bool with_bits, char ret[NETADDR_TEXT]);

/** netaddr_equal - the same address; bits do not count */
bool netaddr_equal(const struct netaddr *a, const struct netaddr *b) ATTR_PURE;

/** netaddr_contains - is a in the network that net is in? */
bool netaddr_contains(const struct netaddr *net, const struct netaddr *a) ATTR_PURE;

/** netaddr_is_pool - are all bits of the host's part 0, and are there two at least? */
bool netaddr_is_pool(const struct netaddr *a) ATTR_PURE;

/** netaddr_is_host - may a host have it: not multicast, loopback, unspecified, all-ones */
bool netaddr_is_host(const struct netaddr *a) ATTR_PURE;

/** netaddr_hosts - how many addresses of a pool are given out: from 1 on, at most 2^20 */
uint32_t netaddr_hosts(const struct netaddr *pool) ATTR_PURE;

/** netaddr_nth - address n of a pool, from 1 to netaddr_hosts() */
struct netaddr netaddr_nth(const struct netaddr *pool, uint32_t n) ATTR_PURE;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "num.h"
#include "str.h"

enum { HOST_BITS_MAX = 20 };

unsigned int netaddr_max(const struct netaddr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

int netaddr_parse(const char *s, struct netaddr *ret)
{
	struct netaddr a = {.family = strchr(s, ':') ? AF_INET6 : AF_INET};
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	char text[INET6_ADDRSTRLEN];
	int bits = (int)netaddr_max(&a);

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(a.family, text, a.b) != 1)
		return -EINVAL;
	if (slash && num_int_in(slash + 1, 0, bits, &bits) < 0)
		return -EINVAL;
	a.bits = (unsigned int)bits;
	*ret = a;
	return 0;
}

void netaddr_format(const struct netaddr *a, bool with_bits, char ret[NETADDR_TEXT])
{
	char text[INET6_ADDRSTRLEN];

	(void)inet_ntop(a->family, a->b, text, sizeof(text)); /* large enough for both */
	if (with_bits)
		(void)!str_format(ret, NETADDR_TEXT, "%s/%u", text, a->bits);
	else
		(void)!str_copy(ret, NETADDR_TEXT, text);
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned int bits)
{
	unsigned char mask = (unsigned char)(0xff00 >> (bits % 8));

	return memcmp(a, b, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0);
}

bool netaddr_equal(const struct netaddr *a, const struct netaddr *b)
{
	return a->family == b->family && same_bits(a->b, b->b, netaddr_max(a));
}

bool netaddr_contains(const struct netaddr *net, const struct netaddr *a)
{
	return a->family == net->family && same_bits(net->b, a->b, net->bits);
}

/* Are all bits of the host's part the same as in this byte? */
static bool host_part_is(const struct netaddr *a, unsigned char byte)
{
	for (unsigned int i = a->bits; i < netaddr_max(a); i++)
		if ((a->b[i / 8] ^ byte) & (0x80 >> (i % 8)))
			return false;
	return true;
}

bool netaddr_is_pool(const struct netaddr *a)
{
	return a->bits + 2 <= netaddr_max(a) && host_part_is(a, 0);
}

bool netaddr_is_host(const struct netaddr *a)
{
	static const struct netaddr v4_loopback = {AF_INET, 8, {127}}, v4_this = {AF_INET, 8, {0}},
				    v4_multicast = {AF_INET, 3, {224}},
				    v6_multicast = {AF_INET6, 8, {0xff}},
				    v6_low = {AF_INET6, 120, {0}}, /* ::, ::1 */
	    v6_mapped = {AF_INET6, 96, {[10] = 0xff, [11] = 0xff}};
	const struct netaddr *never[] = {&v4_loopback,	&v4_this, &v4_multicast,
					 &v6_multicast, &v6_low,  &v6_mapped};

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (netaddr_contains(never[i], a))
			return false;
	/* the broadcast address; networks of one or two hosts have none (RFC 3021) */
	return a->family == AF_INET6 || a->bits + 2 > 32 || !host_part_is(a, 0xff);
}

uint32_t netaddr_hosts(const struct netaddr *pool)
{
	unsigned int bits = netaddr_max(pool) - pool->bits;

	return (UINT32_C(1) << (bits < HOST_BITS_MAX ? bits : HOST_BITS_MAX)) - 2;
}

struct netaddr netaddr_nth(const struct netaddr *pool, uint32_t n)
{
	struct netaddr a = *pool;

	for (unsigned int i = netaddr_max(pool) / 8; n > 0; n >>= 8)
		a.b[--i] |= (unsigned char)n;
	return a;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netconf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "num.h"
#include "path.h"
#include "spec.h"

static const char *const private_words[] = {"no", "loopback", "veth", NULL};

bool netconf_is(int type)
{
	return type == PARSE_NET || type == PARSE_INTERFACE || type == PARSE_MAC;
}

/* dev_valid_name() of the kernel, and what ip(8) and sysctl(8) have a meaning of their own for */
static bool is_interface(const char *s)
{
	static const char *const taken[] = {"lo", "all", "default", ".", ".."};
	size_t n = strlen(s);

	if (n == 0 || n >= NETCONF_NAME || s[0] == '-')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (strcmp(s, taken[i]) == 0)
			return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-", *s))
			return false;
	return true;
}

int netconf_check_name(const char *name, struct ctr_error *err)
{
	if (is_interface(name))
		return 0;
	return parse_bad(err, "interface (1 to 15 of A-Z a-z 0-9 _ . -)", name, NULL);
}

static int read_interface(const struct parse_in *in, struct ctr_error *err)
{
	autofree char *name = NULL;
	int r = expand_specifiers(in->value, in->who, &name, err);

	if (r == 0)
		r = netconf_check_name(name, err);
	if (r < 0)
		return r;
	if (!in->who) {
		free(name);
		name = strdup(in->value);
	}
	if (!name)
		return err_sys(err, ENOMEM, "config", "read interface");
	free(*(char **)in->field);
	*(char **)in->field = take_ptr(name);
	return 0;
}

int netconf_read_mac(const char *s, unsigned char ret[NETCONF_MAC])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[NETCONF_MAC], any = 0;

	for (size_t i = 0; i < NETCONF_MAC; i++) {
		const char *hi = *s ? strchr(digits, tolower((unsigned char)*s++)) : NULL;
		const char *lo = hi && *s ? strchr(digits, tolower((unsigned char)*s++)) : NULL;

		if (!lo || *s != (i + 1 < NETCONF_MAC ? ':' : '\0'))
			return -EINVAL;
		if (*s)
			s++;
		mac[i] = (unsigned char)((hi - digits) << 4 | (lo - digits));
		any |= mac[i];
	}
	if (!any || (mac[0] & 1)) /* a group's, not a station's */
		return -EINVAL;
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

static int read_mac(const struct parse_in *in, struct ctr_error *err)
{
	unsigned char mac[NETCONF_MAC];
	char *copy;

	if (netconf_read_mac(in->value, mac) < 0)
		return parse_bad(err, "hardware address (02:00:00:00:00:01)", in->value, NULL);
	copy = strdup(in->value);
	if (!copy)
		return err_sys(err, ENOMEM, "config", "read hardware address");
	free(*(char **)in->field);
	*(char **)in->field = copy;
	return 0;
}

static int read_private(const struct parse_in *in, struct ctr_error *err)
{
	struct spec *s = in->base;
	const char *near;

	for (int i = 0; private_words[i]; i++) {
		if (strcmp(private_words[i], in->value) == 0) {
			netconf_reset(in);
			s->net = i;
			return 0;
		}
	}
	if (path_is_clean(in->value) && in->value[1]) {
		char *copy = strdup(in->value);

		if (!copy)
			return err_sys(err, ENOMEM, "config", "read path");
		netconf_reset(in);
		s->net = SPEC_NET_PATH;
		s->net_path = copy;
		return 0;
	}
	near = parse_suggest(in->value, private_words);
	return parse_bad(err,
			 near ? "value" : "value; it takes one of no, loopback, veth, or a path:",
			 in->value, near);
}

int netconf_parse(const struct parse_in *in, struct ctr_error *err)
{
	if (in->type == PARSE_NET)
		return read_private(in, err);
	return in->type == PARSE_MAC ? read_mac(in, err) : read_interface(in, err);
}

void netconf_reset(const struct parse_in *in)
{
	struct spec *s = in->base;
	char **text = in->type == PARSE_NET ? &s->net_path : in->field;

	free(*text);
	*text = NULL;
	if (in->type == PARSE_NET)
		s->net = SPEC_NET_HOST;
}

bool netconf_address_is_valid(const char *s)
{
	struct netaddr a;

	if (!strchr(s, '/') || netaddr_parse(s, &a) < 0 || a.bits == 0)
		return false;
	if (netaddr_is_pool(&a))
		a = netaddr_nth(&a, 1);
	return netaddr_is_host(&a);
}

bool netconf_gateway_is_valid(const char *s)
{
	struct netaddr a;

	return !strchr(s, '/') && netaddr_parse(s, &a) == 0 && netaddr_is_host(&a);
}

static int read_route_word(const char *what, const char *value, struct netconf_route *ret)
{
	int metric;

	if (strcmp(what, "via") == 0 && !ret->via.family && netconf_gateway_is_valid(value))
		return netaddr_parse(value, &ret->via);
	if (strcmp(what, "src") == 0 && !ret->src.family && netconf_gateway_is_valid(value))
		return netaddr_parse(value, &ret->src);
	if (strcmp(what, "metric") == 0 && !ret->metric &&
	    num_int_in(value, 1, 0x7fffffff, &metric) == 0) {
		ret->metric = (uint32_t)metric;
		return 0;
	}
	return -EINVAL;
}

/* "default" has the family of the gateway */
static int read_destination(const char *s, struct netconf_route *ret)
{
	struct netaddr net;

	if (strcmp(s, "default") == 0) {
		ret->to = (struct netaddr){.family = ret->via.family ? ret->via.family : AF_INET};
		return 0;
	}
	if (netaddr_parse(s, &ret->to) < 0)
		return -EINVAL;
	net = ret->to;
	if (net.bits == netaddr_max(&net))
		return netaddr_is_host(&net) ? 0 : -EINVAL;
	/* a destination with bits of a host is a slip of the pen; the kernel refuses it too */
	for (unsigned int i = net.bits; i < netaddr_max(&net); i++)
		if (net.b[i / 8] & (0x80 >> (i % 8)))
			return -EINVAL;
	return 0;
}

int netconf_read_route(const char *s, struct netconf_route *ret)
{
	autostrv struct strv words = {0};
	struct netconf_route route = {0};
	int r = strv_split(&words, s, " \t");

	if (r == 0 && words.n % 2 == 0)
		r = -EINVAL;
	for (size_t i = 1; r == 0 && i < words.n; i += 2)
		r = read_route_word(words.v[i], words.v[i + 1], &route);
	if (r == 0)
		r = read_destination(words.v[0], &route);
	if (r == 0 && ((route.via.family && route.via.family != route.to.family) ||
		       (route.src.family && route.src.family != route.to.family)))
		r = -EINVAL;
	if (r == 0)
		*ret = route;
	return r;
}

static int bad(struct ctr_error *err, const struct spec_link *l, const char *text)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "network %s: %s", l->name, text);
}

/* The kernel would refuse it too, but then the container is half made. */
static bool is_reachable(const struct spec_link *l, const struct netaddr *to)
{
	static const struct netaddr link_local = {AF_INET6, 10, {0xfe, 0x80}};
	struct netaddr a;

	for (size_t i = 0; i < l->address.n; i++)
		if (netaddr_parse(l->address.v[i], &a) == 0 && netaddr_contains(&a, to))
			return true;
	return netaddr_contains(&link_local, to);
}

static bool is_ours(const struct spec_link *l, const struct netaddr *gateway)
{
	struct netaddr a;

	for (size_t i = 0; i < l->address.n; i++)
		if (netaddr_parse(l->address.v[i], &a) == 0 && netaddr_equal(&a, gateway))
			return true;
	return false;
}

static int check_gateways(const struct spec_link *l, struct ctr_error *err)
{
	int families[2] = {0, 0};

	for (size_t i = 0; i < l->gateway.n; i++) {
		struct netaddr g;

		if (netaddr_parse(l->gateway.v[i], &g) < 0)
			return bad(err, l, "bad Gateway=");
		if (families[g.family == AF_INET6]++)
			return bad(err, l, "more than one Gateway= of a kind");
		if (!is_reachable(l, &g))
			return bad(err, l, "Gateway= is in no network of Address=");
		if (is_ours(l, &g))
			return bad(err, l, "Gateway= is the container's own Address=");
	}
	return 0;
}

static int check_routes(const struct spec_link *l, struct ctr_error *err)
{
	for (size_t i = 0; i < l->route.n; i++) {
		struct netconf_route route;

		if (netconf_read_route(l->route.v[i], &route) < 0)
			return bad(err, l, "bad Route=");
		if (route.via.family && !is_reachable(l, &route.via))
			return bad(err, l, "Route= leads over a gateway in no network of Address=");
		if (route.src.family && !is_reachable(l, &route.src))
			return bad(err, l, "Route= has a source in no network of Address=");
	}
	return 0;
}

static int check_names(const struct spec *s, size_t i, struct ctr_error *err)
{
	const struct spec_link *l = spec_link(s, i), *other;

	for (size_t k = 0; k < i; k++) {
		other = spec_link(s, k);
		if (strcmp(l->name, other->name) == 0)
			return bad(err, l, "there are two of this name");
		if (l->host_interface && str_equal(l->host_interface, other->host_interface))
			return bad(err, l, "HostInterface= is another network's too");
	}
	return 0;
}

static bool is_empty(const struct spec_link *l)
{
	return !l->bridge && !l->host_interface && !l->mac && !l->address.n && !l->gateway.n &&
	       !l->route.n && l->mtu == SPEC_UNSET && l->txqlen == SPEC_UNSET && !l->hairpin &&
	       !l->masquerade;
}

int netconf_check(const struct spec *s, struct ctr_error *err)
{
	const struct spec_link *l;
	int r = 0;

	if (s->net != SPEC_NET_VETH && (s->n_more_links || !is_empty(&s->link)))
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "keys of [Network] are given that need Private=veth");
	for (size_t i = 0; r == 0 && s->net == SPEC_NET_VETH && (l = spec_link(s, i)); i++) {
		r = check_names(s, i, err);
		if (r == 0)
			r = check_gateways(l, err);
		if (r == 0)
			r = check_routes(l, err);
		if (r == 0 && l->hairpin && !l->bridge)
			r = bad(err, l, "Hairpin= needs Bridge=");
		if (r == 0 && l->masquerade && !l->address.n)
			r = bad(err, l, "Masquerade= needs Address=");
	}
	return r;
}

void netconf_host_name(const char *id, const char *link, char ret[NETCONF_NAME])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	char text[128];
	uint64_t hash;
	size_t n = 3;

	if (!link && str_format(ret, NETCONF_NAME, "ve-%s", id) == 0)
		return;
	(void)!str_format(text, sizeof(text), "%s/%s", id, link ? link : ""); /* 64 and 15 */
	hash = str_hash(text);
	(void)!str_copy(ret, NETCONF_NAME, "ve-");
	for (; n < NETCONF_NAME - 1; hash >>= 5)
		ret[n++] = digits[hash & 31];
	ret[n] = '\0';
}

void netconf_make_mac(const char *id, const char *link, unsigned char ret[NETCONF_MAC])
{
	char text[128];
	uint64_t hash;

	(void)!str_format(text, sizeof(text), "mac/%s/%s", id, link); /* 64 and 15 */
	hash = str_hash(text);
	for (size_t i = 0; i < NETCONF_MAC; i++, hash >>= 8)
		ret[i] = (unsigned char)hash;
	ret[0] = (unsigned char)((ret[0] & 0xfc) | 2); /* one station's, given out locally */
}

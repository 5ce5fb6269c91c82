/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "veth.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <netlink/errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"
#include "str.h"

/* ---- objects of libnl, which go when their scope ends ---- */

struct held {
	const struct nllib *l;
	void *object;
};

static void put_link(struct held *h)
{
	if (h->object)
		h->l->link_put(h->object);
}

static void put_addr(struct held *h)
{
	if (h->object)
		h->l->addr_put(h->object);
}

#define autolink  __attribute__((cleanup(put_link), unused)) /* clang: never read */
#define autoladdr __attribute__((cleanup(put_addr), unused))

static struct nl_addr *make_addr(const struct nllib *l, const struct netaddr *a)
{
	struct nl_addr *addr = l->addr_build(a->family, a->b, netaddr_max(a) / 8);

	if (addr)
		l->addr_set_prefixlen(addr, (int)a->bits);
	return addr;
}

static int no_memory(struct ctr_error *err)
{
	return err_sys(err, ENOMEM, "network", "describe an interface");
}

/* ---- before ---- */

static int check_bridge(const struct nllib *l, struct nl_sock *host, const struct veth *v,
			struct ctr_error *err)
{
	struct rtnl_link *found = NULL;
	const char *name = v->conf->bridge, *type;
	int r = name ? l->link_get(host, 0, name, &found) : 0;
	autolink struct held h = {l, found};

	if (!name)
		return 0;
	if (r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND)
		return err_set(err, CTR_E_CONFIG, ENODEV, "network", "bridge %s is not there",
			       name);
	if (r < 0)
		return nllib_fail(l, err, r, "look for bridge %s", name);
	type = l->link_get_type(found);
	if (!str_equal(type, "bridge"))
		return err_set(err, CTR_E_CONFIG, EINVAL, "network", "%s is no bridge", name);
	return 0;
}

int veth_check(const struct nllib *l, struct nl_sock *host, const struct veth *v,
	       struct ctr_error *err)
{
	struct rtnl_link *found = NULL;
	int r = l->link_get(host, 0, v->host, &found);
	autolink struct held h = {l, found};

	if (r == 0)
		return err_set(err, CTR_E_CONFIG, EEXIST, "network",
			       "the host has an interface %s already", v->host);
	if (r != -NLE_NODEV && r != -NLE_OBJ_NOTFOUND)
		return nllib_fail(l, err, r, "look for interface %s", v->host);
	return check_bridge(l, host, v, err);
}

/* ---- the pair ---- */

static void set_common(const struct nllib *l, const struct veth *v, struct rtnl_link *link)
{
	if (v->conf->mtu != SPEC_UNSET)
		l->link_set_mtu(link, (unsigned int)v->conf->mtu);
	if (v->conf->txqlen != SPEC_UNSET)
		l->link_set_txqlen(link, (unsigned int)v->conf->txqlen);
}

/*
 * The host's end gets the highest address: a bridge without one of its own takes the lowest of its
 * ports, and must not change it as containers come and go.
 */
static int add_pair(const struct nllib *l, const struct veth_place *where, const struct veth *v,
		    struct ctr_error *err)
{
	unsigned char outer[NETCONF_MAC];
	autolink struct held link = {l, l->veth_alloc()};
	autolink struct held peer = {l, link.object ? l->veth_get_peer(link.object) : NULL};
	autoladdr struct held mac = {l, l->addr_build(AF_LLC, v->mac, NETCONF_MAC)};
	autoladdr struct held outer_mac = {l, NULL};
	int r;

	memcpy(outer, v->mac, sizeof(outer));
	outer[0] = 0xfe;
	outer_mac.object = l->addr_build(AF_LLC, outer, NETCONF_MAC);
	if (!link.object || !peer.object || !mac.object || !outer_mac.object)
		return no_memory(err);
	l->link_set_name(link.object, v->host);
	l->link_set_addr(link.object, outer_mac.object);
	set_common(l, v, link.object);
	l->link_set_name(peer.object, v->conf->name);
	l->link_set_addr(peer.object, mac.object);
	l->link_set_ns_fd(peer.object, where->netns);
	set_common(l, v, peer.object);
	r = l->link_add(where->host, link.object, NLM_F_CREATE | NLM_F_EXCL);
	if (r == -NLE_EXIST)
		return err_set(err, CTR_E_CONFIG, EEXIST, "network",
			       "the host has an interface %s already, or the container one %s",
			       v->host, v->conf->name);
	return r < 0 ? nllib_fail(l, err, r, "make interfaces %s and %s", v->host, v->conf->name)
		     : 0;
}

static int index_of(const struct nllib *l, struct nl_sock *sock, const char *name, int *ret,
		    struct ctr_error *err)
{
	struct rtnl_link *found = NULL;
	int r = l->link_get(sock, 0, name, &found);
	autolink struct held h = {l, found};

	if (r < 0)
		return nllib_fail(l, err, r, "find interface %s", name);
	*ret = l->link_get_ifindex(found);
	return 0;
}

static int change(const struct nllib *l, struct nl_sock *sock, int index, struct rtnl_link *to)
{
	autolink struct held which = {l, l->link_alloc()};

	if (!which.object)
		return -NLE_NOMEM;
	l->link_set_ifindex(which.object, index);
	return l->link_change(sock, which.object, to, 0);
}

static int set_hairpin(const struct nllib *l, struct nl_sock *host, int index)
{
	autolink struct held port = {l, l->link_alloc()};
	int r;

	if (!port.object)
		return -NLE_NOMEM;
	l->link_set_family(port.object, AF_BRIDGE);
	l->link_set_ifindex(port.object, index);
	r = l->bridge_set_flags(port.object, RTNL_BRIDGE_HAIRPIN_MODE);
	return r < 0 ? r : l->link_change(host, port.object, port.object, 0);
}

/*
 * Who can send from the container could make himself the host's router (RFC 4861, 6.2). Of a
 * bridge it is the bridge's own accept_ra that counts.
 */
static int refuse_routers(const struct veth *v, struct ctr_error *err)
{
	char path[128];
	int r = str_format(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", v->host);

	if (r == 0)
		r = fd_write_file_at(AT_FDCWD, path, "0");
	return r < 0 && r != -ENOENT ? err_sys(err, r, "network", "write %s", path) : 0;
}

static int dress_host(const struct nllib *l, const struct veth_place *where, const struct veth *v,
		      struct ctr_error *err)
{
	autolink struct held to = {l, l->link_alloc()};
	int index, master = 0, r = index_of(l, where->host, v->host, &index, err);

	if (r == 0 && v->conf->bridge)
		r = index_of(l, where->host, v->conf->bridge, &master, err);
	if (r < 0)
		return r;
	if (!to.object)
		return no_memory(err);
	l->link_set_alias(to.object, where->alias);
	if (!where->held)
		l->link_set_flags(to.object, IFF_UP);
	if (master)
		l->link_set_master(to.object, master);
	r = change(l, where->host, index, to.object);
	if (r < 0)
		return nllib_fail(l, err, r, "put interface %s up%s%s", v->host,
				  master ? " in bridge " : "", master ? v->conf->bridge : "");
	r = v->conf->hairpin ? set_hairpin(l, where->host, index) : 0;
	return r < 0 ? nllib_fail(l, err, r, "set hairpin mode of %s", v->host) : 0;
}

static int delete (const struct nllib *l, struct nl_sock *host, const char *name)
{
	autolink struct held link = {l, l->link_alloc()};

	if (!link.object)
		return -NLE_NOMEM;
	l->link_set_name(link.object, name);
	return l->link_delete(host, link.object);
}

int veth_make(const struct nllib *l, const struct veth_place *where, const struct veth *v,
	      struct ctr_error *err)
{
	int r = add_pair(l, where, v, err);

	if (r < 0)
		return r;
	r = refuse_routers(v, err);
	if (r == 0)
		r = dress_host(l, where, v, err);
	if (r < 0)
		(void)delete (l, where->host,
			      v->host); /* made just now; it goes with the other end */
	return r;
}

int veth_up(const struct nllib *l, struct nl_sock *host, const char *name, const char *alias,
	    struct ctr_error *err)
{
	struct rtnl_link *found = NULL;
	int r = l->link_get(host, 0, name, &found);
	autolink struct held h = {l, found}, to = {l, l->link_alloc()};

	if (r == 0 && !to.object)
		return no_memory(err);
	if (r == 0 && !str_equal(l->link_get_alias(found), alias))
		r = -NLE_NODEV;
	if (r == 0) {
		l->link_set_flags(to.object, IFF_UP);
		r = change(l, host, l->link_get_ifindex(found), to.object);
	}
	return r < 0 ? nllib_fail(l, err, r, "put interface %s up", name) : 0;
}

int veth_remove(const struct nllib *l, struct nl_sock *host, const char *name, const char *alias,
		struct ctr_error *err)
{
	struct rtnl_link *found = NULL;
	int r = l->link_get(host, 0, name, &found);
	autolink struct held h = {l, found};

	if (r == 0 && str_equal(l->link_get_alias(found), alias))
		r = l->link_delete(host, found);
	if (r < 0 && r != -NLE_NODEV && r != -NLE_OBJ_NOTFOUND)
		return nllib_fail(l, err, r, "remove interface %s", name);
	return 0;
}

/* ---- inside ---- */

/* No duplicate detection (RFC 4862, 5.4): its second is too long, and who has what is known. */
static int add_address(const struct nllib *l, struct nl_sock *inside, int index,
		       const struct netaddr *a)
{
	autoladdr struct held local = {l, make_addr(l, a)};
	struct rtnl_addr *addr = l->ifaddr_alloc();
	int r = addr && local.object ? 0 : -NLE_NOMEM;

	if (r == 0) {
		l->ifaddr_set_ifindex(addr, index);
		r = l->ifaddr_set_local(addr, local.object);
	}
	if (r == 0 && a->family == AF_INET6)
		l->ifaddr_set_flags(addr, IFA_F_NODAD);
	if (r == 0)
		r = l->ifaddr_add(inside, addr, 0);
	if (addr)
		l->ifaddr_put(addr);
	return r;
}

/* The route owns its hop once that was added. */
static int describe_route(const struct nllib *l, int index, const struct netconf_route *from,
			  struct rtnl_route *to)
{
	struct rtnl_nexthop *hop = l->nh_alloc();
	autoladdr struct held dst = {l, make_addr(l, &from->to)};
	autoladdr struct held via = {l, from->via.family ? make_addr(l, &from->via) : NULL};
	autoladdr struct held src = {l, from->src.family ? make_addr(l, &from->src) : NULL};
	int r;

	if (!hop || !dst.object || (from->via.family && !via.object) ||
	    (from->src.family && !src.object)) {
		free(hop); /* rtnl_route_nh_free() does nothing more for one without gateway */
		return -NLE_NOMEM;
	}
	l->nh_set_ifindex(hop, index);
	if (via.object)
		l->nh_set_gateway(hop, via.object);
	l->route_add_nexthop(to, hop);
	r = l->route_set_dst(to, dst.object);
	if (r == 0 && src.object)
		r = l->route_set_pref_src(to, src.object);
	if (from->metric)
		l->route_set_priority(to, from->metric);
	return r;
}

static int add_route(const struct nllib *l, struct nl_sock *inside, int index,
		     const struct netconf_route *route)
{
	struct rtnl_route *to = l->route_alloc();
	int r = to ? describe_route(l, index, route, to) : -NLE_NOMEM;

	if (r == 0)
		r = l->route_add(inside, to, NLM_F_EXCL);
	if (to)
		l->route_put(to);
	return r;
}

static int add_gateway(const struct nllib *l, struct nl_sock *inside, int index, const char *text)
{
	struct netconf_route route = {0};

	if (netaddr_parse(text, &route.via) < 0)
		return -NLE_INVAL;
	route.to.family = route.via.family;
	return add_route(l, inside, index, &route);
}

static int add_routes(const struct nllib *l, struct nl_sock *inside, int index,
		      const struct veth *v, struct ctr_error *err)
{
	const struct spec_link *conf = v->conf;
	struct netconf_route route;
	int r;

	for (size_t i = 0; i < conf->gateway.n; i++) {
		r = add_gateway(l, inside, index, conf->gateway.v[i]);
		if (r < 0)
			return nllib_fail(l, err, r, "network %s: set the gateway %s", conf->name,
					  conf->gateway.v[i]);
	}
	for (size_t i = 0; i < conf->route.n; i++) {
		r = netconf_read_route(conf->route.v[i], &route) < 0 ? -NLE_INVAL : 0;
		if (r == 0)
			r = add_route(l, inside, index, &route);
		if (r < 0)
			return nllib_fail(l, err, r, "network %s: set the route %s", conf->name,
					  conf->route.v[i]);
	}
	return 0;
}

int veth_configure(const struct nllib *l, struct nl_sock *inside, const struct veth *v,
		   struct ctr_error *err)
{
	autolink struct held up = {l, l->link_alloc()};
	int index, r = index_of(l, inside, v->conf->name, &index, err);

	if (r < 0)
		return r;
	if (!up.object)
		return no_memory(err);
	l->link_set_flags(up.object, IFF_UP);
	r = change(l, inside, index, up.object);
	if (r < 0)
		return nllib_fail(l, err, r, "network %s: put it up", v->conf->name);
	for (size_t i = 0; i < v->n_address; i++) {
		char text[NETADDR_TEXT];

		r = add_address(l, inside, index, &v->address[i]);
		netaddr_format(&v->address[i], true, text);
		if (r < 0)
			return nllib_fail(l, err, r, "network %s: set the address %s",
					  v->conf->name, text);
	}
	return add_routes(l, inside, index, v, err);
}

/* ---- who has what ---- */

static bool take_address(const struct nllib *l, struct nl_object *o, struct netaddr *ret)
{
	struct nl_addr *local = l->ifaddr_get_local((struct rtnl_addr *)o);
	int family = local ? l->addr_get_family(local) : 0;

	if (family != AF_INET && family != AF_INET6)
		return false;
	*ret = (struct netaddr){.family = family};
	ret->bits = netaddr_max(ret);
	memcpy(ret->b, l->addr_get_binary(local), ret->bits / 8);
	return true;
}

int veth_host_addresses(const struct nllib *l, struct nl_sock *host, struct netaddr **ret,
			size_t *ret_n, struct ctr_error *err)
{
	autofree struct netaddr *list = NULL;
	struct nl_cache *cache = NULL;
	size_t n = 0;
	int r = l->ifaddr_cache(host, &cache);

	if (r < 0)
		return nllib_fail(l, err, r, "list the host's addresses");
	for (struct nl_object *o = l->cache_first(cache); r == 0 && o; o = l->cache_next(o)) {
		struct netaddr *more = reallocarray(list, n + 1, sizeof(*more));

		if (!more)
			r = no_memory(err);
		else if (take_address(l, o, &(list = more)[n]))
			n++;
	}
	l->cache_free(cache);
	if (r < 0)
		return r;
	*ret = take_ptr(list);
	*ret_n = n;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nllib.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "str.h"

enum { CORE, ROUTE };

static const struct {
	int lib;
	const char *name;
	size_t offset;
} functions[] = {
    {CORE, "nl_socket_alloc", offsetof(struct nllib, socket_alloc)},
    {CORE, "nl_socket_free", offsetof(struct nllib, socket_free)},
    {CORE, "nl_connect", offsetof(struct nllib, connect)},
    {CORE, "nl_geterror", offsetof(struct nllib, geterror)},
    {CORE, "nl_addr_build", offsetof(struct nllib, addr_build)},
    {CORE, "nl_addr_put", offsetof(struct nllib, addr_put)},
    {CORE, "nl_addr_set_prefixlen", offsetof(struct nllib, addr_set_prefixlen)},
    {CORE, "nl_addr_get_family", offsetof(struct nllib, addr_get_family)},
    {CORE, "nl_addr_get_binary_addr", offsetof(struct nllib, addr_get_binary)},
    {CORE, "nl_cache_free", offsetof(struct nllib, cache_free)},
    {CORE, "nl_cache_get_first", offsetof(struct nllib, cache_first)},
    {CORE, "nl_cache_get_next", offsetof(struct nllib, cache_next)},
    {ROUTE, "rtnl_link_alloc", offsetof(struct nllib, link_alloc)},
    {ROUTE, "rtnl_link_put", offsetof(struct nllib, link_put)},
    {ROUTE, "rtnl_link_veth_alloc", offsetof(struct nllib, veth_alloc)},
    {ROUTE, "rtnl_link_veth_get_peer", offsetof(struct nllib, veth_get_peer)},
    {ROUTE, "rtnl_link_set_name", offsetof(struct nllib, link_set_name)},
    {ROUTE, "rtnl_link_set_ns_fd", offsetof(struct nllib, link_set_ns_fd)},
    {ROUTE, "rtnl_link_set_addr", offsetof(struct nllib, link_set_addr)},
    {ROUTE, "rtnl_link_set_mtu", offsetof(struct nllib, link_set_mtu)},
    {ROUTE, "rtnl_link_set_txqlen", offsetof(struct nllib, link_set_txqlen)},
    {ROUTE, "rtnl_link_set_flags", offsetof(struct nllib, link_set_flags)},
    {ROUTE, "rtnl_link_set_family", offsetof(struct nllib, link_set_family)},
    {ROUTE, "rtnl_link_set_ifindex", offsetof(struct nllib, link_set_ifindex)},
    {ROUTE, "rtnl_link_set_master", offsetof(struct nllib, link_set_master)},
    {ROUTE, "rtnl_link_set_ifalias", offsetof(struct nllib, link_set_alias)},
    {ROUTE, "rtnl_link_get_ifalias", offsetof(struct nllib, link_get_alias)},
    {ROUTE, "rtnl_link_get_ifindex", offsetof(struct nllib, link_get_ifindex)},
    {ROUTE, "rtnl_link_get_type", offsetof(struct nllib, link_get_type)},
    {ROUTE, "rtnl_link_get_kernel", offsetof(struct nllib, link_get)},
    {ROUTE, "rtnl_link_add", offsetof(struct nllib, link_add)},
    {ROUTE, "rtnl_link_change", offsetof(struct nllib, link_change)},
    {ROUTE, "rtnl_link_delete", offsetof(struct nllib, link_delete)},
    {ROUTE, "rtnl_link_bridge_set_flags", offsetof(struct nllib, bridge_set_flags)},
    {ROUTE, "rtnl_addr_alloc", offsetof(struct nllib, ifaddr_alloc)},
    {ROUTE, "rtnl_addr_put", offsetof(struct nllib, ifaddr_put)},
    {ROUTE, "rtnl_addr_set_ifindex", offsetof(struct nllib, ifaddr_set_ifindex)},
    {ROUTE, "rtnl_addr_set_local", offsetof(struct nllib, ifaddr_set_local)},
    {ROUTE, "rtnl_addr_get_local", offsetof(struct nllib, ifaddr_get_local)},
    {ROUTE, "rtnl_addr_set_flags", offsetof(struct nllib, ifaddr_set_flags)},
    {ROUTE, "rtnl_addr_add", offsetof(struct nllib, ifaddr_add)},
    {ROUTE, "rtnl_addr_alloc_cache", offsetof(struct nllib, ifaddr_cache)},
    {ROUTE, "rtnl_route_alloc", offsetof(struct nllib, route_alloc)},
    {ROUTE, "rtnl_route_put", offsetof(struct nllib, route_put)},
    {ROUTE, "rtnl_route_set_dst", offsetof(struct nllib, route_set_dst)},
    {ROUTE, "rtnl_route_set_pref_src", offsetof(struct nllib, route_set_pref_src)},
    {ROUTE, "rtnl_route_set_priority", offsetof(struct nllib, route_set_priority)},
    {ROUTE, "rtnl_route_add_nexthop", offsetof(struct nllib, route_add_nexthop)},
    {ROUTE, "rtnl_route_nh_alloc", offsetof(struct nllib, nh_alloc)},
    {ROUTE, "rtnl_route_nh_set_ifindex", offsetof(struct nllib, nh_set_ifindex)},
    {ROUTE, "rtnl_route_nh_set_gateway", offsetof(struct nllib, nh_set_gateway)},
    {ROUTE, "rtnl_route_add", offsetof(struct nllib, route_add)},
};

static int find_functions(struct nllib *l, struct ctr_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		void *f = dlsym(functions[i].lib == CORE ? l->nl : l->route, functions[i].name);

		if (!f)
			return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "network",
				       "libnl-route-3 lacks %s", functions[i].name);
		memcpy((char *)l + functions[i].offset, &f, sizeof(f));
	}
	return 0;
}

int nllib_open(struct nllib *ret, struct ctr_error *err)
{
	autonllib struct nllib l = {0};
	int r;

	/* the second one is to find the first one's symbols */
	l.nl = dlopen("libnl-3.so.200", RTLD_NOW | RTLD_GLOBAL);
	l.route = l.nl ? dlopen("libnl-route-3.so.200", RTLD_NOW | RTLD_LOCAL) : NULL;
	if (!l.route)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "network",
			       "Private=veth needs libnl-route-3: %s", dlerror());
	r = find_functions(&l, err);
	if (r < 0)
		return r;
	*ret = l;
	l.nl = l.route = NULL;
	return 0;
}

void nllib_close(struct nllib *l)
{
	if (l->route)
		(void)dlclose(l->route); /* it may stay loaded, as it pleases */
	if (l->nl)
		(void)dlclose(l->nl);
	l->nl = l->route = NULL;
}

int nllib_errno(int r)
{
	static const struct {
		int nle, number;
	} rows[] = {
	    {NLE_EXIST, EEXIST}, {NLE_OBJ_NOTFOUND, ENOENT},  {NLE_NODEV, ENODEV},
	    {NLE_PERM, EPERM},	 {NLE_NOACCESS, EACCES},      {NLE_NOMEM, ENOMEM},
	    {NLE_INVAL, EINVAL}, {NLE_RANGE, ERANGE},	      {NLE_NOADDR, EADDRNOTAVAIL},
	    {NLE_BUSY, EBUSY},	 {NLE_OPNOTSUPP, EOPNOTSUPP}, {NLE_AF_NOSUPPORT, EAFNOSUPPORT},
	    {NLE_AGAIN, EAGAIN}, {NLE_INTR, EINTR},
	};

	if (r >= 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].nle == -r)
			return -rows[i].number;
	return -EIO;
}

int nllib_fail(const struct nllib *l, struct ctr_error *err, int r, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	str_vformat_cut(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(err, CTR_E_SYSTEM, -nllib_errno(r), "network", "%s: %s", what,
		       l->geterror(r));
}

struct nl_sock *nllib_socket(const struct nllib *l, struct ctr_error *err)
{
	struct nl_sock *s = l->socket_alloc();
	int r = s ? l->connect(s, NETLINK_ROUTE) : -NLE_NOMEM;

	if (r == 0)
		return s;
	if (s)
		l->socket_free(s);
	(void)nllib_fail(l, err, r, "open a routing socket");
	return NULL;
}

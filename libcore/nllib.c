/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nllib.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <stdarg.h>
#include <stddef.h>

#include "dynlib.h"
#include "str.h"

static const struct dynlib_function core[] = {
    {"nl_socket_alloc", offsetof(struct nllib, socket_alloc)},
    {"nl_socket_free", offsetof(struct nllib, socket_free)},
    {"nl_connect", offsetof(struct nllib, connect)},
    {"nl_geterror", offsetof(struct nllib, geterror)},
    {"nl_addr_build", offsetof(struct nllib, addr_build)},
    {"nl_addr_put", offsetof(struct nllib, addr_put)},
    {"nl_addr_set_prefixlen", offsetof(struct nllib, addr_set_prefixlen)},
    {"nl_addr_get_family", offsetof(struct nllib, addr_get_family)},
    {"nl_addr_get_binary_addr", offsetof(struct nllib, addr_get_binary)},
    {"nl_cache_free", offsetof(struct nllib, cache_free)},
    {"nl_cache_get_first", offsetof(struct nllib, cache_first)},
    {"nl_cache_get_next", offsetof(struct nllib, cache_next)},
};

static const struct dynlib_function route[] = {
    {"rtnl_link_alloc", offsetof(struct nllib, link_alloc)},
    {"rtnl_link_put", offsetof(struct nllib, link_put)},
    {"rtnl_link_veth_alloc", offsetof(struct nllib, veth_alloc)},
    {"rtnl_link_veth_get_peer", offsetof(struct nllib, veth_get_peer)},
    {"rtnl_link_set_name", offsetof(struct nllib, link_set_name)},
    {"rtnl_link_set_ns_fd", offsetof(struct nllib, link_set_ns_fd)},
    {"rtnl_link_set_addr", offsetof(struct nllib, link_set_addr)},
    {"rtnl_link_set_mtu", offsetof(struct nllib, link_set_mtu)},
    {"rtnl_link_set_txqlen", offsetof(struct nllib, link_set_txqlen)},
    {"rtnl_link_set_flags", offsetof(struct nllib, link_set_flags)},
    {"rtnl_link_set_family", offsetof(struct nllib, link_set_family)},
    {"rtnl_link_set_ifindex", offsetof(struct nllib, link_set_ifindex)},
    {"rtnl_link_set_master", offsetof(struct nllib, link_set_master)},
    {"rtnl_link_set_ifalias", offsetof(struct nllib, link_set_alias)},
    {"rtnl_link_get_ifalias", offsetof(struct nllib, link_get_alias)},
    {"rtnl_link_get_ifindex", offsetof(struct nllib, link_get_ifindex)},
    {"rtnl_link_get_type", offsetof(struct nllib, link_get_type)},
    {"rtnl_link_get_kernel", offsetof(struct nllib, link_get)},
    {"rtnl_link_add", offsetof(struct nllib, link_add)},
    {"rtnl_link_change", offsetof(struct nllib, link_change)},
    {"rtnl_link_delete", offsetof(struct nllib, link_delete)},
    {"rtnl_link_bridge_set_flags", offsetof(struct nllib, bridge_set_flags)},
    {"rtnl_addr_alloc", offsetof(struct nllib, ifaddr_alloc)},
    {"rtnl_addr_put", offsetof(struct nllib, ifaddr_put)},
    {"rtnl_addr_set_ifindex", offsetof(struct nllib, ifaddr_set_ifindex)},
    {"rtnl_addr_set_local", offsetof(struct nllib, ifaddr_set_local)},
    {"rtnl_addr_get_local", offsetof(struct nllib, ifaddr_get_local)},
    {"rtnl_addr_set_flags", offsetof(struct nllib, ifaddr_set_flags)},
    {"rtnl_addr_add", offsetof(struct nllib, ifaddr_add)},
    {"rtnl_addr_alloc_cache", offsetof(struct nllib, ifaddr_cache)},
    {"rtnl_route_alloc", offsetof(struct nllib, route_alloc)},
    {"rtnl_route_put", offsetof(struct nllib, route_put)},
    {"rtnl_route_set_dst", offsetof(struct nllib, route_set_dst)},
    {"rtnl_route_set_pref_src", offsetof(struct nllib, route_set_pref_src)},
    {"rtnl_route_set_priority", offsetof(struct nllib, route_set_priority)},
    {"rtnl_route_add_nexthop", offsetof(struct nllib, route_add_nexthop)},
    {"rtnl_route_nh_alloc", offsetof(struct nllib, nh_alloc)},
    {"rtnl_route_nh_set_ifindex", offsetof(struct nllib, nh_set_ifindex)},
    {"rtnl_route_nh_set_gateway", offsetof(struct nllib, nh_set_gateway)},
    {"rtnl_route_add", offsetof(struct nllib, route_add)},
};

int nllib_open(struct nllib *ret, struct ctr_error *err)
{
	autonllib struct nllib l = {0};
	const char *missing;

	/* the second one is to find the first one's symbols */
	l.nl = dlopen("libnl-3.so.200", RTLD_NOW | RTLD_GLOBAL);
	l.route = l.nl ? dlopen("libnl-route-3.so.200", RTLD_NOW | RTLD_LOCAL) : NULL;
	if (!l.route)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "network",
			       "Private=veth needs libnl-route-3: %s", dlerror());
	missing = dynlib_find(l.nl, core, ARRAY_SIZE(core), &l);
	if (!missing)
		missing = dynlib_find(l.route, route, ARRAY_SIZE(route), &l);
	if (missing)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "network", "libnl-route-3 lacks %s",
			       missing);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NLLIB_H
#define NLLIB_H

#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>

#include "err.h"

/*
 * libnl-route-3, opened at run time by a process that ends when it is done with it (child.h): only
 * containers with Private=veth need it, and no supervisor is to keep its tables.
 */

/** struct nllib - the library and what we use of it; close with nllib_close() */
struct nllib {
	void *nl, *route;
	__typeof__(nl_socket_alloc) *socket_alloc;
	__typeof__(nl_socket_free) *socket_free;
	__typeof__(nl_connect) *connect;
	__typeof__(nl_geterror) *geterror;
	__typeof__(nl_addr_build) *addr_build;
	__typeof__(nl_addr_put) *addr_put;
	__typeof__(nl_addr_set_prefixlen) *addr_set_prefixlen;
	__typeof__(nl_addr_get_family) *addr_get_family;
	__typeof__(nl_addr_get_binary_addr) *addr_get_binary;
	__typeof__(nl_cache_free) *cache_free;
	__typeof__(nl_cache_get_first) *cache_first;
	__typeof__(nl_cache_get_next) *cache_next;
	__typeof__(rtnl_link_alloc) *link_alloc;
	__typeof__(rtnl_link_put) *link_put;
	__typeof__(rtnl_link_veth_alloc) *veth_alloc;
	__typeof__(rtnl_link_veth_get_peer) *veth_get_peer;
	__typeof__(rtnl_link_set_name) *link_set_name;
	__typeof__(rtnl_link_set_ns_fd) *link_set_ns_fd;
	__typeof__(rtnl_link_set_addr) *link_set_addr;
	__typeof__(rtnl_link_set_mtu) *link_set_mtu;
	__typeof__(rtnl_link_set_txqlen) *link_set_txqlen;
	__typeof__(rtnl_link_set_flags) *link_set_flags;
	__typeof__(rtnl_link_set_family) *link_set_family;
	__typeof__(rtnl_link_set_ifindex) *link_set_ifindex;
	__typeof__(rtnl_link_set_master) *link_set_master;
	__typeof__(rtnl_link_set_ifalias) *link_set_alias;
	__typeof__(rtnl_link_get_ifalias) *link_get_alias;
	__typeof__(rtnl_link_get_ifindex) *link_get_ifindex;
	__typeof__(rtnl_link_get_type) *link_get_type;
	__typeof__(rtnl_link_get_kernel) *link_get;
	__typeof__(rtnl_link_add) *link_add;
	__typeof__(rtnl_link_change) *link_change;
	__typeof__(rtnl_link_delete) *link_delete;
	__typeof__(rtnl_link_bridge_set_flags) *bridge_set_flags;
	__typeof__(rtnl_addr_alloc) *ifaddr_alloc;
	__typeof__(rtnl_addr_put) *ifaddr_put;
	__typeof__(rtnl_addr_set_ifindex) *ifaddr_set_ifindex;
	__typeof__(rtnl_addr_set_local) *ifaddr_set_local;
	__typeof__(rtnl_addr_get_local) *ifaddr_get_local;
	__typeof__(rtnl_addr_set_flags) *ifaddr_set_flags;
	__typeof__(rtnl_addr_add) *ifaddr_add;
	__typeof__(rtnl_addr_alloc_cache) *ifaddr_cache;
	__typeof__(rtnl_route_alloc) *route_alloc;
	__typeof__(rtnl_route_put) *route_put;
	__typeof__(rtnl_route_set_dst) *route_set_dst;
	__typeof__(rtnl_route_set_pref_src) *route_set_pref_src;
	__typeof__(rtnl_route_set_priority) *route_set_priority;
	__typeof__(rtnl_route_add_nexthop) *route_add_nexthop;
	__typeof__(rtnl_route_nh_alloc) *nh_alloc;
	__typeof__(rtnl_route_nh_set_ifindex) *nh_set_ifindex;
	__typeof__(rtnl_route_nh_set_gateway) *nh_set_gateway;
	__typeof__(rtnl_route_add) *route_add;
};

/** nllib_open - CTR_E_UNSUPPORTED without the library */
int nllib_open(struct nllib *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** nllib_close - let go of it */
void nllib_close(struct nllib *l);

static inline void cleanup_nllib(struct nllib *l)
{
	nllib_close(l);
}
#define autonllib __attribute__((cleanup(cleanup_nllib)))

/** nllib_socket - a routing socket of the network namespace of this process; NULL, err filled */
struct nl_sock *nllib_socket(const struct nllib *l, struct ctr_error *err);

/** nllib_errno - what a return value of libnl says: 0 or -errno */
int nllib_errno(int r) ATTR_CONST;

/** nllib_fail - fill err for a failed call: libnl's reason, which may say more than an errno */
int nllib_fail(const struct nllib *l, struct ctr_error *err, int r, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

#endif

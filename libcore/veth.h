/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VETH_H
#define VETH_H

#include "netconf.h"
#include "nllib.h"
#include "spec.h"

/*
 * A pair of interfaces, one end on the host and one in a container. Calls take a routing socket of
 * the namespace they act in, and their time: for a child with a deadline.
 */

enum { VETH_ADDRESSES = 16, VETH_ALIAS = 128 };

/** struct veth - a pair as it is to be; conf is borrowed */
struct veth {
	const struct spec_link *conf;
	char host[NETCONF_NAME];
	unsigned char mac[NETCONF_MAC]; /* inside */
	struct netaddr address[VETH_ADDRESSES];
	size_t n_address;
};

/** veth_check - on the host, before anything is made: its name is free, its bridge is one */
int veth_check(const struct nllib *l, struct nl_sock *host, const struct veth *v,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct veth_place - where a pair is made */
struct veth_place {
	struct nl_sock *host;
	int netns;	   /* of the container */
	const char *alias; /* of the host's end: by it it is known again */
	bool held;	   /* no packet passes before veth_up() */
};

/** veth_make - the pair, its host's end ready and, unless held, up; on failure there is none */
int veth_make(const struct nllib *l, const struct veth_place *where, const struct veth *v,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/** veth_up - the host's end of that name and alias */
int veth_up(const struct nllib *l, struct nl_sock *host, const char *name, const char *alias,
	    struct ctr_error *err) ATTR_WARN_UNUSED;

/** veth_configure - the container's end: up, addresses, routes */
int veth_configure(const struct nllib *l, struct nl_sock *inside, const struct veth *v,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** veth_remove - the pair, by its host's end; one that is gone or has another alias is fine */
int veth_remove(const struct nllib *l, struct nl_sock *host, const char *name, const char *alias,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** veth_host_addresses - addresses that the host itself has; free(*ret) */
int veth_host_addresses(const struct nllib *l, struct nl_sock *host, struct netaddr **ret,
			size_t *ret_n, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

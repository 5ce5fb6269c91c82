/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NETCONF_H
#define NETCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "netaddr.h"
#include "parse.h"

/* Values of [Network], and what must hold among them. */

struct spec;
struct spec_link;

enum { NETCONF_MAC = 6, NETCONF_NAME = 16 };

/** netconf_is - is the type one that netconf_parse() reads? */
bool netconf_is(int type) ATTR_PURE;

/** netconf_parse - Private=, an interface's name, a hardware address; as parse_value() */
int netconf_parse(const struct parse_in *in, struct ctr_error *err) ATTR_WARN_UNUSED;

/** netconf_reset - as parse_reset() */
void netconf_reset(const struct parse_in *in);

/** netconf_check_name - may an interface of a container be called so? -EINVAL */
int netconf_check_name(const char *name, struct ctr_error *err) ATTR_WARN_UNUSED;

/** netconf_address_is_valid - "ADDRESS/BITS" of a host, or of a network that one is taken from */
bool netconf_address_is_valid(const char *s);

/** netconf_gateway_is_valid - "ADDRESS" */
bool netconf_gateway_is_valid(const char *s);

/** struct netconf_route - one Route= */
struct netconf_route {
	struct netaddr to;
	struct netaddr via, src; /* family 0: none */
	uint32_t metric;	 /* 0: the kernel's */
};

/** netconf_read_route - its text. 0, -EINVAL */
int netconf_read_route(const char *s, struct netconf_route *ret) ATTR_WARN_UNUSED;

/** netconf_read_mac - "02:00:00:00:00:01" of one station. 0, -EINVAL */
int netconf_read_mac(const char *s, unsigned char ret[NETCONF_MAC]) ATTR_WARN_UNUSED;

/** netconf_check - what the keys of [Network] must agree on; -EINVAL (CTR_E_CONFIG) */
int netconf_check(const struct spec *s, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * netconf_host_name - name of the host's end that was not given: ve-ID, or ve- and a digest where
 * that is too long, and for the further networks always
 */
void netconf_host_name(const char *id, const char *link, char ret[NETCONF_NAME]);

/** netconf_make_mac - an address for a container's interface: of its own, the same each time */
void netconf_make_mac(const char *id, const char *link, unsigned char ret[NETCONF_MAC]);

#endif

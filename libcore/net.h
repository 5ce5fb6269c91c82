/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NET_H
#define NET_H

#include "err.h"

/** net_loopback_up - bring lo up in this network namespace (netdevice(7)) */
int net_loopback_up(struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

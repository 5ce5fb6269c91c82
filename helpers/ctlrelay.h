/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CTLRELAY_H
#define CTLRELAY_H

#include "pamcontainer.h"
#include "relay.h"

/* A process of the C API as what a relay talks to. */

/** ctlrelay_peer - p is borrowed */
struct relay_peer ctlrelay_peer(struct ctr_process *p);

#endif

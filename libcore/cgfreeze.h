/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGFREEZE_H
#define CGFREEZE_H

#include "cg.h"

/* Freeze, thaw, kill and signal (cg.h) by plain files; what a state file says. */

/** cgfreeze_state_v1 - the text of freezer.state: enum cg_frozen_state, -EBADMSG; pure */
int cgfreeze_state_v1(const char *text) ATTR_PURE;

/** cgfreeze_state_v2 - from cgroup.freeze and cgroup.events: enum cg_frozen_state, -EBADMSG; pure
 */
int cgfreeze_state_v2(const char *freeze, const char *events) ATTR_PURE;

#endif

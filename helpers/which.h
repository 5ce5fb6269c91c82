/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WHICH_H
#define WHICH_H

#include "attr.h"
#include "match.h"

/* How `containerctl which` tells a decision. Pure. */

enum { WHICH_CONTAINED = 0, WHICH_HOST = 3, WHICH_DENIED = 4 };

/** which_exit - the exit code: what happens to the login, so Mode=permissive is the host */
int which_exit(const struct match_decision *d) ATTR_PURE;

/** which_word - "contained", "host" or "denied", the same way */
const char *which_word(const struct match_decision *d) ATTR_PURE;

#endif

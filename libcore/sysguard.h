/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYSGUARD_H
#define SYSGUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "seccompfilter.h"

/*
 * Guards: system calls that are allowed for what programs do with them, and not for the rest: clone
 * and unshare without new namespaces, sockets of the common families, terminals without injection.
 */

/** sysguard_name - name of the call of the i-th guard; NULL after the last. Names come again */
const char *sysguard_name(unsigned int i);

/**
 * sysguard_add - put the i-th guard into a filter that allows its call
 * @denied: action for what the guard has no errno of its own for
 */
int sysguard_add(unsigned int i, struct seccompfilter *f, uint32_t denied) ATTR_WARN_UNUSED;

#endif

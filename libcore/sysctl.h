/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYSCTL_H
#define SYSCTL_H

#include <stdbool.h>

#include "err.h"
#include "spec.h"

/**
 * sysctl_is_allowed - may a definition with these CLONE_NEW* namespaces set that name?
 *
 * Only names that belong to a namespace the container has of its own (namespaces(7)). Pure.
 */
bool sysctl_is_allowed(const char *name, uint64_t namespaces);

/**
 * sysctl_apply - write the Sysctl= lines of a definition below /proc/sys. CTR_E_CONFIG
 * @entered: CLONE_NEW* namespaces of the container that the caller is in: names of others are
 *	left out
 */
int sysctl_apply(const struct spec *spec, uint64_t entered, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

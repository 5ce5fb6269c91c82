/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NSCONF_H
#define NSCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* JoinNamespaces= and TimeOffset=: which namespaces are somebody else's, and what must agree. */

struct spec;

/** struct nsconf_join - one namespace to join; path is a part of the word */
struct nsconf_join {
	uint64_t flag; /* CLONE_NEW* */
	const char *path;
};

/** nsconf_read_join - "TYPE:PATH" of a type that can be joined. 0, -EINVAL */
int nsconf_read_join(const char *word, struct nsconf_join *ret) ATTR_WARN_UNUSED;

/** struct nsconf_offset - one clock of a time namespace, as time_namespaces(7) counts */
struct nsconf_offset {
	const char *clock; /* "monotonic", "boottime" */
	int64_t seconds;
	uint32_t nanoseconds;
};

/** nsconf_read_offset - "CLOCK [+|-]TIME". 0, -EINVAL */
int nsconf_read_offset(const char *text, struct nsconf_offset *ret) ATTR_WARN_UNUSED;

/** nsconf_path - where the namespace of a type is that the definition joins; NULL: it does not */
const char *nsconf_path(const struct spec *s, uint64_t flag);

/** nsconf_joined - CLONE_NEW* of all that it joins */
uint64_t nsconf_joined(const struct spec *s);

/**
 * nsconf_unsaved - of those that it joins, which ones no checkpoint can have
 *
 * That of ipc, since CRIU writes all that is in it to disk, which is others' too, and that of uts:
 * CRIU up to 4.1 gives it the name that it had, also when it is joined.
 */
uint64_t nsconf_unsaved(const struct spec *s);

/** nsconf_has_users - a user namespace, its own or one that it joins */
bool nsconf_has_users(const struct spec *s);

/** nsconf_check - what these keys and those of the names must agree on; -EINVAL (CTR_E_CONFIG) */
int nsconf_check(const struct spec *s, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

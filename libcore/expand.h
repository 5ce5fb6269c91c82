/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPAND_H
#define EXPAND_H

#include <sys/types.h>

#include "err.h"

/**
 * struct load_who - whom a definition is for: what the specifiers stand for
 *
 * %u user, %U uid, %g group, %G gid, %h home, %i container ID, %s shell, %% a percent sign. A
 * NULL makes its specifier an error.
 */
struct load_who {
	const char *user, *group, *home, *id, *shell;
	uid_t uid;
	gid_t gid;
};

/**
 * expand_specifiers - replace specifiers; what they stand for is not expanded again
 * @who: NULL only checks them: stand-ins are used
 *
 * User, group and ID with a '/', and anything with ':', blanks or control bytes, are refused
 * (MUST-5). 0 with new memory, -EINVAL, -ENOMEM.
 */
int expand_specifiers(const char *s, const struct load_who *who, char **ret,
		      struct ctr_error *err) ATTR_WARN_UNUSED;

/** expand_quote - double each '%', the inverse. NULL with errno ENOMEM */
char *expand_quote(const char *s) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYSGROUPS_H
#define SYSGROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* System calls by name, and the @groups of them (sysgroups.def). */

/** sysgroups_fn - told of one call: allow it, or take it away. name may be "@known". 0 or -errno */
typedef int (*sysgroups_fn)(void *arg, const char *name, bool allow);

/**
 * sysgroups_expand - what a word means, call by call in order
 * @word: a call or @group, with ~ in front for taking away; checked before by sysgroups_check()
 *
 * A ~ in a group within a word with ~ stays a ~: "~@login" takes away what @login gives and gives
 * back nothing. Returns 0, -EINVAL for an unknown group, or the first failure of fn.
 */
int sysgroups_expand(const char *word, sysgroups_fn fn, void *arg) ATTR_WARN_UNUSED;

/** sysgroups_check - is the word (without ~) a call or group that is known? did-you-mean in err */
int sysgroups_check(const char *word, struct ctr_error *err) ATTR_WARN_UNUSED;

/** sysgroups_words - the definition of the i-th group, its name in ret_name; NULL after the last */
const char *sysgroups_words(size_t i, const char **ret_name);

#endif

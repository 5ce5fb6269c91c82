/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ENVLIST_H
#define ENVLIST_H

/**
 * envlist_make - an environment without duplicates, and with a home
 * @env: NULL-ended K=V; borrowed
 * @home: "HOME=..." that is taken when env has none
 *
 * Of equal names the last one wins, in the place of the first: getenv(3) finds the first, and the
 * caller meant the last. NULL-ended; free(3) the array alone. NULL: out of memory. Pure.
 */
const char **envlist_make(const char *const *env, const char *home);

#endif

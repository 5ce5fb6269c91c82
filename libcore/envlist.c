/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "envlist.h"

#include <stdlib.h>
#include <string.h>

/* Where an assignment of that name stands, or the end. */
static size_t place_of(const char *const *env, size_t n, const char *assignment)
{
	size_t len = strcspn(assignment, "="), i = 0;

	while (i < n && (strncmp(env[i], assignment, len) != 0 ||
			 (env[i][len] != '=' && env[i][len] != '\0')))
		i++;
	return i;
}

const char **envlist_make(const char *const *env, const char *home)
{
	size_t n = 0, used = 0;
	const char **ret;

	while (env[n])
		n++;
	ret = calloc(n + 2, sizeof(*ret));
	for (size_t i = 0; ret && i < n; i++) {
		size_t at = place_of(ret, used, env[i]);

		ret[at] = env[i];
		used += at == used;
	}
	if (ret && place_of(ret, used, home) == used)
		ret[used] = home;
	return ret;
}

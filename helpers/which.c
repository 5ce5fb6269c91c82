/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "which.h"

int which_exit(const struct match_decision *d)
{
	if (d->permissive || d->verdict == MATCH_HOST)
		return WHICH_HOST;
	return d->verdict == MATCH_CONTAIN ? WHICH_CONTAINED : WHICH_DENIED;
}

const char *which_word(const struct match_decision *d)
{
	int code = which_exit(d);

	return code == WHICH_CONTAINED ? "contained" : code == WHICH_HOST ? "host" : "denied";
}

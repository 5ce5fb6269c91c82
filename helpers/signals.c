/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "num.h"
#include "parse.h"
#include "str.h"

int signals_find(const char *word, int *ret, struct ctr_error *err)
{
	const char *names[NSIG + 1] = {NULL}, *name = word, *near;
	size_t n = 0;

	if (num_int_in(word, 1, NSIG - 1, ret) == 0)
		return 0;
	if (strncasecmp(word, "SIG", 3) == 0)
		name += 3;
	for (int sig = 1; sig < NSIG; sig++) {
		const char *known = sigabbrev_np(sig);

		if (!known)
			continue;
		if (strcasecmp(known, name) == 0) {
			*ret = sig;
			return 0;
		}
		names[n++] = known;
	}
	near = parse_suggest(name, names);
	return err_set(err, CTR_E_CONFIG, EINVAL, "usage", "unknown signal '%s'%s%s%s", word,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

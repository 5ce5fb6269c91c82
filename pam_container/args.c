/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "args.h"

#include "num.h"
#include "str.h"

enum { TIMEOUT_DEFAULT = 5, TIMEOUT_MAX = 60 };

void args_parse(int argc, const char **argv, struct args *ret)
{
	struct args a = {.timeout_ms = TIMEOUT_DEFAULT * 1000};

	for (int i = 0; i < argc; i++) {
		const char *v;
		int sec;

		if (str_has_prefix(argv[i], "timeout=", &v) &&
		    num_int_in(v, 1, TIMEOUT_MAX, &sec) == 0)
			a.timeout_ms = (unsigned int)sec * 1000;
		else if (str_has_prefix(argv[i], "conf=", &v) && *v == '/')
			a.conf = v;
		else if (str_equal(argv[i], "debug"))
			a.debug = true;
		else if (!a.bad)
			a.bad = argv[i];
	}
	*ret = a;
}

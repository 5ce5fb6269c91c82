/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>

/** struct args - the module's arguments in a PAM file */
struct args {
	unsigned int timeout_ms; /* timeout=SEC, default 5, at most 60 */
	const char *conf;	 /* conf=PATH of the policy; NULL: the default */
	bool debug;
	const char *bad; /* the first argument that is none of these; NULL: none */
};

/** args_parse - never fails: what is wrong is in bad, and the login is refused for it */
void args_parse(int argc, const char **argv, struct args *ret);

#endif

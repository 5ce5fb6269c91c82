/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STATEJSON_H
#define STATEJSON_H

#include "cg.h"
#include "state.h"

/** struct statejson - what a container's state is made of */
struct statejson {
	const struct state *st;
	const struct cg_facts *facts;
	const char *status; /* "running" ... */
	bool alive;	    /* PID 1 is: it has namespaces, groups and descriptors */
	char fds[3][256];   /* what 0, 1, 2 of PID 1 lead to */
};

/**
 * statejson_format - the state of a container as JSON, with the names that libcontainer has
 *
 * Pure. New memory that the caller frees; NULL with errno ENOMEM.
 */
char *statejson_format(const struct statejson *s);

#endif

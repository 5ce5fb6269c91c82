/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "pamcontainer.h"

enum { EXPLAIN_MAX = 1200 };

/** struct explain_facts - what went wrong with a container; strings are escaped already */
struct explain_facts {
	const char *id;		/* as the user gave it */
	const char *near;	/* an ID that was probably meant; NULL: none */
	enum ctr_status status; /* counts where the code is about the status */
	const struct ctr_error *err;
	int root; /* non-zero: the caller is root */
};

/** explain - "ID: fact; next step" of an error record. Pure */
void explain(const struct explain_facts *f, char dst[EXPLAIN_MAX]);

#endif

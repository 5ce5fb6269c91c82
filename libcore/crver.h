/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRVER_H
#define CRVER_H

#include "child.h"
#include "err.h"

/*
 * The version of criu, for what fits what (fit.h). The program has to be started for it, which
 * takes as long as a small dump. So it is asked once, and the file `criu` of the state root, which
 * is root's and gone with a reboot, has the answer beside what the kernel says of the program's
 * file.
 */

/** struct crver - one question; crver_forget() ends it, an empty one too */
struct crver {
	int rootfd; /* state root */
	const char *program;
	char known[32];	    /* from the file; else "" */
	struct child asked; /* else */
};

/** crver_ask - begin to ask; both are borrowed */
int crver_ask(int rootfd, const char *program, struct crver *ret,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/** crver_hear - the answer, "4.1.1"; CTR_E_UNSUPPORTED when it does not run here */
int crver_hear(struct crver *v, char ret[32], struct ctr_error *err) ATTR_WARN_UNUSED;

/** crver_forget - an answer that is not wanted any more */
void crver_forget(struct crver *v);

#endif

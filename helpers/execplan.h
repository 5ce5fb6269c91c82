/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXECPLAN_H
#define EXECPLAN_H

#include <stdbool.h>

#include "pamcontainer.h"
#include "str.h"

/* What exec and shell start: for whom, with which environment. */

/* Exit codes as chroot(1) and env(1) have them */
enum { EXECPLAN_FAILED = 125, EXECPLAN_NOT_EXECUTABLE = 126, EXECPLAN_NOT_FOUND = 127 };

/** struct execplan_wish - what was asked for */
struct execplan_wish {
	const char *user; /* NULL: the container's owner, root where it has none */
	const struct strv *env;
	bool terminal;
	bool shell; /* the user's login shell */
};

/** struct execplan - what struct ctr_process_spec points into */
struct execplan {
	char *user;
	struct strv env;
	char *shell, *shell_name; /* "/bin/bash", "-bash"; NULL without wish.shell */
	const char *argv[2];
};

/** execplan_make - -ENOENT for a user that the host does not know */
int execplan_make(struct execplan *p, struct ctr_container *c, const struct execplan_wish *wish,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** execplan_apply - let the spec point into the plan */
void execplan_apply(struct execplan *p, struct ctr_process_spec *spec);

void execplan_done(struct execplan *p);
#define autoplan __attribute__((cleanup(execplan_done)))

/** execplan_code - 125, 126 or 127 for a command that was not started. Pure */
int execplan_code(const struct ctr_error *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAMLINES_H
#define PAMLINES_H

#include <stdbool.h>

/* The two lines of pam_container in a service's PAM file (pam.conf(5)). Pure. */

/** struct pamlines - what a file has of them */
struct pamlines {
	bool auth, session;    /* is there such a line? */
	char auth_control[32]; /* "optional", "[...]" ... */
	char session_control[32];
	unsigned int sessions_after; /* session lines and includes that come later */
};

/** pamlines_parse - from the file's text; continued lines and comments are heeded */
void pamlines_parse(const char *text, struct pamlines *ret);

/** pamlines_binds - does this control word let nobody pass whose container failed? */
bool pamlines_binds(const char *control);

#endif

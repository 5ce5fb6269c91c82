/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

/* Lines of a load_report, "FILE:LINE: error: text", taken apart. Pure. */

/** struct problem - strings are fit for a terminal (MUST-11), "" where there is none */
struct problem {
	char file[1024], message[1024];
	unsigned int line; /* 0: none */
	bool warning;
};

/** problem_parse - take a line apart; what does not look like one is an error without a file */
void problem_parse(const char *line, struct problem *ret);

/** problem_is_warning - is the line a warning? */
bool problem_is_warning(const char *line);

/** problem_format - the line again, fit for a terminal. dst holds 2200 bytes */
void problem_format(const struct problem *p, char *dst, size_t size);

#endif

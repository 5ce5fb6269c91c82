/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

/* Command lines: one table of options is what getopt_long(3) reads and what --help prints. */

enum option_type {
	OPTION_FLAG,	      /* bool */
	OPTION_TEXT,	      /* const char * */
	OPTION_OPTIONAL_TEXT, /* the same; "" when the value is left out, which takes --name=VALUE
			       */
	OPTION_LIST,	      /* struct strv: every use adds one */
	OPTION_COUNT,	      /* unsigned int, 1 to 1000000 */
	OPTION_TIME,	      /* uint64_t, µs; as options_time() */
};

/** struct option_row - one option and where its value goes */
struct option_row {
	const char *name;
	char letter; /* 0: none */
	int type;    /* enum option_type */
	size_t offset;
	const char *arg; /* what --help calls its value; NULL: it has none */
	const char *help;
};

/** struct option_group - rows with the struct that they fill */
struct option_group {
	const struct option_row *rows;
	size_t n;
	void *base;
};

enum { OPTIONS_GROUPS = 4, OPTIONS_HELP = 1 };

/** struct options_line - what a command line may have */
struct options_line {
	struct option_group groups[OPTIONS_GROUPS];
	bool stop_early; /* the first word that is no option ends them: exec ID CMD -x */
};

/**
 * options_parse - read the options of argv; values are borrowed from it
 * @ret_rest: index of the first word that is none; words before it have been moved there
 *
 * 0, OPTIONS_HELP when --help was among them, -EINVAL with what is wrong in err, -ENOMEM.
 */
int options_parse(const struct options_line *line, int argc, char **argv, int *ret_rest,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** options_time - seconds ("2", "0.5") or a time as num_usec(), in µs. 0, -EINVAL, -ERANGE */
int options_time(const char *text, uint64_t *ret) ATTR_WARN_UNUSED;

/** options_help - the table for people */
void options_help(const struct options_line *line, FILE *out);

#endif

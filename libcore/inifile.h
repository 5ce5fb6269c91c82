/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INIFILE_H
#define INIFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * INI text through libinih, behind a line reader of our own. libinih 55 splits lines over its 200
 * byte buffer into two settings, cuts section names at 49 bytes, cuts values at " ;" and knows no
 * line numbers; so the reader refuses all that before libinih sees it. (Not named ini.h: that is
 * libinih's own header.)
 */

enum {
	INIFILE_LINE_MAX = 198,		/* bytes; libinih's buffer less newline and NUL */
	INIFILE_SECTION_MAX = 48,	/* bytes; libinih cuts at 49 */
	INIFILE_TEXT_MAX = 1024 * 1024, /* bytes of one file */
};

/** struct inifile_item - one setting; strings are valid during the call only */
struct inifile_item {
	unsigned int line;
	const char *section, *key, *value;
	bool continued; /* an indented line below the key's own */
};

/** struct inifile - text and the functions that are called for what it holds */
struct inifile {
	const char *text;
	size_t len;
	void *ctx;
	/* a header was read; 0 or -errno with err filled */
	int (*section)(void *ctx, const char *section, unsigned int line, struct ctr_error *err);
	/* a setting was read; 0 or -errno with err filled */
	int (*item)(void *ctx, const struct inifile_item *item, struct ctr_error *err);
	/* a problem was found; true: go on and look for more. NULL: stop at the first */
	bool (*problem)(void *ctx, unsigned int line, const struct ctr_error *why);
};

/**
 * inifile_parse - parse text whole
 * @ret_line: line of the first problem, 0 where none is to blame; may be NULL
 *
 * Any problem voids the file: -EINVAL (or what a callback returned) with the first one in err,
 * whatever was delivered before. -EFBIG over INIFILE_TEXT_MAX.
 */
int inifile_parse(const struct inifile *ini, unsigned int *ret_line, struct ctr_error *err);

/** inifile_check_value - can a line KEY=VALUE say this? (length, " ;", control bytes, blanks) */
int inifile_check_value(const char *key, const char *value, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confkind.h"

#include <stdbool.h>
#include <string.h>

#include "keys.h"
#include "str.h"

enum { HEADER_MAX = 200 };

/* The name in "[NAME]"; the reading proper tells what is wrong with a line. */
static bool read_header(const char *line, size_t len, char dst[HEADER_MAX])
{
	while (len > 0 && strchr(" \t\r", line[len - 1]))
		len--;
	if (len < 3 || len > HEADER_MAX || line[0] != '[' || line[len - 1] != ']')
		return false;
	memcpy(dst, line + 1, len - 2);
	dst[len - 2] = '\0';
	return true;
}

enum confkind confkind_of(const char *text, size_t len)
{
	const char *end = text + len, *next;
	char section[HEADER_MAX];

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		if (!read_header(text, (size_t)(next - text), section))
			continue;
		if (keys_section_is(section, true) || strcmp(section, "Match") == 0 ||
		    str_has_prefix(section, "Match ", NULL))
			return CONFKIND_POLICY;
		if (keys_section_is(section, false))
			return CONFKIND_DEFINITION;
	}
	return CONFKIND_DEFINITION;
}

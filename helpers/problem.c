/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "problem.h"

#include <string.h>

#include "human.h"
#include "num.h"
#include "str.h"

/* Where the word of severity begins, after the file and its colon or at the start. */
static const char *find_severity(const char *line, const char *word)
{
	const char *at = line;

	while ((at = strstr(at, word))) {
		if (at == line || (at - line >= 2 && at[-1] == ' ' && at[-2] == ':'))
			return at;
		at++;
	}
	return NULL;
}

bool problem_is_warning(const char *line)
{
	const char *warning = find_severity(line, "warning: ");
	const char *error = find_severity(line, "error: ");

	return warning && !(error && error < warning);
}

static void read_file(const char *line, size_t len, struct problem *ret)
{
	char place[sizeof(ret->file)];
	const char *colon;
	int n;

	if (len >= sizeof(place))
		len = sizeof(place) - 1;
	memcpy(place, line, len);
	place[len] = '\0';
	colon = strrchr(place, ':');
	if (colon && num_int_in(colon + 1, 1, 1 << 30, &n) == 0) {
		ret->line = (unsigned int)n;
		place[colon - place] = '\0';
	}
	human_text(ret->file, sizeof(ret->file), place);
}

void problem_parse(const char *line, struct problem *ret)
{
	const char *word, *at;

	ret->line = 0;
	ret->file[0] = '\0';
	ret->warning = problem_is_warning(line);
	word = ret->warning ? "warning: " : "error: ";
	at = find_severity(line, word);
	if (at && at - line >= 2)
		read_file(line, (size_t)(at - line) - 2, ret);
	human_text(ret->message, sizeof(ret->message), at ? at + strlen(word) : line);
}

void problem_format(const struct problem *p, char *dst, size_t size)
{
	char line[16] = "";
	int r;

	if (p->line)
		(void)!str_format(line, sizeof(line), ":%u", p->line); /* at most 10 digits */
	r = str_format(dst, size, "%s%s%s%s: %s", p->file, line, *p->file ? ": " : "",
		       p->warning ? "warning" : "error", p->message);
	if (r < 0)
		(void)!str_copy(dst, size, p->message);
}

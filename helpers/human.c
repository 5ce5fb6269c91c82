/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "human.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "str.h"

/* HUMAN_MAX holds the longest of all; a hole rather than a wrong figure should that ever change. */
#define WRITE(dst, ...) ((void)!str_format(dst, HUMAN_MAX, __VA_ARGS__))

void human_size(char dst[HUMAN_MAX], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	uint64_t whole = bytes, tenth = 0;
	size_t u = 0;

	/* rounded down: a figure near a limit must not look as if it were above */
	while (whole >= 1024) {
		tenth = whole % 1024 * 10 / 1024;
		whole /= 1024;
		u++;
	}
	if (u == 0 || whole >= 100)
		WRITE(dst, "%" PRIu64 "%c", whole, units[u]);
	else
		WRITE(dst, "%" PRIu64 ".%" PRIu64 "%c", whole, tenth, units[u]);
}

void human_span(char dst[HUMAN_MAX], uint64_t us)
{
	uint64_t s = us / 1000000, m = s / 60, h = m / 60, d = h / 24;

	if (d > 0)
		WRITE(dst, "%" PRIu64 "d %" PRIu64 "h", d, h % 24);
	else if (h > 0)
		WRITE(dst, "%" PRIu64 "h %" PRIu64 "min", h, m % 60);
	else if (m > 0)
		WRITE(dst, "%" PRIu64 "min %" PRIu64 "s", m, s % 60);
	else if (s > 0)
		WRITE(dst, "%" PRIu64 ".%" PRIu64 "s", s, us / 100000 % 10);
	else
		WRITE(dst, "%" PRIu64 "ms", us / 1000);
}

void human_time(char dst[HUMAN_MAX], uint64_t us)
{
	time_t t = (time_t)(us / 1000000);
	char day[24], zone[8];
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(day, sizeof(day), "%FT%T", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm))
		WRITE(dst, "?");
	else /* "+0200" to "+02:00" */
		WRITE(dst, "%s%.3s:%s", day, zone, zone + 3);
}

void human_percent(char dst[HUMAN_MAX], uint64_t centipercent)
{
	uint64_t tenths = centipercent / 10;

	WRITE(dst, "%" PRIu64 ".%" PRIu64 "%%", tenths / 10, tenths % 10);
}

void human_text(char *dst, size_t size, const char *src)
{
	size_t backslashes = 0;

	str_escape(dst, size, src);
	for (const char *s = src; *s; s++)
		backslashes += *s == '\\';
	if (strlen(dst) == strlen(src) + backslashes)
		(void)!str_copy(dst, size, src); /* shorter than what fitted */
}

void human_wrap(char *text, size_t width)
{
	char *start = text, *blank = NULL;

	for (char *p = text; *p; p++) {
		if (blank && *p != ' ' && (size_t)(p - start) >= width) {
			*blank = '\n';
			start = blank + 1;
			blank = NULL;
		}
		if (*p == ' ')
			blank = p;
	}
}

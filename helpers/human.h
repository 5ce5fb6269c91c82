/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HUMAN_H
#define HUMAN_H

#include <stddef.h>
#include <stdint.h>

/* Numbers as people read them: the one place that decides how sizes, times and shares look. */

enum { HUMAN_MAX = 40 }; /* bytes that hold any of them */

/** human_size - bytes in IEC units: "512B", "1.5M", "20G" */
void human_size(char dst[HUMAN_MAX], uint64_t bytes);

/** human_span - a length of time in µs: "3ms", "4.2s", "5min 3s", "2h 10min", "3d 4h" */
void human_span(char dst[HUMAN_MAX], uint64_t us);

/** human_time - RFC 3339, seconds, of the local time zone; us: CLOCK_REALTIME in µs */
void human_time(char dst[HUMAN_MAX], uint64_t us);

/** human_percent - from 1/100 percent: "12.3%" */
void human_percent(char dst[HUMAN_MAX], uint64_t centipercent);

/**
 * human_text - text fit for a terminal (MUST-11)
 *
 * As str_escape(), but text without anything to escape keeps its backslashes as they are: error
 * records and configuration are mostly that, and were escaped before where they were not.
 */
void human_text(char *dst, size_t size, const char *src);

/** human_wrap - turn blanks into newlines, so that lines are at most width long where words allow
 */
void human_wrap(char *text, size_t width);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRLOG_H
#define CRLOG_H

#include <stdbool.h>
#include <stddef.h>

/* What CRIU's log says. */

/**
 * crlog_reason - the line that matters, of a log's text: the first error that is not harmless.
 * Pure.
 *
 * Without time and place in CRIU's source, cut to size. false when there is none.
 */
bool crlog_reason(const char *text, char *dst, size_t size);

/** crlog_reason_at - the same of the file of that name in a folder */
bool crlog_reason_at(int dirfd, const char *name, char *dst, size_t size);

#endif

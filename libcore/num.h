/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NUM_H
#define NUM_H

#include <stdint.h>
#include <sys/types.h>

#include "attr.h"

/*
 * Strict numbers: the whole string or -EINVAL; no sign where none is meant, no blanks, no
 * octal by accident, overflow is -ERANGE. Outputs untouched on failure (MUST-7: "-1", "4294967295"
 * and "01x" are not IDs).
 */

/** num_u64 - decimal digits only */
int num_u64(const char *s, uint64_t *ret) ATTR_WARN_UNUSED;

/** num_i64 - optional '-' and decimal digits */
int num_i64(const char *s, int64_t *ret) ATTR_WARN_UNUSED;

/** num_int_in - decimal within [lo, hi]; -ERANGE outside */
int num_int_in(const char *s, int lo, int hi, int *ret) ATTR_WARN_UNUSED;

/** num_octal - octal digits, at most 07777 */
int num_octal(const char *s, mode_t *ret) ATTR_WARN_UNUSED;

/** num_id - a uid or gid, 0 .. 4294967294 */
int num_id(const char *s, uint32_t *ret) ATTR_WARN_UNUSED;

/**
 * num_size - bytes with optional K, M, G, T, P, E (base 1024, systemd.syntax(7)); "infinity" is
 * UINT64_MAX
 */
int num_size(const char *s, uint64_t *ret) ATTR_WARN_UNUSED;

/**
 * num_usec - time span as systemd.time(7): "10min", "1h 30s", "500ms", bare seconds; "infinity"
 * is UINT64_MAX
 */
int num_usec(const char *s, uint64_t *ret) ATTR_WARN_UNUSED;

/** num_percent - "150%" to 150; up to 100000 */
int num_percent(const char *s, unsigned int *ret) ATTR_WARN_UNUSED;

/** num_bool - yes/no/true/false/on/off/1/0, any case; ret is 0 or 1 */
int num_bool(const char *s, int *ret) ATTR_WARN_UNUSED;

#endif

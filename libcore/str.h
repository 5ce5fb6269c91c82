/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STR_H
#define STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"

/*
 * Strings. Nothing here truncates silently: what does not fit is -ENAMETOOLONG and leaves the
 * destination an empty string. This is the one file that may call vsnprintf.
 */

/** str_copy - copy a string. Returns 0, -ENAMETOOLONG */
int str_copy(char *dst, size_t size, const char *src) ATTR_WARN_UNUSED;

/** str_format - printf into a buffer. Returns 0, -ENAMETOOLONG */
int str_format(char *dst, size_t size, const char *fmt, ...) ATTR_PRINTF(3, 4) ATTR_WARN_UNUSED;

/** str_vformat - as str_format, for a va_list */
int str_vformat(char *dst, size_t size, const char *fmt, va_list ap)
    ATTR_PRINTF(3, 0) ATTR_WARN_UNUSED;

/**
 * str_vformat_cut - as str_vformat, but what does not fit is cut and ends in "..."
 *
 * For texts that people read. size must be at least 4.
 */
void str_vformat_cut(char *dst, size_t size, const char *fmt, va_list ap) ATTR_PRINTF(3, 0);

/** str_dup_format - printf into new memory that the caller frees; NULL with errno ENOMEM */
char *str_dup_format(const char *fmt, ...) ATTR_PRINTF(1, 2) ATTR_WARN_UNUSED;

/**
 * str_escape - copy with C0, DEL, C1 and invalid UTF-8 written as \xHH (MUST-11)
 *
 * A backslash becomes \\ so that the result is unambiguous. What does not fit is cut and ends
 * in "...". Always terminates dst; size must be at least 4.
 */
void str_escape(char *dst, size_t size, const char *src);

/** str_equal - true when both are non-NULL and equal */
bool str_equal(const char *a, const char *b);

/** str_hash - FNV-1a, 64 bits: for what should be the same each time; it keeps nobody from anything
 */
uint64_t str_hash(const char *s) ATTR_PURE;

/** str_has_prefix - true when s starts with prefix; returns the rest through ret_rest (or NULL) */
bool str_has_prefix(const char *s, const char *prefix, const char **ret_rest);

/** str_distance - Damerau-Levenshtein distance, case-folded, for did-you-mean; names <= 64 bytes */
unsigned int str_distance(const char *a, const char *b);

/** struct strv - a growing, NULL-terminated array of owned strings; {0} is the empty one */
struct strv {
	char **v;
	size_t n;
};

/** strv_add - append a copy. Returns 0, -ENOMEM */
int strv_add(struct strv *sv, const char *s) ATTR_WARN_UNUSED;

/** strv_split - append the words of s, split at any byte of seps; empty words dropped */
int strv_split(struct strv *sv, const char *s, const char *seps) ATTR_WARN_UNUSED;

/** strv_has - true when one element equals s */
bool strv_has(const struct strv *sv, const char *s);

/** strv_done - free all; leaves the empty one */
void strv_done(struct strv *sv);

#define autostrv __attribute__((cleanup(strv_done)))

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size) {
		if (size > 0)
			dst[0] = '\0';
		return -ENAMETOOLONG;
	}
	memcpy(dst, src, len + 1);
	return 0;
}

int str_vformat(char *dst, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(dst, size, fmt, ap);

	if (n < 0 || (size_t)n >= size) {
		if (size > 0)
			dst[0] = '\0';
		return -ENAMETOOLONG;
	}
	return 0;
}

void str_vformat_cut(char *dst, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(dst, size, fmt, ap);

	if (n < 0 || (size_t)n >= size)
		memcpy(dst + (n < 0 ? 0 : size - 4), "...", 4);
}

int str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = str_vformat(dst, size, fmt, ap);
	va_end(ap);
	return r;
}

char *str_dup_format(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

/* Length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates), 0 if invalid. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
		return 0;
	if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Writes one character of s, escaped, to out (at most 4 bytes); returns bytes read from s. */
static size_t escape_one(const unsigned char *s, char out[4], size_t *ret_len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = utf8_length(s);
	bool c1 = n == 2 && s[0] == 0xc2 && s[1] < 0xa0;

	if (*s == '\\') {
		memcpy(out, "\\\\", 2);
		*ret_len = 2;
		return 1;
	}
	if (n == 0 || c1 || *s < 0x20 || *s == 0x7f) {
		out[0] = '\\';
		out[1] = 'x';
		out[2] = hex[*s >> 4];
		out[3] = hex[*s & 15];
		*ret_len = 4;
		return 1;
	}
	memcpy(out, s, n);
	*ret_len = n;
	return n;
}

void str_escape(char *dst, size_t size, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t len = 0, fit = 0;

	while (*s) {
		char one[4];
		size_t n;

		s += escape_one(s, one, &n);
		if (len + n >= size) {
			memcpy(dst + fit, "...", 4);
			return;
		}
		memcpy(dst + len, one, n);
		len += n;
		if (len + 4 <= size)
			fit = len;
	}
	dst[len] = '\0';
}

bool str_equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

uint64_t str_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}

bool str_has_prefix(const char *s, const char *prefix, const char **ret_rest)
{
	size_t n = strlen(prefix);

	if (strncmp(s, prefix, n) != 0)
		return false;
	if (ret_rest)
		*ret_rest = s + n;
	return true;
}

enum { DISTANCE_MAX = 64 };

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment: insert, delete, replace and swap of neighbours cost one each. */
unsigned int str_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned int row[3][DISTANCE_MAX + 1];

	if (la > DISTANCE_MAX || lb > DISTANCE_MAX)
		return DISTANCE_MAX + 1;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *cur = row[i % 3], *prev = row[(i + 2) % 3], *old = row[(i + 1) % 3];

		cur[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			int x = tolower((unsigned char)a[i - 1]),
			    y = tolower((unsigned char)b[j - 1]);

			cur[j] = min3(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) && old[j - 2] + 1 < cur[j])
				cur[j] = old[j - 2] + 1;
		}
	}
	return row[la % 3][lb];
}

static int strv_add_len(struct strv *sv, const char *s, size_t len)
{
	char **v = reallocarray(sv->v, sv->n + 2, sizeof(*v));

	if (!v)
		return -ENOMEM;
	sv->v = v;
	v[sv->n] = strndup(s, len);
	if (!v[sv->n])
		return -ENOMEM;
	v[++sv->n] = NULL;
	return 0;
}

int strv_add(struct strv *sv, const char *s)
{
	return strv_add_len(sv, s, strlen(s));
}

int strv_split(struct strv *sv, const char *s, const char *seps)
{
	while (*(s += strspn(s, seps))) {
		size_t n = strcspn(s, seps);
		int r = strv_add_len(sv, s, n);

		if (r < 0)
			return r;
		s += n;
	}
	return 0;
}

bool strv_has(const struct strv *sv, const char *s)
{
	for (size_t i = 0; i < sv->n; i++)
		if (strcmp(sv->v[i], s) == 0)
			return true;
	return false;
}

void strv_done(struct strv *sv)
{
	for (size_t i = 0; i < sv->n; i++)
		free(sv->v[i]);
	free(sv->v);
	sv->v = NULL;
	sv->n = 0;
}

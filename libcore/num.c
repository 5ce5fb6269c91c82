/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "num.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "str.h"

/* Digits of the base at *s; moves *s behind them. -EINVAL without a digit, -ERANGE on overflow. */
static int digits(const char **s, unsigned int base, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = *s;

	if (*p < '0' || *p >= (char)('0' + base))
		return -EINVAL;
	for (; *p >= '0' && *p < (char)('0' + base); p++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	*s = p;
	*ret = v;
	return 0;
}

int num_u64(const char *s, uint64_t *ret)
{
	uint64_t v;
	int r = digits(&s, 10, &v);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	*ret = v;
	return 0;
}

int num_i64(const char *s, int64_t *ret)
{
	bool minus = *s == '-';
	uint64_t v;
	int r = num_u64(s + minus, &v);

	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + minus)
		return -ERANGE;
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int num_int_in(const char *s, int lo, int hi, int *ret)
{
	int64_t v;
	int r = num_i64(s, &v);

	if (r < 0)
		return r;
	if (v < lo || v > hi)
		return -ERANGE;
	*ret = (int)v;
	return 0;
}

int num_octal(const char *s, mode_t *ret)
{
	uint64_t v;
	int r = digits(&s, 8, &v);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (v > 07777)
		return -ERANGE;
	*ret = (mode_t)v;
	return 0;
}

int num_id(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = num_u64(s, &v);

	if (r < 0)
		return r;
	/* 4294967295 is (uid_t)-1, "no change" to setresuid(2) and chown(2). */
	if (v >= UINT32_MAX)
		return -ERANGE;
	if (s[0] == '0' && s[1])
		return -EINVAL;
	*ret = (uint32_t)v;
	return 0;
}

int num_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGTPE";
	const char *u;
	uint64_t v;
	int r;

	if (strcmp(s, "infinity") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	r = digits(&s, 10, &v);
	if (r < 0)
		return r;
	if (*s == 'B' && !s[1])
		s++;
	if (*s) {
		u = strchr(units, *s);
		if (!u || s[1])
			return -EINVAL;
		for (long i = 0; i <= u - units; i++)
			if (__builtin_mul_overflow(v, (uint64_t)1024, &v))
				return -ERANGE;
	}
	*ret = v;
	return 0;
}

/* Units of systemd.time(7), the longest spelling of each first letter before its prefix. */
static const struct {
	const char *name;
	uint64_t usec;
} units[] = {
    {"seconds", 1000000},   {"second", 1000000},  {"sec", 1000000},   {"s", 1000000},
    {"minutes", 60000000},  {"minute", 60000000}, {"min", 60000000},  {"msec", 1000},
    {"ms", 1000},	    {"m", 60000000},	  {"usec", 1},	      {"us", 1},
    {"hours", 3600000000},  {"hour", 3600000000}, {"hr", 3600000000}, {"h", 3600000000},
    {"days", 86400000000},  {"day", 86400000000}, {"d", 86400000000}, {"weeks", 604800000000},
    {"week", 604800000000}, {"w", 604800000000},
};

static int unit_of(const char **s, uint64_t *ret)
{
	size_t len = 0;

	while (isalpha((unsigned char)(*s)[len]))
		len++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == len && strncmp(*s, units[i].name, len) == 0) {
			*ret = units[i].usec;
			*s += len;
			return 0;
		}
	}
	return -EINVAL;
}

int num_usec(const char *s, uint64_t *ret)
{
	uint64_t sum = 0;

	if (strcmp(s, "infinity") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	do {
		uint64_t v, unit = 1000000;
		int r = digits(&s, 10, &v);

		if (r < 0)
			return r;
		s += strspn(s, " ");
		if (isalpha((unsigned char)*s) && unit_of(&s, &unit) < 0)
			return -EINVAL;
		if (__builtin_mul_overflow(v, unit, &v) || __builtin_add_overflow(sum, v, &sum))
			return -ERANGE;
		s += strspn(s, " ");
	} while (*s);
	*ret = sum;
	return 0;
}

int num_percent(const char *s, unsigned int *ret)
{
	uint64_t v;
	int r = digits(&s, 10, &v);

	if (r < 0)
		return r;
	if (strcmp(s, "%") != 0)
		return -EINVAL;
	if (v > 100000)
		return -ERANGE;
	*ret = (unsigned int)v;
	return 0;
}

int num_bool(const char *s, int *ret)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(s, yes[i]) == 0) {
			*ret = 1;
			return 0;
		}
		if (strcasecmp(s, no[i]) == 0) {
			*ret = 0;
			return 0;
		}
	}
	return -EINVAL;
}

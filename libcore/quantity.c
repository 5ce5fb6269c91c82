/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quantity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "num.h"
#include "spec.h"

enum { CPU_MAX = 8191 };

static int read_time(const char *s, uint64_t *ret)
{
	return num_usec(s, ret);
}

static int read_size(const char *s, uint64_t *ret)
{
	return num_size(s, ret);
}

static int read_count(const char *s, uint64_t *ret)
{
	if (strcmp(s, "infinity") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	return num_u64(s, ret);
}

static int read_percent(const char *s, uint64_t *ret)
{
	unsigned int v;
	int r = num_percent(s, &v);

	if (r == 0)
		*ret = v;
	return r;
}

/* RLIMIT_CPU counts seconds: a part of one is a whole one. */
static int read_seconds(const char *s, uint64_t *ret)
{
	uint64_t v;
	int r = num_usec(s, &v);

	if (r == 0)
		*ret = v == UINT64_MAX ? v : v / 1000000 + (v % 1000000 != 0);
	return r;
}

static int read_microseconds(const char *s, uint64_t *ret)
{
	return s[strspn(s, "0123456789")] ? num_usec(s, ret) : num_u64(s, ret);
}

/* setrlimit(2): the limit is 20 - nice. A sign makes it a nice level, as systemd.exec(5) has it. */
static int read_nice(const char *s, uint64_t *ret)
{
	int v;

	if (s[0] == '+' || s[0] == '-') {
		if (num_int_in(s + (s[0] == '+'), -20, 19, &v) < 0 || s[1] == '-')
			return -EINVAL;
		v = 20 - v;
	} else if (num_int_in(s, 0, 40, &v) < 0) {
		return -EINVAL;
	}
	*ret = (uint64_t)v;
	return 0;
}

/* systemd.resource-control(5) has "idle" as a weight below all others */
static int read_cpu_weight(const char *s, uint64_t *ret)
{
	int r = strcmp(s, "idle") == 0 ? 0 : num_u64(s, ret);

	if (r == 0 && s[0] == 'i')
		*ret = 0;
	else if (r == 0 && *ret == 0)
		r = -ERANGE;
	return r;
}

static const struct {
	int type;
	int (*read)(const char *s, uint64_t *ret);
	bool rlimit;
	uint64_t min, max;
	const char *what;
} rows[] = {
    {PARSE_TIME, read_time, false, 0, UINT64_MAX, "time (10min, 2s, infinity)"},
    {PARSE_SIZE, read_size, false, 1, UINT64_MAX, "size (512M, 2G, infinity)"},
    {PARSE_SIZE0, read_size, false, 0, UINT64_MAX, "size (512M, 2G, infinity)"},
    {PARSE_COUNT, read_count, false, 1, UINT64_MAX, "number or infinity"},
    {PARSE_PERCENT, read_percent, false, 1, 100000, "percentage (150%)"},
    {PARSE_WEIGHT, read_count, false, 1, 10000, "weight from 1 to 10000"},
    {PARSE_SCHED_PRIORITY, read_count, false, 1, 99, "priority from 1 to 99"},
    {PARSE_IO_PRIORITY, read_count, false, 0, 7, "priority from 0 to 7"},
    {PARSE_HOOK_TIME, read_time, false, 10000, 60000000, "time from 10ms to 1min"},
    {PARSE_CPU_WEIGHT, read_cpu_weight, false, 0, 10000, "weight from 1 to 10000, or idle"},
    {PARSE_CPU_SHARES, num_u64, false, 2, 262144, "number from 2 to 262144"},
    {PARSE_CPU_PERIOD, read_time, false, 1000, 1000000, "time from 1ms to 1s"},
    {PARSE_CPU_BURST, read_time, false, 0, UINT32_MAX, "time"},
    {PARSE_CPU_REALTIME, read_time, false, 0, 1000000, "time up to 1s"},
    {PARSE_SWAPPINESS, num_u64, false, 0, 100, "number from 0 to 100"},
    {PARSE_CLASS_ID, num_u64, false, 0, UINT32_MAX, "number of 32 bits"},
    {PARSE_MTU, read_count, false, 68, 65535, "MTU, 68 to 65535"},
    {PARSE_QUEUE, read_count, false, 0, UINT32_MAX - 1, "number of packets"},
    {PARSE_LIMIT_TIME_S, read_seconds, true, 0, UINT64_MAX, "limit (SOFT[:HARD], times)"},
    {PARSE_LIMIT_TIME_US, read_microseconds, true, 0, UINT64_MAX, "limit (SOFT[:HARD], times)"},
    {PARSE_LIMIT_SIZE, read_size, true, 0, UINT64_MAX, "limit (SOFT[:HARD], sizes)"},
    {PARSE_LIMIT_COUNT, read_count, true, 0, UINT64_MAX, "limit (SOFT[:HARD], numbers)"},
    {PARSE_LIMIT_NICE, read_nice, true, 0, 40, "limit (SOFT[:HARD], 0 to 40 or +-nice)"},
};

static size_t row_of(int type)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(rows) && rows[i].type != type)
		i++;
	return i;
}

bool quantity_is(int type)
{
	return type == PARSE_CPU_LIST || row_of(type) < ARRAY_SIZE(rows);
}

bool quantity_is_rlimit(int type)
{
	size_t row = row_of(type);

	return row < ARRAY_SIZE(rows) && rows[row].rlimit;
}

/* "A" or "A-B" */
static bool is_range(char *word)
{
	char *dash = strchr(word, '-');
	int lo, hi;

	if (dash)
		*dash = '\0';
	if (num_int_in(word, 0, CPU_MAX, &lo) < 0)
		return false;
	hi = lo;
	if (dash && num_int_in(dash + 1, lo, CPU_MAX, &hi) < 0)
		return false;
	if (dash)
		*dash = '-';
	return true;
}

static int read_cpus(const struct parse_in *in, struct ctr_error *err)
{
	autofree char *out = calloc(1, strlen(in->value) + 2);
	autostrv struct strv words = {0};
	char *p = out;

	if (!out || strv_split(&words, in->value, ", \t") < 0)
		return err_sys(err, ENOMEM, "config", "read list");
	for (size_t i = 0; i < words.n; i++) {
		if (!is_range(words.v[i]))
			return parse_bad(err, "list (0-3,8)", in->value, NULL);
		p = stpcpy(p, i ? "," : "");
		p = stpcpy(p, words.v[i]);
	}
	if (words.n == 0)
		return parse_bad(err, "list (0-3,8)", in->value, NULL);
	free(*(char **)in->field);
	*(char **)in->field = take_ptr(out);
	return 0;
}

static int read_rlimit(const struct parse_in *in, size_t row, struct ctr_error *err)
{
	struct spec_rlimit *field = in->field;
	autofree char *soft = strdup(in->value);
	uint64_t cur, max;
	char *hard;

	if (!soft)
		return err_sys(err, ENOMEM, "config", "read limit");
	hard = strchr(soft, ':');
	if (hard)
		*hard++ = '\0';
	if (rows[row].read(soft, &cur) < 0 || rows[row].read(hard ? hard : soft, &max) < 0 ||
	    cur > max)
		return parse_bad(err, rows[row].what, in->value, NULL);
	/* RLIM_INFINITY is UINT64_MAX, which is what "infinity" was read as. */
	*field = (struct spec_rlimit){true, {cur, max}};
	return 0;
}

int quantity_parse(const struct parse_in *in, struct ctr_error *err)
{
	size_t row = row_of(in->type);
	uint64_t v;

	if (in->type == PARSE_CPU_LIST)
		return read_cpus(in, err);
	if (rows[row].rlimit)
		return read_rlimit(in, row, err);
	if (rows[row].read(in->value, &v) < 0 || v < rows[row].min || v > rows[row].max)
		return parse_bad(err, rows[row].what, in->value, NULL);
	*(uint64_t *)in->field = v == UINT64_MAX ? SPEC_INFINITY : v;
	return 0;
}

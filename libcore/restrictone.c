/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restrictone.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "num.h"
#include "str.h"

enum { WORD_MAX = 24 };

/* "caps=" and five words, a mask each or "-"; "rlimit=NUMBER,SOFT,HARD"; all decimal */
void restrictone_put(const struct restrictone *one, FILE *f)
{
	(void)fputs("caps=", f);
	for (size_t i = 0; i < RESTRICTONE_SETS; i++) {
		if (i > 0)
			(void)fputc(',', f);
		if (one->caps[i].set)
			(void)fprintf(f, "%" PRIu64, one->caps[i].mask);
		else
			(void)fputc('-', f);
	}
	(void)fputc(0, f);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (one->rlimit_set[i])
			(void)fprintf(f, "rlimit=%d,%" PRIu64 ",%" PRIu64 "%c", i,
				      (uint64_t)one->rlimits[i].rlim_cur,
				      (uint64_t)one->rlimits[i].rlim_max, 0);
}

/* The next word of a comma list, "" after the last one */
static int next_word(const char **at, char word[WORD_MAX])
{
	size_t len = strcspn(*at, ",");

	if (len >= WORD_MAX)
		return -EBADMSG;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len + ((*at)[len] == ',');
	return 0;
}

static int take_caps(const char *at, struct restrictone *one)
{
	struct restrictone got = *one;
	char word[WORD_MAX];

	for (size_t i = 0; i < RESTRICTONE_SETS; i++) {
		if (next_word(&at, word) < 0)
			return -EBADMSG;
		got.caps[i].mask = 0;
		got.caps[i].set = !str_equal(word, "-");
		if (got.caps[i].set && num_u64(word, &got.caps[i].mask) < 0)
			return -EBADMSG;
	}
	if (*at)
		return -EBADMSG;
	*one = got;
	return 0;
}

static int take_limit(const char *at, struct restrictone *one)
{
	char word[3][WORD_MAX];
	uint64_t soft, hard;
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		if (next_word(&at, word[i]) < 0)
			return -EBADMSG;
	if (*at || num_int_in(word[0], 0, RLIM_NLIMITS - 1, &n) < 0 ||
	    num_u64(word[1], &soft) < 0 || num_u64(word[2], &hard) < 0 || soft > hard)
		return -EBADMSG;
	one->rlimit_set[n] = true;
	one->rlimits[n] = (struct rlimit){.rlim_cur = soft, .rlim_max = hard};
	return 0;
}

int restrictone_take(const char *record, struct restrictone *one)
{
	const char *v;

	if (str_has_prefix(record, "caps=", &v))
		return take_caps(v, one);
	return str_has_prefix(record, "rlimit=", &v) ? take_limit(v, one) : -ENOENT;
}

/* MUST-1: what holds for everybody in the container holds for this one too. The other sets are kept
 * within that one by restrict_caps(). */
int restrictone_merge(const struct restrictone *one, struct restrict_set *set,
		      struct ctr_error *err)
{
	const struct {
		uint8_t *has;
		uint64_t *mask;
	} caps[] = {
	    {&set->has_bounding, &set->bounding},   {&set->has_permitted, &set->permitted},
	    {&set->has_effective, &set->effective}, {&set->has_inheritable, &set->inheritable},
	    {&set->has_ambient, &set->ambient},
	};

	static_assert(ARRAY_SIZE(caps) == RESTRICTONE_SETS, "in the order of the header");
	if (set->has_bounding && (!one->caps[0].set || (one->caps[0].mask & ~set->bounding)))
		return err_set(err, CTR_E_DENIED, EPERM, "start",
			       "capabilities beyond CapabilityBoundingSet= of the container");
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		*caps[i].has = one->caps[i].set;
		*caps[i].mask = one->caps[i].mask;
	}
	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		set->rlimit_set[i] = one->rlimit_set[i];
		set->rlimits[i] = one->rlimits[i];
	}
	return 0;
}

static bool is_equal(const struct rlimit *a, const struct rlimit *b)
{
	return a->rlim_cur == b->rlim_cur && a->rlim_max == b->rlim_max;
}

int restrictone_check_limits(const struct restrictone *one, const struct restrict_set *all,
			     struct ctr_error *err)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *want = &one->rlimits[i];
		struct rlimit now;

		if (!one->rlimit_set[i] || (all->rlimit_set[i] && is_equal(want, &all->rlimits[i])))
			continue;
		if (getrlimit((__rlimit_resource_t)i, &now) < 0)
			return err_sys(err, errno, "start", "read rlimit %d", i);
		if (!is_equal(want, &now))
			return err_set(err, CTR_E_DENIED, EPERM, "start",
				       "rlimit %d is not raised to %" PRIu64 ": PID 1 has %" PRIu64,
				       i, (uint64_t)want->rlim_max, (uint64_t)now.rlim_max);
	}
	return 0;
}

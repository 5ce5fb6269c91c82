/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgcpu.h"

#include <errno.h>
#include <inttypes.h>

#include "cgprobe.h"
#include "str.h"

enum { PERIOD_US = 100000, RT_PERIOD_US = 1000000, SHARES = 1024, WEIGHT = 100 };
enum { SHARES_MIN = 2, SHARES_MAX = 262144 };

/*
 * The curve of runc and crun, weight = 10^((l*l + 125*l) / 612 - 7/34) with l = log2(shares), which
 * takes 2 to 1, 1024 to 100 and 262144 to 10000; at the powers of two, straight lines between.
 */
uint64_t cgcpu_weight(uint64_t shares)
{
	/* thousandths, for 2^1 to 2^18 */
	static const uint32_t at[] = {1000,   1619,   2640,    4338,	7181,	 11979,
				      20134,  34094,  58171,   100000,	173206,	 302268,
				      531484, 941578, 1680700, 3022680, 5477244, 10000000};
	uint64_t low = 2;
	size_t i = 0;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return 10000;
	while (low * 2 <= shares) {
		low *= 2;
		i++;
	}
	return (at[i] + (at[i + 1] - at[i]) * (shares - low) / low + 500) / 1000;
}

/* What is not given is lifted in a group that lives, and left alone in a new one. */
static int put(struct cgplan *p, struct cgset_item item, uint64_t v, const char *lifted)
{
	if (v == SPEC_UNSET && !p->live)
		return 0;
	if (!cgplan_is_given(v)) {
		item.absent = CGSET_SOFT;
		return cgset_add(&p->set, item, lifted, NULL);
	}
	return cgplan_value(p, &item, v);
}

static uint64_t quota_us(const struct spec *s)
{
	uint64_t period = s->cpu_period == SPEC_UNSET ? PERIOD_US : s->cpu_period;

	return cgplan_is_given(s->cpu_quota) ? s->cpu_quota * period / 100 : s->cpu_quota;
}

static int quota_v1(struct cgplan *p, const struct cg_hierarchy *h)
{
	const struct cgset_item period = {
	    .key = "CPUQuotaPeriodSec", .file = "cpu.cfs_period_us", .h = h};
	const struct cgset_item quota = {.key = "CPUQuota", .file = "cpu.cfs_quota_us", .h = h};
	int r = put(p, period, p->spec->cpu_period, "100000");

	return r < 0 ? r : put(p, quota, quota_us(p->spec), "-1");
}

/* One file for both, "QUOTA PERIOD". */
static int quota_v2(struct cgplan *p, const struct cg_hierarchy *h)
{
	const struct spec *s = p->spec;
	uint64_t quota = quota_us(s), period = s->cpu_period;
	bool wall = cgplan_is_given(quota);
	struct cgset_item item = {
	    .key = "CPUQuota", .file = "cpu.max", .h = h, .absent = wall ? CGSET_HARD : CGSET_SOFT};
	char value[CGPLAN_VALUE], max[24] = "max";
	int r = 0;

	if (quota == SPEC_UNSET && period == SPEC_UNSET && !p->live)
		return 0;
	if (wall)
		r = str_format(max, sizeof(max), "%" PRIu64, quota);
	if (r == 0)
		r = str_format(value, sizeof(value), "%s %" PRIu64, max,
			       period == SPEC_UNSET ? (uint64_t)PERIOD_US : period);
	return r < 0 ? r : cgset_add(&p->set, item, value, NULL);
}

/* Of v1 1024 is the usual one, of v2 100. */
static uint64_t weight_of(const struct spec *s, bool v2)
{
	uint64_t shares;

	if (s->cpu_shares != SPEC_UNSET)
		return v2 ? cgcpu_weight(s->cpu_shares) : s->cpu_shares;
	if (s->cpu_weight == SPEC_UNSET || v2)
		return s->cpu_weight;
	shares = s->cpu_weight * SHARES / WEIGHT;
	return shares < SHARES_MIN ? SHARES_MIN : shares > SHARES_MAX ? SHARES_MAX : shares;
}

/*
 * A group that is idle takes no weight (Linux 5.15, sched_group_set_shares()), and has a usual one
 * when it stops to be: so a living group stops first, and becomes idle last.
 */
static int weight(struct cgplan *p, const struct cg_hierarchy *h)
{
	const char *key = p->spec->cpu_shares == SPEC_UNSET ? "CPUWeight" : "CPUShares";
	const struct cgset_item idle = {
	    .key = key, .file = "cpu.idle", .h = h, .absent = CGSET_SOFT};
	struct cgset_item item = idle;
	bool be_idle = p->spec->cpu_weight == 0;
	int r = 0;

	item.file = h->v2 ? "cpu.weight" : "cpu.shares";
	if (p->live)
		r = cgset_add(&p->set, idle, "0", NULL);
	if (r == 0)
		r = put(p, item, be_idle ? SPEC_UNSET : weight_of(p->spec, h->v2),
			h->v2 ? "100" : "1024");
	return r < 0 || !be_idle ? r : cgset_add(&p->set, idle, "1", NULL);
}

static int realtime(struct cgplan *p, const struct cg_hierarchy *h)
{
	const struct cgset_item period = {
	    .key = "CPURealtimePeriodSec", .file = "cpu.rt_period_us", .h = h};
	const struct cgset_item runtime = {
	    .key = "CPURealtimeRuntimeSec", .file = "cpu.rt_runtime_us", .h = h};
	int r = put(p, period, p->spec->cpu_rt_period, "1000000");

	return r < 0 ? r : put(p, runtime, p->spec->cpu_rt_runtime, "0");
}

static int refuse(const struct spec *s, struct ctr_error *err)
{
	if (cgplan_is_given(s->cpu_quota))
		return cgplan_unsupported("CPUQuota", "cpu", err);
	if (cgplan_is_given(s->cpu_rt_runtime))
		return cgplan_unsupported("CPURealtimeRuntimeSec", "cpu", err);
	return 0;
}

int cgcpu_plan(struct cgplan *p, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "cpu", "cpu");
	struct cgset_item burst = {
	    .key = "CPUQuotaBurstSec", .file = "cpu.cfs_burst_us", .h = h, .absent = CGSET_SOFT};
	int r;

	if (!h)
		return refuse(p->spec, err);
	if (h->v2 && cgplan_is_given(p->spec->cpu_rt_runtime))
		return cgplan_only_v1("CPURealtimeRuntimeSec", err);
	if (h->v2)
		burst.file = "cpu.max.burst";
	r = h->v2 ? quota_v2(p, h) : quota_v1(p, h);
	if (r == 0)
		r = put(p, burst, p->spec->cpu_burst, "0");
	if (r == 0)
		r = weight(p, h);
	return r < 0 || h->v2 ? r : realtime(p, h);
}

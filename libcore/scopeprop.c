/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scopeprop.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cgcpu.h"
#include "num.h"

enum { USEC_PER_PERCENT = 10000 };

static void add(struct scopeprops *p, struct scopeprop prop)
{
	p->v[p->n++] = prop;
}

static void add_text(struct scopeprops *p, const char *name, const char *text)
{
	add(p, (struct scopeprop){.name = name, .type = SCOPEPROP_TEXT, .text = text});
}

static void add_number(struct scopeprops *p, const char *name, uint64_t number)
{
	add(p, (struct scopeprop){.name = name, .type = SCOPEPROP_NUMBER, .number = number});
}

static void add_yes(struct scopeprops *p, const char *name)
{
	add(p, (struct scopeprop){.name = name, .type = SCOPEPROP_BOOL, .number = 1});
}

/* Numbers that go over as they are, and what systemd counts in another unit. */
static const struct {
	const char *name;
	size_t offset; /* of a uint64_t in struct spec */
	uint64_t factor;
	uint64_t lifted;
} numbers[] = {
    {"MemoryMax", offsetof(struct spec, memory_max), 1, UINT64_MAX},
    {"MemoryHigh", offsetof(struct spec, memory_high), 1, UINT64_MAX},
    {"MemoryLow", offsetof(struct spec, memory_low), 1, 0},
    {"MemoryMin", offsetof(struct spec, memory_min), 1, 0},
    {"MemorySwapMax", offsetof(struct spec, memory_swap_max), 1, UINT64_MAX},
    {"TasksMax", offsetof(struct spec, tasks_max), 1, UINT64_MAX},
    {"CPUQuotaPerSecUSec", offsetof(struct spec, cpu_quota), USEC_PER_PERCENT, UINT64_MAX},
    {"CPUQuotaPeriodUSec", offsetof(struct spec, cpu_period), 1, UINT64_MAX},
    {"IOWeight", offsetof(struct spec, io_weight), 1, UINT64_MAX},
};

static const struct {
	const char *name;
	size_t offset; /* of a struct strv in struct spec */
} rates[] = {
    {"IODeviceWeight", offsetof(struct spec, io_device_weight)},
    {"IOReadBandwidthMax", offsetof(struct spec, io_read_bps)},
    {"IOWriteBandwidthMax", offsetof(struct spec, io_write_bps)},
    {"IOReadIOPSMax", offsetof(struct spec, io_read_iops)},
    {"IOWriteIOPSMax", offsetof(struct spec, io_write_iops)},
};

/* "3" or "0-7" */
static int read_range(const char *word, int *lo, int *hi)
{
	char first[16];
	const char *dash = strchr(word, '-');
	int r;

	if (!dash) {
		r = num_int_in(word, 0, SCOPEPROP_CPUS - 1, lo);
		*hi = *lo;
		return r;
	}
	r = str_format(first, sizeof(first), "%.*s", (int)(dash - word), word);
	if (r == 0)
		r = num_int_in(first, 0, SCOPEPROP_CPUS - 1, lo);
	return r < 0 ? r : num_int_in(dash + 1, *lo, SCOPEPROP_CPUS - 1, hi);
}

static int read_mask(const char *list, uint8_t *mask, size_t *ret_len)
{
	autostrv struct strv words = {0};
	int r = strv_split(&words, list, ", \t"), top = 0;

	for (size_t i = 0; r == 0 && i < words.n; i++) {
		int lo = 0, hi = -1;

		r = read_range(words.v[i], &lo, &hi);
		for (int n = lo; r == 0 && n <= hi; n++)
			mask[n / 8] |= (uint8_t)(1 << n % 8);
		top = hi > top ? hi : top;
	}
	if (r == 0)
		*ret_len = (size_t)top / 8 + 1;
	return r;
}

static int add_mask(struct scopeprops *p, const char *name, const char *list, uint8_t *mask,
		    struct ctr_error *err)
{
	struct scopeprop prop = {.name = name, .type = SCOPEPROP_MASK, .mask = mask};
	int r = list ? read_mask(list, mask, &prop.mask_len) : 0;

	if (r < 0)
		return err_set(err, CTR_E_CONFIG, -r, "scope", "%s=%s is no list of 0 to %d", name,
			       list, SCOPEPROP_CPUS - 1);
	add(p, prop);
	return 0;
}

/* all: what is not given too, in the form that lifts a limit: UINT64_MAX, no rates, no bits. */
static int add_limits(struct scopeprops *p, const struct spec *spec, bool all,
		      struct ctr_error *err)
{
	const char *base = (const char *)spec;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		bool limited;
		uint64_t n;

		memcpy(&n, base + numbers[i].offset, sizeof(n));
		limited = n != SPEC_UNSET && n != SPEC_INFINITY;
		if (all || n != SPEC_UNSET)
			add_number(p, numbers[i].name,
				   limited		? n * numbers[i].factor
				   : n == SPEC_INFINITY ? UINT64_MAX
							: numbers[i].lifted);
	}
	if (spec->cpu_shares != SPEC_UNSET)
		add_number(p, "CPUWeight", cgcpu_weight(spec->cpu_shares));
	else if (all || spec->cpu_weight != SPEC_UNSET) /* 0 is idle, all ones the usual one */
		add_number(p, "CPUWeight", spec->cpu_weight);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		const struct strv *sv = (const void *)(base + rates[i].offset);

		if (all || sv->n > 0)
			add(p, (struct scopeprop){
				   .name = rates[i].name, .type = SCOPEPROP_RATES, .rates = sv});
	}
	if (all || spec->allowed_cpus)
		r = add_mask(p, "AllowedCPUs", spec->allowed_cpus, p->cpus, err);
	if (r == 0 && (all || spec->allowed_mems))
		r = add_mask(p, "AllowedMemoryNodes", spec->allowed_mems, p->mems, err);
	return r;
}

int scopeprop_limits(const struct spec *spec, struct scopeprops *ret, struct ctr_error *err)
{
	memset(ret, 0, sizeof(*ret));
	return add_limits(ret, spec, true, err);
}

int scopeprop_start(const struct spec *spec, struct scopeprops *ret, struct ctr_error *err)
{
	const char *what = "Container supervisors", *slice = "system.slice";

	if (spec) {
		what = spec->description ? spec->description
		       : spec->name	 ? spec->name
					 : "Container";
		slice = spec->slice ? spec->slice : "container.slice";
	}
	memset(ret, 0, sizeof(*ret));
	str_escape(ret->description, sizeof(ret->description), what); /* D-Bus wants UTF-8 */
	add_text(ret, "Description", ret->description);
	add_text(ret, "Slice", slice);
	add_yes(ret, "Delegate");
	/* a scope that ended badly must not hold its name */
	add_text(ret, "CollectMode", "inactive-or-failed");
	if (!spec)
		return 0;
	add_yes(ret, "CPUAccounting");
	add_yes(ret, "MemoryAccounting");
	add_yes(ret, "TasksAccounting");
	add_yes(ret, "IOAccounting");
	if (spec->timeout_stop != SPEC_UNSET)
		add_number(ret, "TimeoutStopUSec",
			   spec->timeout_stop == SPEC_INFINITY ? UINT64_MAX : spec->timeout_stop);
	return add_limits(ret, spec, false, err);
}

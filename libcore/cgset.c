/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgdevlist.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "num.h"
#include "str.h"

enum { VALUE_SIZE = 64 };

/** struct plan - one run of cgset_plan() */
struct plan {
	const struct cg_facts *facts;
	const struct spec *spec;
	cgset_resolve resolve;
	bool live;
	struct cgset set;
};

void cgset_done(struct cgset *set)
{
	for (size_t i = 0; i < set->n; i++) {
		free(set->v[i].value);
		free(set->v[i].undo);
	}
	free(set->v);
	*set = (struct cgset){0};
}

int cgset_add(struct cgset *set, struct cgset_item item, const char *value, const char *undo)
{
	struct cgset_item *v = reallocarray(set->v, set->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	set->v = v;
	item.value = strdup(value);
	item.undo = undo ? strdup(undo) : NULL;
	v[set->n++] = item;
	return item.value && (item.undo || !undo) ? 0 : -ENOMEM;
}

static int add(struct plan *p, struct cgset_item item, const char *value, const char *undo)
{
	return cgset_add(&p->set, item, value, undo);
}

static int bytes_v1(uint64_t v, char *dst, size_t size)
{
	return v == SPEC_INFINITY ? str_copy(dst, size, "-1")
				  : str_format(dst, size, "%" PRIu64, v);
}

static int number(uint64_t v, char *dst, size_t size)
{
	return v == SPEC_INFINITY ? str_copy(dst, size, "max")
				  : str_format(dst, size, "%" PRIu64, v);
}

/* Of a period of 100 ms, which is the kernel's default: percent * 1000 µs. */
static int quota_v1(uint64_t v, char *dst, size_t size)
{
	return bytes_v1(v == SPEC_INFINITY ? v : v * 1000, dst, size);
}

static int quota_v2(uint64_t v, char *dst, size_t size)
{
	return v == SPEC_INFINITY ? str_copy(dst, size, "max 100000")
				  : str_format(dst, size, "%" PRIu64 " 100000", v * 1000);
}

static uint64_t clamp(uint64_t v, uint64_t lo, uint64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* 100 is the usual weight of v2, 1024 that of v1. */
static int shares(uint64_t v, char *dst, size_t size)
{
	return number(clamp(v * 1024 / 100, 2, 262144), dst, size);
}

/* BFQ counts from 1 to 1000 with 100 as its usual weight: the upper part is compressed. */
static int weight_bfq(uint64_t v, char *dst, size_t size)
{
	return number(v <= 100 ? v : 100 + (v - 100) * 900 / 9900, dst, size);
}

/* CFQ, gone in Linux 5.0: 10 to 1000, usual weight 500 */
static int weight_cfq(uint64_t v, char *dst, size_t size)
{
	return number(clamp(v * 5, 10, 1000), dst, size);
}

static int weight_io(uint64_t v, char *dst, size_t size)
{
	return str_format(dst, size, "default %" PRIu64, v);
}

/** struct form - where a key goes in one version; without a file: nowhere */
struct form {
	const char *controller, *file;
	int (*write)(uint64_t v, char *dst, size_t size);
	const char *lifted; /* what a new group has */
};

static const struct row {
	const char *key;
	size_t field; /* uint64_t in struct spec */
	int absent;
	struct form v1, v2;
} rows[] = {
    {"MemoryMax",
     offsetof(struct spec, memory_max),
     CGSET_HARD,
     {"memory", "memory.limit_in_bytes", bytes_v1, "-1"},
     {"memory", "memory.max", number, "max"}},
    /* not memory.soft_limit_in_bytes: that slows nobody down, it only guides reclaim */
    {"MemoryHigh",
     offsetof(struct spec, memory_high),
     CGSET_SOFT,
     {0},
     {"memory", "memory.high", number, "max"}},
    {"MemorySwapMax",
     offsetof(struct spec, memory_swap_max),
     CGSET_SWAP,
     {0}, /* add_memsw() */
     {"memory", "memory.swap.max", number, "max"}},
    {"TasksMax",
     offsetof(struct spec, tasks_max),
     CGSET_HARD,
     {"pids", "pids.max", number, "max"},
     {"pids", "pids.max", number, "max"}},
    {"CPUQuota",
     offsetof(struct spec, cpu_quota),
     CGSET_HARD,
     {"cpu", "cpu.cfs_quota_us", quota_v1, "-1"},
     {"cpu", "cpu.max", quota_v2, "max 100000"}},
    {"CPUWeight",
     offsetof(struct spec, cpu_weight),
     CGSET_SOFT,
     {"cpu", "cpu.shares", shares, "1024"},
     {"cpu", "cpu.weight", number, "100"}},
    {"IOWeight",
     offsetof(struct spec, io_weight),
     CGSET_SOFT,
     {"blkio", "blkio.bfq.weight", weight_bfq, "100"},
     {"io", "io.bfq.weight", weight_bfq, "100"}},
    {"IOWeight",
     offsetof(struct spec, io_weight),
     CGSET_SOFT,
     {"blkio", "blkio.weight", weight_cfq, "500"},
     {"io", "io.weight", weight_io, "default 100"}},
};

static int unsupported(const char *key, const char *controller, struct ctr_error *err)
{
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
		       "%s= needs the %s controller, which this machine does not offer", key,
		       controller);
}

static int add_number(struct plan *p, const struct row *row, struct ctr_error *err)
{
	uint64_t v = *(const uint64_t *)((const char *)p->spec + row->field);
	const struct cg_hierarchy *h =
	    cgprobe_find(p->facts, row->v1.controller, row->v2.controller);
	const struct form *form = h && h->v2 ? &row->v2 : &row->v1;
	struct cgset_item item = {
	    .key = row->key, .file = form->file, .h = h, .absent = row->absent};
	char value[VALUE_SIZE];
	int r;

	if (v == SPEC_UNSET && !p->live)
		return 0;
	/* where nothing can be set, nothing needs to be lifted */
	if (!h && row->absent == CGSET_HARD && v != SPEC_UNSET && v != SPEC_INFINITY)
		return unsupported(row->key, row->v2.controller, err);
	if (!h || !form->file)
		return 0;
	if (v == SPEC_UNSET || v == SPEC_INFINITY)
		item.absent = CGSET_SOFT;
	r = v == SPEC_UNSET ? str_copy(value, sizeof(value), form->lifted)
			    : form->write(v, value, sizeof(value));
	return r < 0 ? r : add(p, item, value, NULL);
}

/* memory.memsw counts memory and swap together, so it says something only with MemoryMax=. */
static int add_memsw(struct plan *p, struct ctr_error *err)
{
	const struct spec *s = p->spec;
	uint64_t swap = s->memory_swap_max, mem = s->memory_max;
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "memory", "memory");
	struct cgset_item item = {.key = "MemorySwapMax",
				  .file = "memory.memsw.limit_in_bytes",
				  .h = h,
				  .absent = CGSET_SWAP};
	bool wall = swap != SPEC_UNSET && swap != SPEC_INFINITY;
	char value[VALUE_SIZE];
	int r;

	if (wall && !h)
		return unsupported("MemorySwapMax", "memory", err);
	if (!h || h->v2 || (!wall && !p->live))
		return 0;
	if (!wall) {
		item.absent = CGSET_SOFT;
		return add(p, item, "-1", NULL);
	}
	if (mem >= SPEC_INFINITY)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
			       "MemorySwapMax= needs MemoryMax= too on cgroup v1, which limits "
			       "memory and swap together");
	r = str_format(value, sizeof(value), "%" PRIu64,
		       mem > (uint64_t)INT64_MAX - swap ? (uint64_t)INT64_MAX : mem + swap);
	return r < 0 ? r : add(p, item, value, NULL);
}

static int add_cpuset(struct plan *p, const char *key, const char *file, const char *list,
		      struct ctr_error *err)
{
	struct cgset_item item = {
	    .key = key, .file = file, .h = cgprobe_find(p->facts, "cpuset", "cpuset")};

	if (!list)
		return 0;
	return item.h ? add(p, item, list, NULL) : unsupported(key, "cpuset", err);
}

/** struct limit - one kind of I/O limit */
struct limit {
	const char *key, *v1_file, *v2_word;
	size_t field; /* struct strv in struct spec */
};

static const struct limit limits[] = {
    {"IOReadBandwidthMax", "blkio.throttle.read_bps_device", "rbps",
     offsetof(struct spec, io_read_bps)},
    {"IOWriteBandwidthMax", "blkio.throttle.write_bps_device", "wbps",
     offsetof(struct spec, io_write_bps)},
    {"IOReadIOPSMax", "blkio.throttle.read_iops_device", "riops",
     offsetof(struct spec, io_read_iops)},
    {"IOWriteIOPSMax", "blkio.throttle.write_iops_device", "wiops",
     offsetof(struct spec, io_write_iops)},
};

/* line: "DEVICE N", as list.c wrote it */
static int add_limit(struct plan *p, const struct limit *l, const char *line, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "blkio", "io");
	struct cgset_item item = {
	    .key = l->key, .file = h && h->v2 ? "io.max" : l->v1_file, .h = h};
	const char *n = strrchr(line, ' ');
	autofree char *path = n ? strndup(line, (size_t)(n - line)) : NULL;
	char dev[32], value[VALUE_SIZE * 2], undo[VALUE_SIZE * 2];
	int r;

	if (!h)
		return unsupported(l->key, "io", err);
	if (!path)
		return -ENOMEM;
	r = p->resolve(path, dev, sizeof(dev), err);
	if (r < 0)
		return r;
	r = h->v2 ? str_format(value, sizeof(value), "%s %s=%s", dev, l->v2_word, n + 1)
		  : str_format(value, sizeof(value), "%s %s", dev, n + 1);
	if (r == 0)
		r = h->v2 ? str_format(undo, sizeof(undo), "%s %s=max", dev, l->v2_word)
			  : str_format(undo, sizeof(undo), "%s 0", dev);
	return r < 0 ? r : add(p, item, value, undo);
}

static int add_limits(struct plan *p, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct strv *sv = (const void *)((const char *)p->spec + limits[i].field);

		for (size_t k = 0; r == 0 && k < sv->n; k++)
			r = add_limit(p, &limits[i], sv->v[k], err);
	}
	return r;
}

int cgset_device(const struct cgdev_rule *rule, char *dst, size_t size)
{
	char major[16] = "*", minor[16] = "*";
	int r = 0;

	if (rule->major >= 0)
		r = str_format(major, sizeof(major), "%d", rule->major);
	if (r == 0 && rule->minor >= 0)
		r = str_format(minor, sizeof(minor), "%d", rule->minor);
	if (r < 0)
		return r;
	return str_format(dst, size, "%c %s:%s %s%s%s", rule->type, major, minor,
			  rule->access & CGDEV_READ ? "r" : "",
			  rule->access & CGDEV_WRITE ? "w" : "",
			  rule->access & CGDEV_MKNOD ? "m" : "");
}

/* v2 has no devices controller: cgdev.h attaches a filter there. */
static int add_devices(struct plan *p, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "devices", NULL);
	struct cgset_item item = {.key = "DevicePolicy", .file = "devices.deny", .h = h};
	struct cgdev_rule rules[CGDEV_MAX];
	char text[VALUE_SIZE];
	size_t n = 0;
	int r;

	if (p->facts->layout == CG_V2)
		return 0;
	r = cgdev_list(p->spec, rules, ARRAY_SIZE(rules), &n, err);
	if (r < 0 || cgdevlist_allows_all(rules, n))
		return r;
	if (!h)
		return unsupported("DevicePolicy", "devices", err);
	r = add(p, item, "a", NULL);
	item.file = "devices.allow";
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cgset_device(&rules[i], text, sizeof(text));
		if (r == 0)
			r = add(p, item, text, NULL);
	}
	return r;
}

int cgset_plan(const struct cg_facts *facts, const struct spec *spec,
	       const struct cgset_options *opt, struct cgset *ret, struct ctr_error *err)
{
	struct plan p = {facts, spec, opt->resolve, opt->live, {0}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		r = add_number(&p, &rows[i], err);
		if (r == 0 && rows[i].field == offsetof(struct spec, memory_swap_max))
			r = add_memsw(&p, err);
	}
	if (r == 0)
		r = add_cpuset(&p, "AllowedCPUs", "cpuset.cpus", spec->allowed_cpus, err);
	if (r == 0)
		r = add_cpuset(&p, "AllowedMemoryNodes", "cpuset.mems", spec->allowed_mems, err);
	if (r == 0)
		r = add_limits(&p, err);
	if (r == 0 && !p.live)
		r = add_devices(&p, err);
	if (r == -ENOMEM || r == -ENAMETOOLONG)
		(void)err_sys(err, r, "cgroup", "plan the limits");
	if (r < 0)
		cgset_done(&p.set);
	else
		*ret = p.set;
	return r;
}

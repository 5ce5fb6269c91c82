/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgcpu.h"
#include "cgdevlist.h"
#include "cgline.h"
#include "cgplan.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "num.h"
#include "str.h"

enum { VALUE_SIZE = CGPLAN_VALUE };

void cgset_done(struct cgset *set)
{
	for (size_t i = 0; i < set->n; i++) {
		free(set->v[i].value);
		free(set->v[i].undo);
		free(set->v[i].own_file);
	}
	free(set->v);
	*set = (struct cgset){0};
}

bool cgset_plans(const struct cgset *set, const char *file, const char *start)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->v[i].file, file) == 0 &&
		    str_has_prefix(set->v[i].value, start, NULL))
			return true;
	return false;
}

int cgset_add(struct cgset *set, struct cgset_item item, const char *value, const char *undo)
{
	struct cgset_item *v = reallocarray(set->v, set->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	set->v = v;
	item.value = strdup(value);
	item.undo = undo ? strdup(undo) : NULL;
	if (item.own_file)
		item.file = item.own_file = strdup(item.own_file);
	v[set->n++] = item;
	return item.value && item.file && (item.undo || !undo) ? 0 : -ENOMEM;
}

static int add(struct cgplan *p, struct cgset_item item, const char *value, const char *undo)
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

static uint64_t clamp(uint64_t v, uint64_t lo, uint64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
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

int cgset_io_weight(const char *file, const char *weight, char *dst, size_t size)
{
	uint64_t v;
	int r = num_u64(weight, &v);

	if (r < 0)
		return r;
	if (strstr(file, "bfq"))
		return weight_bfq(v, dst, size);
	return str_has_prefix(file, "blkio", NULL) ? weight_cfq(v, dst, size)
						   : number(v, dst, size);
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
    /* guides reclaim on v1, protects on v2: what libcontainer calls reservation */
    {"MemoryLow",
     offsetof(struct spec, memory_low),
     CGSET_SOFT,
     {"memory", "memory.soft_limit_in_bytes", bytes_v1, "-1"},
     {"memory", "memory.low", number, "0"}},
    {"MemoryMin",
     offsetof(struct spec, memory_min),
     CGSET_SOFT,
     {0},
     {"memory", "memory.min", number, "0"}},
    /* a new group has its parent's, so lifting it is cglive.c's */
    {"MemorySwappiness",
     offsetof(struct spec, memory_swappiness),
     CGSET_SOFT,
     {"memory", "memory.swappiness", number, NULL},
     {0}},
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
    {"NetworkClassID",
     offsetof(struct spec, net_class_id),
     CGSET_HARD,
     {"net_cls", "net_cls.classid", number, "0"},
     {0}},
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

static int add_number(struct cgplan *p, const struct row *row, struct ctr_error *err)
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
	if (!h && row->absent == CGSET_HARD && cgplan_is_given(v))
		return row->v2.controller ? cgplan_unsupported(row->key, row->v2.controller, err)
					  : cgplan_unsupported(row->key, row->v1.controller, err);
	if (!h || !form->file || (v == SPEC_UNSET && !form->lifted))
		return 0;
	if (v == SPEC_UNSET || v == SPEC_INFINITY)
		item.absent = CGSET_SOFT;
	r = v == SPEC_UNSET ? str_copy(value, sizeof(value), form->lifted)
			    : form->write(v, value, sizeof(value));
	return r < 0 ? r : add(p, item, value, NULL);
}

/* memory.memsw counts memory and swap together, so it says something only with MemoryMax=. */
static int add_memsw(struct cgplan *p, struct ctr_error *err)
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
		return cgplan_unsupported("MemorySwapMax", "memory", err);
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

/* A living group has a switch, and a file that reads otherwise than it is written: cglive.c */
static int add_oom(struct cgplan *p, struct ctr_error *err)
{
	const struct cgset_item item = {.key = "OOMKillDisable",
					.file = "memory.oom_control",
					.h = cgprobe_find(p->facts, "memory", "memory")};

	if (!p->spec->oom_kill_disable)
		return 0;
	if (!item.h)
		return cgplan_unsupported(item.key, "memory", err);
	if (item.h->v2)
		return cgplan_only_v1(item.key, err);
	return p->live ? 0 : add(p, item, "1", NULL);
}

static int add_cpuset(struct cgplan *p, const char *key, const char *file, const char *list,
		      struct ctr_error *err)
{
	struct cgset_item item = {
	    .key = key, .file = file, .h = cgprobe_find(p->facts, "cpuset", "cpuset")};

	if (!list)
		return 0;
	return item.h ? add(p, item, list, NULL) : cgplan_unsupported(key, "cpuset", err);
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
static int add_devices(struct cgplan *p, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "devices", NULL);
	struct cgset_item item = {.key = "DevicePolicy", .file = "devices.deny", .h = h};
	struct cgdev_rule rules[CGDEV_MAX];
	char text[VALUE_SIZE];
	size_t n = 0;
	bool open;
	int r;

	if (p->facts->layout == CG_V2)
		return 0;
	r = cgdev_list(p->spec, rules, ARRAY_SIZE(rules), &n, err);
	if (r < 0 || cgdevlist_allows_all(rules, n))
		return r;
	if (!h)
		return cgplan_unsupported("DevicePolicy", "devices", err);
	/* where all is allowed, what is denied; else the other way round */
	open = cgdevlist_is_open(rules, n);
	r = open ? 0 : add(p, item, "a", NULL);
	item.file = open ? "devices.deny" : "devices.allow";
	for (size_t i = open; r == 0 && i < n; i++) {
		r = cgset_device(&rules[i], text, sizeof(text));
		if (r == 0)
			r = add(p, item, text, NULL);
	}
	return r;
}

int cgset_plan(const struct cg_facts *facts, const struct spec *spec,
	       const struct cgset_options *opt, struct cgset *ret, struct ctr_error *err)
{
	struct cgplan p = {facts, spec, opt->resolve, opt->live, {0}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		r = add_number(&p, &rows[i], err);
		if (r == 0 && rows[i].field == offsetof(struct spec, memory_swap_max))
			r = add_memsw(&p, err);
	}
	if (r == 0)
		r = add_oom(&p, err);
	if (r == 0)
		r = cgcpu_plan(&p, err);
	if (r == 0)
		r = add_cpuset(&p, "AllowedCPUs", "cpuset.cpus", spec->allowed_cpus, err);
	if (r == 0)
		r = add_cpuset(&p, "AllowedMemoryNodes", "cpuset.mems", spec->allowed_mems, err);
	if (r == 0)
		r = cgline_plan(&p, err);
	if (r == 0 && !p.live)
		r = add_devices(&p, err);
	if (r == 0)
		r = cgline_plan_unified(&p, err);
	if (r == -ENOMEM || r == -ENAMETOOLONG)
		(void)err_sys(err, r, "cgroup", "plan the limits");
	if (r < 0)
		cgset_done(&p.set);
	else
		*ret = p.set;
	return r;
}

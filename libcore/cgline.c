/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgpath.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { TEXT_MAX = 16 << 10, FILE_SIZE = 64 };

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
static int add_limit(struct cgplan *p, const struct limit *l, const char *line,
		     struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "blkio", "io");
	struct cgset_item item = {
	    .key = l->key, .file = h && h->v2 ? "io.max" : l->v1_file, .h = h};
	const char *n = strrchr(line, ' ');
	autofree char *path = n ? strndup(line, (size_t)(n - line)) : NULL;
	char dev[32], value[CGPLAN_VALUE], undo[CGPLAN_VALUE];
	int r;

	if (!h)
		return cgplan_unsupported(l->key, "io", err);
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
	return r < 0 ? r : cgset_add(&p->set, item, value, undo);
}

static int add_limits(struct cgplan *p, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct strv *sv = (const void *)((const char *)p->spec + limits[i].field);

		for (size_t k = 0; r == 0 && k < sv->n; k++)
			r = add_limit(p, &limits[i], sv->v[k], err);
	}
	return r;
}

/* ---- weights of disks ---- */

/* BFQ's files and the others', v1 and v2; what takes a device's weight away again */
static const struct {
	bool v2;
	const char *file, *lift;
} weight_files[] = {
    {false, "blkio.bfq.weight_device", "default"},
    {false, "blkio.weight_device", "0"},
    {true, "io.bfq.weight", "default"},
    {true, "io.weight", "default"},
};

/* line: "DEVICE N"; n in the units of IOWeight= */
static int add_weight(struct cgplan *p, const struct cg_hierarchy *h, const char *line,
		      struct ctr_error *err)
{
	struct cgset_item item = {.key = "IODeviceWeight", .h = h, .absent = CGSET_SOFT};
	const char *n = strrchr(line, ' ');
	autofree char *path = n ? strndup(line, (size_t)(n - line)) : NULL;
	char dev[32], value[CGPLAN_VALUE], undo[CGPLAN_VALUE], scaled[32];
	int r = path ? p->resolve(path, dev, sizeof(dev), err) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(weight_files); i++) {
		if (weight_files[i].v2 != h->v2)
			continue;
		item.file = weight_files[i].file;
		r = cgset_io_weight(item.file, n + 1, scaled, sizeof(scaled));
		if (r == 0)
			r = str_format(value, sizeof(value), "%s %s", dev, scaled);
		if (r == 0)
			r = str_format(undo, sizeof(undo), "%s %s", dev, weight_files[i].lift);
		if (r == 0)
			r = cgset_add(&p->set, item, value, undo);
	}
	return r;
}

static int add_weights(struct cgplan *p, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, "blkio", "io");
	int r = 0;

	for (size_t i = 0; h && r == 0 && i < p->spec->io_device_weight.n; i++)
		r = add_weight(p, h, p->spec->io_device_weight.v[i], err);
	return r;
}

/* ---- huge pages, RDMA, priorities of interfaces ---- */

/*
 * A wall stands only where every process of the container is in the group, which is not so for
 * controllers in the v2 tree of a hybrid machine (cgprobe_holds()).
 */
static const struct cg_hierarchy *find_wall(const struct cgplan *p, const char *controller)
{
	const struct cg_hierarchy *h = cgprobe_find(p->facts, controller, controller);

	return h && cgprobe_holds(p->facts, h) ? h : NULL;
}

static const char *huge_tail(const struct cg_hierarchy *h)
{
	return h->v2 ? "max" : "limit_in_bytes";
}

/* line: "2MB N" or "2MB max" */
static int add_huge(struct cgplan *p, const char *line, struct ctr_error *err)
{
	const struct cg_hierarchy *h = find_wall(p, "hugetlb");
	struct cgset_item item = {.key = "HugetlbMax", .h = h};
	const char *n = strchr(line, ' ');
	char file[FILE_SIZE];
	int r;

	if (!h || !n)
		return cgplan_unsupported("HugetlbMax", "hugetlb", err);
	r = str_format(file, sizeof(file), "hugetlb.%.*s.%s", (int)(n - line), line, huge_tail(h));
	item.own_file = file;
	if (r == 0)
		r = cgset_add(&p->set, item, !h->v2 && strcmp(n + 1, "max") == 0 ? "-1" : n + 1,
			      NULL);
	return r;
}

static int add_lines(struct cgplan *p, const struct cgset_item *item, const struct strv *lines,
		     const char *lift)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lines->n; i++) {
		char undo[CGPLAN_VALUE];

		r = str_format(undo, sizeof(undo), "%.*s %s", (int)strcspn(lines->v[i], " "),
			       lines->v[i], lift);
		if (r == 0)
			r = cgset_add(&p->set, *item, lines->v[i], undo);
	}
	return r;
}

#define RDMA_LIFT "hca_handle=max hca_object=max"

int cgline_plan(struct cgplan *p, struct ctr_error *err)
{
	struct cgset_item rdma = {.key = "RDMAMax", .file = "rdma.max", .h = find_wall(p, "rdma")};
	struct cgset_item prio = {.key = "NetworkPriority",
				  .file = "net_prio.ifpriomap",
				  .h = cgprobe_find(p->facts, "net_prio", NULL)};
	int r = add_limits(p, err);

	if (r == 0)
		r = add_weights(p, err);
	for (size_t i = 0; r == 0 && i < p->spec->hugetlb_max.n; i++)
		r = add_huge(p, p->spec->hugetlb_max.v[i], err);
	if (r == 0 && p->spec->rdma_max.n > 0)
		r = rdma.h ? add_lines(p, &rdma, &p->spec->rdma_max, RDMA_LIFT)
			   : cgplan_unsupported(rdma.key, "rdma", err);
	if (r == 0 && p->spec->net_priority.n > 0)
		r = prio.h ? add_lines(p, &prio, &p->spec->net_priority, "0")
			   : cgplan_unsupported(prio.key, "net_prio", err);
	return r;
}

/* Names were checked where they were read (limit.c). */
int cgline_plan_unified(struct cgplan *p, struct ctr_error *err)
{
	struct cgset_item item = {.key = "Unified", .h = &p->facts->h[0]};
	int r = 0;

	if (p->spec->unified.n > 0 && p->facts->layout != CG_V2)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
			       "Unified= needs a machine with cgroup v2 alone");
	for (size_t i = 0; r == 0 && i < p->spec->unified.n; i++) {
		const char *line = p->spec->unified.v[i], *value = strchr(line, '=');
		char file[FILE_SIZE];

		r = value ? str_format(file, sizeof(file), "%.*s", (int)(value - line), line)
			  : -EINVAL;
		item.own_file = file;
		if (r == 0)
			r = cgset_add(&p->set, item, value + 1, NULL);
	}
	return r;
}

/* ---- what a living group has beyond its definition ---- */

int cgline_lift(const char *text, const struct cgset_item *item, const char *lift,
		struct cgset *set)
{
	int r = 0;

	for (const char *p = text; r == 0 && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t name = strcspn(p, " \n"), end = strcspn(p, "\n");
		char start[CGPLAN_VALUE], value[CGPLAN_VALUE];

		/* "default 100" is the row of all other devices */
		if (p[name] != ' ' || strncmp(p, "default ", name + 1) == 0)
			continue;
		r = str_format(start, sizeof(start), "%.*s ", (int)name, p);
		if (r == 0)
			r = str_format(value, sizeof(value), "%s%s", start, lift);
		if (r < 0 || cgset_plans(set, item->file, start) ||
		    (strlen(value) == end && strncmp(p, value, end) == 0))
			continue;
		r = cgset_add(set, *item, value, value);
	}
	return r;
}

static int lift_file(const struct cg *cg, struct cgset_item item, const char *lift,
		     struct cgset *set)
{
	autofd int dir = item.h ? cgpath_open(item.h, cg->path) : -ENOENT;
	char text[TEXT_MAX];
	ssize_t n = dir < 0 ? dir : fd_read_file_at(dir, item.file, text, sizeof(text));

	item.absent = CGSET_SOFT;
	return n < 0 ? (n == -ENOENT ? 0 : (int)n) : cgline_lift(text, &item, lift, set);
}

/* Page sizes are known by the files: hugetlb.2MB.max, hugetlb.2MB.limit_in_bytes. */
static int lift_huge(const struct cg *cg, const struct cg_hierarchy *h, struct cgset *set)
{
	int fd = cgpath_open(h, cg->path), r = 0;
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && r == 0 && (e = readdir(d))) {
		struct cgset_item item = {.key = "HugetlbMax", .h = h, .absent = CGSET_SOFT};
		const char *size, *end;
		char file[FILE_SIZE];

		if (!str_has_prefix(e->d_name, "hugetlb.", &size) || !(end = strchr(size, '.')) ||
		    strcmp(end + 1, huge_tail(h)) != 0 || cgset_plans(set, e->d_name, "") ||
		    str_copy(file, sizeof(file), e->d_name) < 0)
			continue;
		item.own_file = file;
		r = cgset_add(set, item, h->v2 ? "max" : "-1", NULL);
	}
	return r;
}

int cgline_live(const struct cg *cg, struct cgset *set)
{
	const struct cg_hierarchy *io = cgprobe_find(cg->facts, "blkio", "io");
	const struct cg_hierarchy *huge = cgprobe_find(cg->facts, "hugetlb", "hugetlb");
	const struct cgset_item rdma = {
	    .key = "RDMAMax", .file = "rdma.max", .h = cgprobe_find(cg->facts, "rdma", "rdma")};
	const struct cgset_item prio = {.key = "NetworkPriority",
					.file = "net_prio.ifpriomap",
					.h = cgprobe_find(cg->facts, "net_prio", NULL)};
	int r = 0;

	for (size_t i = 0; io && r == 0 && i < ARRAY_SIZE(weight_files); i++) {
		const struct cgset_item item = {
		    .key = "IODeviceWeight", .file = weight_files[i].file, .h = io};

		if (weight_files[i].v2 == io->v2)
			r = lift_file(cg, item, weight_files[i].lift, set);
	}
	if (r == 0 && huge && cgprobe_holds(cg->facts, huge))
		r = lift_huge(cg, huge, set);
	if (r == 0)
		r = lift_file(cg, rdma, RDMA_LIFT, set);
	return r < 0 ? r : lift_file(cg, prio, "0", set);
}

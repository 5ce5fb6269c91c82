/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgdetail.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cgpath.h"
#include "cgprobe.h"
#include "cgstat.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { TEXT_MAX = 32 << 10, FILE_SIZE = 64 };

/** struct figure - where a figure stands */
struct figure {
	const char *controller, *file;
	const char *key; /* of a line; NULL: the file is the number */
	size_t field;	 /* uint64_t in struct ctr_details */
	uint64_t divisor;
};
#define FIELD(name) offsetof(struct ctr_details, name)

static const struct figure figures_v1[] = {
    {"cpu", "cpu.stat", "nr_bursts", FIELD(cpu_bursts), 1},
    {"cpu", "cpu.stat", "burst_time", FIELD(cpu_burst_us), 1000},
    {"memory", "memory.memsw.usage_in_bytes", NULL, FIELD(memsw_usage), 1},
    {"memory", "memory.memsw.max_usage_in_bytes", NULL, FIELD(memsw_peak), 1},
    {"memory", "memory.memsw.failcnt", NULL, FIELD(memsw_failures), 1},
    {"memory", "memory.kmem.max_usage_in_bytes", NULL, FIELD(kernel_peak), 1},
    {"memory", "memory.kmem.failcnt", NULL, FIELD(kernel_failures), 1},
    {"memory", "memory.kmem.tcp.usage_in_bytes", NULL, FIELD(tcp_usage), 1},
    {"memory", "memory.kmem.tcp.max_usage_in_bytes", NULL, FIELD(tcp_peak), 1},
    {"memory", "memory.kmem.tcp.failcnt", NULL, FIELD(tcp_failures), 1},
    {"cpuset", "cpuset.cpu_exclusive", NULL, FIELD(cpu_exclusive), 1},
    {"cpuset", "cpuset.mem_exclusive", NULL, FIELD(mem_exclusive), 1},
    {"cpuset", "cpuset.mem_hardwall", NULL, FIELD(mem_hardwall), 1},
    {"cpuset", "cpuset.memory_migrate", NULL, FIELD(mem_migrate), 1},
    {"cpuset", "cpuset.memory_spread_page", NULL, FIELD(mem_spread_page), 1},
    {"cpuset", "cpuset.memory_spread_slab", NULL, FIELD(mem_spread_slab), 1},
    {"cpuset", "cpuset.sched_load_balance", NULL, FIELD(load_balance), 1},
    {"cpuset", "cpuset.memory_pressure", NULL, FIELD(cpuset_pressure), 1},
};

static const struct figure figures_v2[] = {
    {NULL, "cpu.stat", "nr_bursts", FIELD(cpu_bursts), 1},
    {NULL, "cpu.stat", "burst_usec", FIELD(cpu_burst_us), 1},
    {"memory", "memory.swap.peak", NULL, FIELD(swap_peak), 1}, /* Linux 6.5 */
    {"memory", "memory.swap.events", "fail", FIELD(swap_failures), 1},
    {"memory", "memory.stat", "sock", FIELD(tcp_usage), 1},
};

#define IO(name) offsetof(struct ctr_details_io, name)

/* With BFQ, or CFQ of kernels before 5.0, which counts the same without "bfq." in the names. */
static const struct {
	const char *file, *op;
	size_t field;
} io_files[] = {
    {"io_queued_recursive", "Total", IO(queued)},
    {"io_service_time_recursive", "Total", IO(service_ns)},
    {"io_wait_time_recursive", "Total", IO(wait_ns)},
    {"io_merged_recursive", "Total", IO(merged)},
    {"time_recursive", NULL, IO(time_ms)},
    {"sectors_recursive", NULL, IO(sectors)},
    {"io_service_bytes_recursive", "Discard", IO(discard_bytes)},
    {"io_serviced_recursive", "Discard", IO(discards)},
};

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line && line[1] ? line + 1 : NULL;
}

void cgdetail_percpu(const char *text, struct ctr_details *ret)
{
	ret->ncpu = 0;
	while (ret->ncpu < CTR_DETAILS_CPUS) {
		uint64_t ns;

		text += strspn(text, " ");
		ns = cgstat_number(text);
		if (ns == CTR_ABSENT)
			return;
		ret->cpu_us[ret->ncpu++] = ns / 1000;
		text += strcspn(text, " \n");
	}
}

/* The entry of the device that the line begins with, made when new; NULL: none, or too many. */
static struct ctr_details_io *find_device(const char *line, struct ctr_details *d)
{
	const char *colon = line + strspn(line, "0123456789");
	uint64_t major = cgstat_number(line);
	uint64_t minor = *colon == ':' ? cgstat_number(colon + 1) : CTR_ABSENT;

	if (major > UINT32_MAX || minor > UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < d->nio; i++)
		if (d->io[i].major == major && d->io[i].minor == minor)
			return &d->io[i];
	if (d->nio == CTR_STATS_IO)
		return NULL;
	memset(&d->io[d->nio], 0xff, sizeof(d->io[0])); /* CTR_ABSENT in every figure */
	d->io[d->nio].major = (unsigned int)major;
	d->io[d->nio].minor = (unsigned int)minor;
	return &d->io[d->nio++];
}

void cgdetail_io_v1(const char *text, const char *op, size_t field, struct ctr_details *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		const char *n = p + strcspn(p, " \n");
		struct ctr_details_io *io;
		size_t len = op ? strlen(op) : 0;

		if (*n++ != ' ' || (op && (strncmp(n, op, len) != 0 || n[len] != ' ')))
			continue;
		io = find_device(p, ret);
		if (io)
			*(uint64_t *)((char *)io + field) = cgstat_number(op ? n + len + 1 : n);
	}
}

/* The number of " NAME=NUMBER" in one line. */
static uint64_t word_value(const char *line, const char *name)
{
	const char *p = strstr(line, name);

	return p && p < line + strcspn(line, "\n") ? cgstat_number(p + strlen(name)) : CTR_ABSENT;
}

void cgdetail_io_v2(const char *text, struct ctr_details *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		uint64_t bytes = word_value(p, " dbytes=");
		struct ctr_details_io *io = bytes == CTR_ABSENT ? NULL : find_device(p, ret);

		if (!io)
			continue;
		io->discard_bytes = bytes;
		io->discards = word_value(p, " dios=");
	}
}

void cgdetail_rdma(const char *text, bool limits, struct ctr_details *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		struct ctr_details_rdma *r = NULL;
		char name[sizeof(r->device)];

		if (str_format(name, sizeof(name), "%.*s", (int)strcspn(p, " \n"), p) < 0 || !*name)
			continue;
		for (size_t i = 0; i < ret->nrdma; i++)
			if (strcmp(ret->rdma[i].device, name) == 0)
				r = &ret->rdma[i];
		if (!r && ret->nrdma == CTR_DETAILS_RDMA)
			continue;
		if (!r) {
			r = &ret->rdma[ret->nrdma++];
			memset(r, 0xff, sizeof(*r));
			memcpy(r->device, name, sizeof(name));
		}
		*(limits ? &r->handle_limit : &r->handles) = word_value(p, " hca_handle=");
		*(limits ? &r->object_limit : &r->objects) = word_value(p, " hca_object=");
	}
}

static struct ctr_details_node *find_node(uint64_t node, struct ctr_details *d)
{
	for (size_t i = 0; i < d->nnodes; i++)
		if (d->nodes[i].node == node)
			return &d->nodes[i];
	if (d->nnodes == CTR_DETAILS_NODES || node > UINT32_MAX)
		return NULL;
	memset(&d->nodes[d->nnodes], 0xff, sizeof(d->nodes[0]));
	d->nodes[d->nnodes].node = (unsigned int)node;
	return &d->nodes[d->nnodes++];
}

/* The words " N0=1 N1=2" of one line */
static void read_nodes(const char *line, uint64_t unit, size_t field, struct ctr_details *d)
{
	const char *end = line + strcspn(line, "\n");

	for (const char *p = strstr(line, " N"); p && p < end; p = strstr(p + 2, " N")) {
		const char *equals = p + 2 + strspn(p + 2, "0123456789");
		uint64_t node = cgstat_number(p + 2), n = CTR_ABSENT;
		struct ctr_details_node *at = NULL;

		if (*equals == '=')
			n = cgstat_number(equals + 1);
		if (node != CTR_ABSENT && n != CTR_ABSENT)
			at = find_node(node, d);
		if (at)
			*(uint64_t *)((char *)at + field) = n * unit;
	}
}

void cgdetail_nodes(const char *text, uint64_t page, struct ctr_details *ret)
{
	static const struct {
		const char *v1, *v2;
		size_t field;
	} lines[] = {
	    {"hierarchical_anon=", "anon ", offsetof(struct ctr_details_node, anon)},
	    {"hierarchical_file=", "file ", offsetof(struct ctr_details_node, file)},
	    {"hierarchical_unevictable=", "unevictable ",
	     offsetof(struct ctr_details_node, unevictable)},
	};

	for (const char *p = text; p && *p; p = next_line(p))
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			if (str_has_prefix(p, page ? lines[i].v1 : lines[i].v2, NULL))
				read_nodes(p, page ? page : 1, lines[i].field, ret);
}

static struct ctr_details_misc *find_misc(const char *name, size_t len, struct ctr_details *d)
{
	struct ctr_details_misc *m = &d->misc[d->nmisc];

	for (size_t i = 0; i < d->nmisc; i++)
		if (strncmp(d->misc[i].name, name, len) == 0 && !d->misc[i].name[len])
			return &d->misc[i];
	if (d->nmisc == CTR_DETAILS_MISC || len == 0 || len >= sizeof(m->name))
		return NULL;
	memset(m, 0xff, sizeof(*m));
	memcpy(m->name, name, len);
	m->name[len] = '\0';
	d->nmisc++;
	return m;
}

void cgdetail_misc(const char *text, const char *suffix, size_t field, struct ctr_details *ret)
{
	size_t more = strlen(suffix);

	for (const char *p = text; p && *p; p = next_line(p)) {
		size_t len = strcspn(p, " \n");
		struct ctr_details_misc *m = NULL;

		if (p[len] == ' ' && len > more && strncmp(p + len - more, suffix, more) == 0)
			m = find_misc(p, len - more, ret);
		if (m)
			*(uint64_t *)((char *)m + field) = cgstat_number(p + len + 1);
	}
}

/** struct group - the group of one hierarchy, and room for its files */
struct group {
	int dir; /* borrowed */
	const struct cg_hierarchy *h;
	char text[TEXT_MAX];
};

static bool read_text(struct group *g, const char *file)
{
	return fd_read_file_at(g->dir, file, g->text, sizeof(g->text)) >= 0;
}

static void read_figures(struct group *g, struct ctr_details *d)
{
	const struct figure *f = g->h->v2 ? figures_v2 : figures_v1;
	size_t n = g->h->v2 ? ARRAY_SIZE(figures_v2) : ARRAY_SIZE(figures_v1);

	for (const struct figure *end = f + n; f < end; f++) {
		uint64_t *field = (uint64_t *)((char *)d + f->field), v;

		if (*field != CTR_ABSENT ||
		    (f->controller && !cgprobe_has(g->h->controllers, f->controller)) ||
		    !read_text(g, f->file))
			continue;
		v = f->key ? cgstat_value(g->text, f->key) : cgstat_number(g->text);
		if (v != CTR_ABSENT)
			*field = v / f->divisor;
	}
}

static void read_io_v1(struct group *g, struct ctr_details *d)
{
	char file[FILE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(io_files); i++) {
		if (str_format(file, sizeof(file), "blkio.bfq.%s", io_files[i].file) == 0 &&
		    !read_text(g, file) &&
		    (str_format(file, sizeof(file), "blkio.%s", io_files[i].file) < 0 ||
		     !read_text(g, file)))
			continue;
		cgdetail_io_v1(g->text, io_files[i].op, io_files[i].field, d);
	}
}

/* "0-3,8" and a newline; an empty list of v1 is one that was never set */
static void read_list(struct group *g, const char *file, char *dst, size_t size)
{
	if (!read_text(g, file))
		return;
	g->text[strcspn(g->text, "\n")] = '\0';
	(void)!str_copy(dst, size, g->text); /* what does not fit would be another list */
}

static void read_places(struct group *g, struct ctr_details *d)
{
	if (cgprobe_has(g->h->controllers, "cpuset")) {
		read_list(g, g->h->v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus", d->cpus,
			  sizeof(d->cpus));
		read_list(g, g->h->v2 ? "cpuset.mems.effective" : "cpuset.effective_mems", d->mems,
			  sizeof(d->mems));
	}
	if (cgprobe_has(g->h->controllers, "memory") && read_text(g, "memory.numa_stat"))
		cgdetail_nodes(g->text, g->h->v2 ? 0 : (uint64_t)sysconf(_SC_PAGESIZE), d);
}

static void read_misc(struct group *g, struct ctr_details *d)
{
	static const struct {
		const char *file, *suffix;
		size_t field;
	} files[] = {
	    {"misc.current", "", offsetof(struct ctr_details_misc, current)},
	    {"misc.peak", "", offsetof(struct ctr_details_misc, peak)}, /* Linux 6.11 */
	    {"misc.max", "", offsetof(struct ctr_details_misc, limit)},
	    {"misc.events", ".max", offsetof(struct ctr_details_misc, failures)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (read_text(g, files[i].file))
			cgdetail_misc(g->text, files[i].suffix, files[i].field, d);
}

static void read_group(struct group *g, struct ctr_details *d)
{
	read_figures(g, d);
	read_places(g, d);
	if (cgprobe_has(g->h->controllers, "misc"))
		read_misc(g, d);
	if (!g->h->v2 && cgprobe_has(g->h->controllers, "cpuacct") &&
	    read_text(g, "cpuacct.usage_percpu"))
		cgdetail_percpu(g->text, d);
	if (!g->h->v2 && cgprobe_has(g->h->controllers, "blkio"))
		read_io_v1(g, d);
	if (g->h->v2 && read_text(g, "io.stat"))
		cgdetail_io_v2(g->text, d);
	if (!cgprobe_has(g->h->controllers, "rdma"))
		return;
	if (read_text(g, "rdma.current"))
		cgdetail_rdma(g->text, false, d);
	if (read_text(g, "rdma.max"))
		cgdetail_rdma(g->text, true, d);
}

static int no_group(const struct cg *cg, struct ctr_error *err)
{
	if (cg->inherit)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "stats",
			       "a container with Cgroup=inherit has no group of its own to count");
	return err_sys(err, ENOENT, "stats", "open the group %s", cg->path);
}

int cgdetail_read(const struct cg *cg, struct ctr_details *ret, struct ctr_error *err)
{
	struct group g;
	size_t found = 0;

	if (cg->inherit)
		return no_group(cg, err);
	memset(ret, 0xff, sizeof(*ret)); /* CTR_ABSENT in every figure */
	ret->ncpu = ret->nio = ret->nrdma = ret->nnodes = ret->nmisc = 0;
	ret->cpus[0] = ret->mems[0] = '\0';
	for (size_t i = 0; i < cg->facts->n; i++) {
		autofd int dir = cgpath_open(&cg->facts->h[i], cg->path);

		if (dir < 0)
			continue;
		found++;
		g.dir = dir;
		g.h = &cg->facts->h[i];
		read_group(&g, ret);
	}
	return found ? 0 : no_group(cg, err);
}

int cgdetail_memory(const struct cg *cg, const char *key, uint64_t *ret, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "memory", "memory");
	autofd int dir = cg->inherit || !h ? -1 : cgpath_open(h, cg->path);
	char text[TEXT_MAX];
	uint64_t v;
	ssize_t n;

	if (cg->inherit || !h)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "stats",
			       "memory is not counted: no memory controller, or Cgroup=inherit");
	n = dir < 0 ? dir : fd_read_file_at(dir, "memory.stat", text, sizeof(text));
	if (n < 0)
		return err_sys(err, (int)n, "stats", "read memory.stat of %s", cg->path);
	v = cgstat_value(text, key);
	if (v == CTR_ABSENT)
		return err_set(err, CTR_E_NOT_FOUND, ENOENT, "stats",
			       "memory.stat of this kernel has no '%.80s'", key);
	*ret = v;
	return 0;
}

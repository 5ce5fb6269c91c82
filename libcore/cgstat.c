/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgstat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgpath.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "str.h"

enum { TEXT_MAX = 32 << 10 };

/* "No limit" of v1 is the greatest number of whole pages; no machine has half of it. */
#define NO_LIMIT (UINT64_C(1) << 62)

/* The digits at p. */
static uint64_t digits(const char *p)
{
	char word[24];
	uint64_t v;

	if (str_format(word, sizeof(word), "%.*s", (int)strspn(p, "0123456789"), p) < 0 ||
	    num_u64(word, &v) < 0)
		return CTR_ABSENT;
	return v;
}

uint64_t cgstat_number(const char *text)
{
	uint64_t v = digits(text);

	return v >= NO_LIMIT ? CTR_ABSENT : v;
}

/* Start of the line after this one; NULL at the end. */
static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line && line[1] ? line + 1 : NULL;
}

uint64_t cgstat_value(const char *text, const char *key)
{
	const char *rest;

	for (const char *p = text; p && *p; p = next_line(p))
		if (str_has_prefix(p, key, &rest) && *rest == ' ')
			return digits(rest + 1);
	return CTR_ABSENT;
}

/* The number of NAME=NUMBER in one line. */
static uint64_t word_value(const char *line, const char *name)
{
	size_t end = strcspn(line, "\n");
	const char *p = line, *rest;

	while (p < line + end) {
		if (str_has_prefix(p, name, &rest) && *rest == '=')
			return digits(rest + 1);
		p += strcspn(p, " \n");
		p += *p == ' ';
	}
	return CTR_ABSENT;
}

/* "0.12" is 12 hundredths. */
static uint64_t word_hundredths(const char *line, const char *name)
{
	const char *p = strstr(line, name);
	uint64_t whole = word_value(line, name);

	p = p ? strchr(p, '.') : NULL;
	if (!p || whole == CTR_ABSENT || p > line + strcspn(line, "\n") ||
	    strspn(p + 1, "0123456789") < 2)
		return CTR_ABSENT;
	return whole * 100 + (uint64_t)(p[1] - '0') * 10 + (uint64_t)(p[2] - '0');
}

void cgstat_pressure(const char *text, struct ctr_pressure *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		if (str_has_prefix(p, "some ", NULL)) {
			ret->some_avg10 = word_hundredths(p, "avg10");
			ret->some_avg60 = word_hundredths(p, "avg60");
			ret->some_avg300 = word_hundredths(p, "avg300");
			ret->some_total = word_value(p, "total");
		} else if (str_has_prefix(p, "full ", NULL)) {
			ret->full_avg10 = word_hundredths(p, "avg10");
			ret->full_avg60 = word_hundredths(p, "avg60");
			ret->full_avg300 = word_hundredths(p, "avg300");
			ret->full_total = word_value(p, "total");
		}
	}
}

/* The entry of the device that the line begins with, made when new; NULL: none, or too many. */
static struct ctr_stats_io *find_device(const char *line, struct ctr_stats *s)
{
	uint64_t major = digits(line), minor;
	const char *colon = line + strspn(line, "0123456789");

	minor = *colon == ':' ? digits(colon + 1) : CTR_ABSENT;
	if (major > UINT32_MAX || minor > UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < s->nio; i++)
		if (s->io[i].major == major && s->io[i].minor == minor)
			return &s->io[i];
	if (s->nio == CTR_STATS_IO)
		return NULL;
	s->io[s->nio] = (struct ctr_stats_io){.major = (unsigned int)major,
					      .minor = (unsigned int)minor,
					      .read_bytes = CTR_ABSENT,
					      .write_bytes = CTR_ABSENT,
					      .reads = CTR_ABSENT,
					      .writes = CTR_ABSENT};
	return &s->io[s->nio++];
}

void cgstat_io_v2(const char *text, struct ctr_stats *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		struct ctr_stats_io *io =
		    word_value(p, "rbytes") == CTR_ABSENT ? NULL : find_device(p, ret);

		if (!io)
			continue; /* some kernels list devices without figures */
		io->read_bytes = word_value(p, "rbytes");
		io->write_bytes = word_value(p, "wbytes");
		io->reads = word_value(p, "rios");
		io->writes = word_value(p, "wios");
	}
}

void cgstat_io_v1(const char *text, bool operations, struct ctr_stats *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		const char *blank = p + strcspn(p, " \n"), *n;
		struct ctr_stats_io *io = NULL;

		if (str_has_prefix(blank, " Read ", &n)) {
			io = find_device(p, ret);
			if (io)
				*(operations ? &io->reads : &io->read_bytes) = digits(n);
		} else if (str_has_prefix(blank, " Write ", &n)) {
			io = find_device(p, ret);
			if (io)
				*(operations ? &io->writes : &io->write_bytes) = digits(n);
		}
	}
}

/* "  eth0: BYTES PACKETS ERRORS DROPPED FIFO FRAME COMPRESSED MULTICAST" and 8 more sent */
void cgstat_net_text(const char *text, struct ctr_stats *ret)
{
	for (const char *p = text; p && *p; p = next_line(p)) {
		const char *name = p + strspn(p, " "), *q = name + strcspn(name, ":\n");
		struct ctr_stats_net *net = &ret->net[ret->nnet];
		uint64_t v[16];

		if (*q != ':' || ret->nnet == CTR_STATS_NET ||
		    str_format(net->name, sizeof(net->name), "%.*s", (int)(q - name), name) < 0)
			continue;
		q++;
		for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
			q += strspn(q, " ");
			v[i] = digits(q);
			q += strspn(q, "0123456789");
		}
		net->rx_bytes = v[0];
		net->rx_packets = v[1];
		net->rx_errors = v[2];
		net->rx_dropped = v[3];
		net->tx_bytes = v[8];
		net->tx_packets = v[9];
		net->tx_errors = v[10];
		net->tx_dropped = v[11];
		net->host_name[0] = '\0';
		ret->nnet++;
	}
}

/** enum how - what is done with a number: taken, made microseconds, added to what is there */
enum how { AS_IS, NANOSECONDS, ADDED };

/** struct figure - where one figure stands */
struct figure {
	const char *controller, *file;
	const char *key; /* of a line; NULL: the file is the number */
	size_t field;	 /* uint64_t in struct ctr_stats */
	int how;	 /* enum how */
};
#define FIELD(name) offsetof(struct ctr_stats, name)

static const struct figure figures_v1[] = {
    {"cpuacct", "cpuacct.usage", NULL, FIELD(cpu_usage_us), NANOSECONDS},
    {"cpuacct", "cpuacct.usage_user", NULL, FIELD(cpu_user_us), NANOSECONDS},
    {"cpuacct", "cpuacct.usage_sys", NULL, FIELD(cpu_system_us), NANOSECONDS},
    {"cpu", "cpu.stat", "nr_periods", FIELD(cpu_periods), AS_IS},
    {"cpu", "cpu.stat", "nr_throttled", FIELD(cpu_throttled), AS_IS},
    {"cpu", "cpu.stat", "throttled_time", FIELD(cpu_throttled_us), NANOSECONDS},
    {"memory", "memory.usage_in_bytes", NULL, FIELD(mem_usage), AS_IS},
    {"memory", "memory.max_usage_in_bytes", NULL, FIELD(mem_peak), AS_IS},
    {"memory", "memory.limit_in_bytes", NULL, FIELD(mem_limit), AS_IS},
    {"memory", "memory.memsw.limit_in_bytes", NULL, FIELD(mem_swap_limit),
     AS_IS}, /* less memory's */
    {"memory", "memory.stat", "total_swap", FIELD(mem_swap), AS_IS},
    {"memory", "memory.stat", "total_rss", FIELD(mem_anon), AS_IS},
    {"memory", "memory.stat", "total_cache", FIELD(mem_file), AS_IS},
    {"memory", "memory.stat", "total_shmem", FIELD(mem_shmem), AS_IS},
    {"memory", "memory.stat", "total_inactive_file", FIELD(mem_inactive_file), AS_IS},
    {"memory", "memory.kmem.usage_in_bytes", NULL, FIELD(mem_kernel), AS_IS},
    /* a charge is refused by the one counter or by the other */
    {"memory", "memory.failcnt", NULL, FIELD(mem_failures), AS_IS},
    {"memory", "memory.memsw.failcnt", NULL, FIELD(mem_failures), ADDED},
    {"memory", "memory.oom_control", "oom_kill", FIELD(oom_kills), AS_IS}, /* Linux 4.13 */
    {"pids", "pids.current", NULL, FIELD(pids_current), AS_IS},
    {"pids", "pids.max", NULL, FIELD(pids_limit), AS_IS},
    {"pids", "pids.events", "max", FIELD(pids_failures), AS_IS},
};

/* cpu.stat's first lines are there without the cpu controller. */
static const struct figure figures_v2[] = {
    {NULL, "cpu.stat", "usage_usec", FIELD(cpu_usage_us), AS_IS},
    {NULL, "cpu.stat", "user_usec", FIELD(cpu_user_us), AS_IS},
    {NULL, "cpu.stat", "system_usec", FIELD(cpu_system_us), AS_IS},
    {NULL, "cpu.stat", "nr_periods", FIELD(cpu_periods), AS_IS},
    {NULL, "cpu.stat", "nr_throttled", FIELD(cpu_throttled), AS_IS},
    {NULL, "cpu.stat", "throttled_usec", FIELD(cpu_throttled_us), AS_IS},
    {"memory", "memory.current", NULL, FIELD(mem_usage), AS_IS},
    {"memory", "memory.peak", NULL, FIELD(mem_peak), AS_IS}, /* Linux 5.19 */
    {"memory", "memory.max", NULL, FIELD(mem_limit), AS_IS},
    {"memory", "memory.swap.current", NULL, FIELD(mem_swap), AS_IS},
    {"memory", "memory.swap.max", NULL, FIELD(mem_swap_limit), AS_IS},
    {"memory", "memory.stat", "anon", FIELD(mem_anon), AS_IS},
    {"memory", "memory.stat", "file", FIELD(mem_file), AS_IS},
    {"memory", "memory.stat", "kernel", FIELD(mem_kernel), AS_IS}, /* Linux 5.18 */
    {"memory", "memory.stat", "shmem", FIELD(mem_shmem), AS_IS},
    {"memory", "memory.stat", "inactive_file", FIELD(mem_inactive_file), AS_IS},
    {"memory", "memory.events", "max", FIELD(mem_failures), AS_IS},
    {"memory", "memory.events", "oom_kill", FIELD(oom_kills), AS_IS},
    {"pids", "pids.current", NULL, FIELD(pids_current), AS_IS},
    {"pids", "pids.max", NULL, FIELD(pids_limit), AS_IS},
    {"pids", "pids.events", "max", FIELD(pids_failures), AS_IS},
};

/** struct reader - one hierarchy's group, and the file that was read last */
struct reader {
	int dir; /* -1 before a figure is wanted, -errno without a group */
	const struct cg *cg;
	const struct cg_hierarchy *h;
	const char *file;
	char text[TEXT_MAX];
};

/* The group's folder; opened when a figure of it is wanted, as many hierarchies have none. */
static int folder(struct reader *rd)
{
	if (rd->dir == -1)
		rd->dir = cgpath_open(rd->h, rd->cg->path);
	return rd->dir;
}

/*
 * A file of a group is one record (seq_show of the kernel's struct cftype): where there is room one
 * read(2) gives all of it. Another one, to see its end, would be a quarter of the time.
 */
static ssize_t read_record(int dir, const char *file, char *text, size_t size)
{
	autofd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -errno : n;
}

/* False when the file is not there; a group that is dying gives errors, too. */
static bool read_text(struct reader *rd, const char *file)
{
	if (rd->file && strcmp(rd->file, file) == 0)
		return *rd->text != '\0';
	rd->file = file;
	return read_record(folder(rd), file, rd->text, sizeof(rd->text)) > 0;
}

/* The first hierarchy that has a figure wins. */
static void read_figures(struct reader *rd, struct ctr_stats *s)
{
	const struct figure *f = rd->h->v2 ? figures_v2 : figures_v1;
	size_t n = rd->h->v2 ? ARRAY_SIZE(figures_v2) : ARRAY_SIZE(figures_v1);

	for (const struct figure *end = f + n; f < end; f++) {
		uint64_t *field = (uint64_t *)((char *)s + f->field), v;

		if ((*field != CTR_ABSENT) != (f->how == ADDED) ||
		    (f->controller && !cgprobe_has(rd->h->controllers, f->controller)) ||
		    !read_text(rd, f->file))
			continue;
		v = f->key ? cgstat_value(rd->text, f->key) : cgstat_number(rd->text);
		if (v != CTR_ABSENT)
			*field =
			    (f->how == ADDED ? *field : 0) + (f->how == NANOSECONDS ? v / 1000 : v);
	}
}

static void read_io(struct reader *rd, struct ctr_stats *s)
{
	if (rd->h->v2 && cgprobe_has(rd->h->controllers, "io") && read_text(rd, "io.stat"))
		cgstat_io_v2(rd->text, s);
	if (rd->h->v2 || !cgprobe_has(rd->h->controllers, "blkio"))
		return;
	if (read_text(rd, "blkio.throttle.io_service_bytes_recursive"))
		cgstat_io_v1(rd->text, false, s);
	if (read_text(rd, "blkio.throttle.io_serviced_recursive"))
		cgstat_io_v1(rd->text, true, s);
}

static void read_pressures(struct reader *rd, struct ctr_stats *s)
{
	if (!rd->h->v2)
		return;
	if (read_text(rd, "cpu.pressure"))
		cgstat_pressure(rd->text, &s->cpu_pressure);
	if (read_text(rd, "memory.pressure"))
		cgstat_pressure(rd->text, &s->mem_pressure);
	if (read_text(rd, "io.pressure"))
		cgstat_pressure(rd->text, &s->io_pressure);
}

static uint64_t huge_figure(struct reader *rd, const char *size, const char *what, const char *key)
{
	char file[64];
	ssize_t n = str_format(file, sizeof(file), "hugetlb.%s.%s", size, what);

	if (n == 0)
		n = read_record(folder(rd), file, rd->text, sizeof(rd->text));
	rd->file = NULL; /* the name is gone after this function */
	if (n < 0)
		return CTR_ABSENT;
	return key ? cgstat_value(rd->text, key) : cgstat_number(rd->text);
}

/* Page sizes are known by the files: hugetlb.2MB.current, hugetlb.2MB.usage_in_bytes. */
static void read_huge(struct reader *rd, struct ctr_stats *s)
{
	const char *tail = rd->h->v2 ? ".current" : ".usage_in_bytes";
	/* where limits are no walls either (cgline.c) nobody uses huge pages */
	bool has =
	    cgprobe_has(rd->h->controllers, "hugetlb") && cgprobe_holds(rd->cg->facts, rd->h);
	int fd = has ? openat(folder(rd), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && s->nhuge < CTR_STATS_HUGE && (e = readdir(d))) {
		struct ctr_stats_huge *h = &s->huge[s->nhuge];
		const char *size, *end;

		if (!str_has_prefix(e->d_name, "hugetlb.", &size) || !(end = strchr(size, '.')) ||
		    strcmp(end, tail) != 0 ||
		    str_format(h->size, sizeof(h->size), "%.*s", (int)(end - size), size) < 0)
			continue;
		h->usage = huge_figure(rd, h->size, tail + 1, NULL);
		h->peak =
		    rd->h->v2 ? CTR_ABSENT : huge_figure(rd, h->size, "max_usage_in_bytes", NULL);
		h->failures = rd->h->v2 ? huge_figure(rd, h->size, "events", "max")
					: huge_figure(rd, h->size, "failcnt", NULL);
		s->nhuge++;
	}
}

static void forget(struct ctr_stats *s)
{
	memset(s, 0xff, sizeof(*s)); /* CTR_ABSENT in every figure */
	s->nio = s->nnet = s->nhuge = 0;
}

/* Returns how many groups there are. */
static size_t read_groups(const struct cg *cg, bool v2, struct reader *rd, struct ctr_stats *s)
{
	size_t found = 0;

	for (size_t i = 0; i < cg->facts->n; i++) {
		const struct cg_hierarchy *h = &cg->facts->h[i];

		if (h->v2 != v2)
			continue;
		rd->cg = cg;
		rd->h = h;
		rd->dir = -1;
		rd->file = NULL;
		read_figures(rd, s);
		read_io(rd, s);
		read_pressures(rd, s);
		read_huge(rd, s);
		found += rd->dir >= 0;
		cleanup_fd(&rd->dir);
	}
	return found;
}

int cgstat_read(const struct cg *cg, struct ctr_stats *ret, struct ctr_error *err)
{
	struct reader rd;
	struct ctr_stats s;

	if (cg->inherit)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "stats",
			       "a container with Cgroup=inherit has no group of its own to count");
	forget(&s);
	/* v1 first: on a hybrid machine it knows of every process */
	if (read_groups(cg, false, &rd, &s) + read_groups(cg, true, &rd, &s) == 0)
		return err_sys(err, ENOENT, "stats", "open the group %s", cg->path);
	/* v1 limits memory and swap together */
	if (cgprobe_find(cg->facts, "memory", NULL) && s.mem_swap_limit != CTR_ABSENT)
		s.mem_swap_limit =
		    s.mem_limit <= s.mem_swap_limit ? s.mem_swap_limit - s.mem_limit : CTR_ABSENT;
	*ret = s;
	return 0;
}

int cgstat_net(pid_t pid, struct ctr_stats *ret, struct ctr_error *err)
{
	char path[32], text[TEXT_MAX];
	ssize_t n = str_format(path, sizeof(path), "/proc/%d/net/dev", pid);

	if (n == 0)
		n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return err_sys(err, (int)n, "stats", "read %s", path);
	ret->nnet = 0;
	cgstat_net_text(text, ret);
	return 0;
}

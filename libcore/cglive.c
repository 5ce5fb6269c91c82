/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cglive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgline.h"
#include "cgpath.h"
#include "cgprobe.h"
#include "cgstat.h"
#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "str.h"

enum { TEXT_MAX = 16 << 10, VALUE_SIZE = 64 };

static const char *const io_files[] = {
    "blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
    "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"};
static const char *const io_words[] = {"rbps", "wbps", "riops", "wiops"};

/* One device of a file: value is what lifts it, start what a planned value would begin with. */
static int lift(struct cgset *set, const struct cgset_item *item, const char *start,
		const char *end)
{
	char value[VALUE_SIZE];
	int r;

	if (cgset_plans(set, item->file, start))
		return 0;
	r = str_format(value, sizeof(value), "%s%s", start, end);
	return r < 0 ? r : cgset_add(set, *item, value, value);
}

static int lift_line(const char *line, const struct cgset_item *item, struct cgset *set)
{
	size_t len = strcspn(line, " \n"), end = strcspn(line, "\n");
	char start[VALUE_SIZE];
	int r = 0;

	if (strspn(line, "0123456789:") != len || len == 0)
		return 0;
	if (!item->h->v2) {
		r = str_format(start, sizeof(start), "%.*s ", (int)len, line);
		return r < 0 ? r : lift(set, item, start, "0");
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(io_words); i++) {
		char word[16];
		const char *p;

		r = str_format(word, sizeof(word), " %s=", io_words[i]);
		p = r < 0 ? NULL : strstr(line, word);
		if (!p || p >= line + end || str_has_prefix(p + strlen(word), "max", NULL))
			continue;
		r = str_format(start, sizeof(start), "%.*s %s=", (int)len, line, io_words[i]);
		if (r == 0)
			r = lift(set, item, start, "max");
	}
	return r;
}

int cglive_io(const char *text, const struct cgset_item *item, struct cgset *set)
{
	int r = 0;

	for (const char *p = text; r == 0 && *p;) {
		r = lift_line(p, item, set);
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	return r;
}

/* Reads a number or "*" up to a byte; advances *p past it. */
static bool read_number(const char **p, char end, int *ret)
{
	size_t len = strcspn(*p, (char[]){end, '\n', '\0'});
	char word[16];

	if ((*p)[len] != end || str_format(word, sizeof(word), "%.*s", (int)len, *p) < 0)
		return false;
	if (strcmp(word, "*") == 0)
		*ret = -1;
	else if (num_int_in(word, 0, 1 << 20, ret) < 0)
		return false;
	*p += len + 1;
	return true;
}

/* "c 1:3 rwm", "a *:* rwm" */
static bool read_rule(const char *line, struct cgdev_rule *ret)
{
	char access[8];

	ret->type = line[0];
	if (!line[0] || !strchr("abc", line[0]) || line[1] != ' ')
		return false;
	line += 2;
	if (!read_number(&line, ':', &ret->major) || !read_number(&line, ' ', &ret->minor) ||
	    str_format(access, sizeof(access), "%.*s", (int)strcspn(line, "\n"), line) < 0)
		return false;
	ret->access = cgdevlist_access(access);
	return true;
}

/** struct rules - a list of rules */
struct rules {
	const struct cgdev_rule *v;
	size_t n;
};

/* What the list allows of exactly that device. */
static unsigned int allowed(struct rules list, const struct cgdev_rule *rule)
{
	unsigned int access = 0;

	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].type == rule->type && list.v[i].major == rule->major &&
		    list.v[i].minor == rule->minor)
			access |= list.v[i].access;
	return access;
}

static int step(struct cgset *set, const struct cg_hierarchy *h, bool allow,
		const struct cgdev_rule *rule)
{
	struct cgset_item item = {.key = "DevicePolicy",
				  .file = allow ? "devices.allow" : "devices.deny",
				  .undo_file = allow ? "devices.deny" : "devices.allow",
				  .h = h};
	char value[VALUE_SIZE];
	int r;

	if (rule->type == 'a')
		return cgset_add(set, item, "a", "a");
	r = cgset_device(rule, value, sizeof(value));
	return r < 0 ? r : cgset_add(set, item, value, value);
}

static int steps(struct cgset *set, const struct cg_hierarchy *h, struct rules from,
		 struct rules to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < to.n; i++) {
		struct cgdev_rule more = to.v[i];

		more.access &= ~allowed(from, &to.v[i]);
		if (more.access)
			r = step(set, h, true, &more);
	}
	for (size_t i = 0; r == 0 && i < from.n; i++) {
		struct cgdev_rule less = from.v[i];

		less.access &= ~allowed(to, &from.v[i]);
		if (less.access)
			r = step(set, h, false, &less);
	}
	return r;
}

/*
 * To "everything". Denying that again empties the list, so what is in it now stands before as
 * writes that change nothing but are written again, in reverse, after the denial.
 */
static int open_all(struct cgset *set, const struct cg_hierarchy *h, struct rules from)
{
	static const struct cgdev_rule all = {'a', -1, -1, CGDEV_ALL};
	size_t first = set->n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < from.n; i++)
		r = step(set, h, true, &from.v[i]);
	for (size_t i = first; r == 0 && i < set->n; i++)
		set->v[i].undo_file = set->v[i].file;
	return r < 0 ? r : step(set, h, true, &all);
}

int cglive_devices(const char *text, const struct cgdev_rule *rules, size_t n,
		   const struct cg_hierarchy *h, struct cgset *set)
{
	static const struct cgdev_rule all = {'a', -1, -1, CGDEV_ALL};
	struct cgdev_rule now[CGDEV_MAX];
	size_t n_now = 0;
	bool open;
	int r = 0;

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (n_now == ARRAY_SIZE(now))
			return -E2BIG;
		n_now += read_rule(p, &now[n_now]);
	}
	open = cgdevlist_allows_all(now, n_now);
	if (cgdevlist_is_open(rules, n)) /* what is denied then is not changed (apiset.c) */
		return open ? 0 : open_all(set, h, (struct rules){now, n_now});
	if (open) {
		r = step(set, h, false, &all);
		n_now = 0;
	}
	return r < 0 ? r : steps(set, h, (struct rules){now, n_now}, (struct rules){rules, n});
}

static int read_file(const struct cg_hierarchy *h, const char *path, const char *file, char *dst,
		     size_t size)
{
	autofd int dir = cgpath_open(h, path);
	ssize_t n = dir < 0 ? dir : fd_read_file_at(dir, file, dst, size);

	return n < 0 ? (int)n : 0;
}

static int add_io(const struct cg *cg, struct cgset *set)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "blkio", "io");
	struct cgset_item item = {.key = "IO limits", .h = h, .absent = CGSET_SOFT};
	char text[TEXT_MAX];
	int r = 0;

	for (size_t i = 0; h && r == 0 && i < (h->v2 ? 1 : ARRAY_SIZE(io_files)); i++) {
		item.file = h->v2 ? "io.max" : io_files[i];
		r = read_file(h, cg->path, item.file, text, sizeof(text));
		r = r == -ENOENT ? 0 : r < 0 ? r : cglive_io(text, &item, set);
	}
	return r;
}

/*
 * Back to all that the parent has, by a copy: v1 knows no other way, and v2 takes no empty list
 * for a group with processes that has one (validate_change() of 6.12: ENOSPC).
 */
static int add_cpuset(const struct cg *cg, const char *key, const char *file, struct cgset *set)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "cpuset", "cpuset");
	struct cgset_item item = {.key = key, .file = file, .h = h, .absent = CGSET_SOFT};
	char parent[sizeof(cg->path)], text[TEXT_MAX], effective[64], *slash;
	int r = h ? read_file(h, cg->path, file, text, sizeof(text)) : -ENOENT;

	if (r == -ENOENT || (r == 0 && text[0] == '\n'))
		return 0;
	if (r == 0)
		r = str_format(effective, sizeof(effective), "%s%s", file,
			       h->v2 ? ".effective" : "");
	if (r == 0)
		r = str_copy(parent, sizeof(parent), cg->path);
	slash = r < 0 ? NULL : strrchr(parent, '/');
	if (!slash)
		return r;
	*slash = '\0';
	r = read_file(h, parent, effective, text, sizeof(text));
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	return cgset_add(set, item, text, NULL);
}

/* The file says "oom_kill_disable 0", and takes "0". */
static int add_oom(const struct cg *cg, bool disable, struct cgset *set)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "memory", NULL);
	struct cgset_item item = {.key = "OOMKillDisable",
				  .file = "memory.oom_control",
				  .h = h,
				  .undo_file = "memory.oom_control"};
	char text[VALUE_SIZE * 2];
	uint64_t now;
	int r = h ? read_file(h, cg->path, item.file, text, sizeof(text)) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	now = cgstat_value(text, "oom_kill_disable");
	if (now > 1 || now == disable)
		return 0;
	return cgset_add(set, item, disable ? "1" : "0", now ? "1" : "0");
}

/* What the group above has, as a new group would. */
static int add_swappiness(const struct cg *cg, struct cgset *set)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "memory", NULL);
	struct cgset_item item = {
	    .key = "MemorySwappiness", .file = "memory.swappiness", .h = h, .absent = CGSET_SOFT};
	char parent[sizeof(cg->path)], text[VALUE_SIZE], *slash;
	int r = h ? str_copy(parent, sizeof(parent), cg->path) : 0;

	slash = h && r == 0 ? strrchr(parent, '/') : NULL;
	if (!slash)
		return r;
	*slash = '\0';
	r = read_file(h, parent, item.file, text, sizeof(text));
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	text[strcspn(text, "\n")] = '\0';
	return cgset_add(set, item, text, NULL);
}

int cglive_add_devices(const struct cg *cg, const struct spec *spec, struct cgset *set,
		       struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "devices", NULL);
	struct cgdev_rule rules[CGDEV_MAX];
	char text[TEXT_MAX];
	size_t n = 0;
	int r = h ? cgdev_list(spec, rules, ARRAY_SIZE(rules), &n, err) : 0;

	if (!h || r < 0)
		return r;
	r = read_file(h, cg->path, "devices.list", text, sizeof(text));
	if (r == 0)
		r = cglive_devices(text, rules, n, h, set);
	return r < 0 ? err_sys(err, r, "cgroup", "compare the device rules of %s", cg->path) : 0;
}

int cglive_add(const struct cg *cg, const struct spec *spec, struct cgset *set,
	       struct ctr_error *err)
{
	int r = add_io(cg, set);

	if (r == 0)
		r = cgline_live(cg, set);
	if (r == 0)
		r = add_oom(cg, spec->oom_kill_disable, set);
	if (r == 0 && spec->memory_swappiness == SPEC_UNSET)
		r = add_swappiness(cg, set);
	if (r == 0 && !spec->allowed_cpus)
		r = add_cpuset(cg, "AllowedCPUs", "cpuset.cpus", set);
	if (r == 0 && !spec->allowed_mems)
		r = add_cpuset(cg, "AllowedMemoryNodes", "cpuset.mems", set);
	if (r < 0)
		return err_sys(err, r, "cgroup", "look at the limits of %s", cg->path);
	return cglive_add_devices(cg, spec, set, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "mnt.h"
#include "str.h"

enum { MOUNTINFO_MAX = 8 << 20 };

bool cgprobe_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, word, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* Super options of a v1 mount (cgroup1_show_options() of 6.18) without what is no controller. */
static int keep_controllers(const char *options, size_t len, char *dst, size_t size)
{
	static const char other[] = "rw,ro,noprefix,xattr,cpuset_v2_mode,favordynmods,"
				    "clone_children,seclabel,nsdelegate";
	const char *end = options + len;
	int r = str_copy(dst, size, "");

	while (r == 0 && options < end) {
		size_t n = strcspn(options, ",\n"), have = strlen(dst);
		char word[64];

		if (str_format(word, sizeof(word), "%.*s", (int)n, options) == 0 &&
		    !strchr(word, '=') && !cgprobe_has(other, word))
			r = str_format(dst + have, size - have, "%s%s", have ? "," : "", word);
		options += n + 1;
	}
	return r;
}

/** struct fields - what else of a line is of interest; pointers into the text */
struct fields {
	const char *device, *options;
	size_t device_len, options_len;
	bool whole; /* the mount shows the hierarchy's root */
};

/* "36 35 0:31 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu" */
static bool read_fields(const char *line, struct fields *ret)
{
	const char *p = line, *dash = strstr(line, " - ");

	for (int i = 0; p && i < 2; i++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p || !dash)
		return false;
	ret->device = p;
	ret->device_len = strcspn(p, " ");
	ret->whole = strncmp(p + ret->device_len, " / ", 3) == 0;
	for (int i = 0; dash && i < 4; i++) {
		dash = strchr(dash, ' ');
		dash = dash ? dash + 1 : NULL;
	}
	ret->options = dash ? dash : "";
	ret->options_len = strcspn(ret->options, "\n");
	return true;
}

/** struct seen - devices of the hierarchies that were taken */
struct seen {
	char device[CG_HIERARCHIES][16];
};

static int add_line(const char *line, struct seen *seen, struct cg_facts *f)
{
	struct cg_hierarchy h = {.v2 = false};
	struct mnt_point m;
	struct fields x;
	char device[16];
	int r;

	if (!read_fields(line, &x) || !x.whole || mnt_parse(line, &m) < 0)
		return 0;
	h.v2 = strcmp(m.type, "cgroup2") == 0;
	if (!h.v2 && strcmp(m.type, "cgroup") != 0)
		return 0;
	r = str_format(device, sizeof(device), "%.*s", (int)x.device_len, x.device);
	if (r == 0 && !h.v2)
		r = keep_controllers(x.options, x.options_len, h.controllers,
				     sizeof(h.controllers));
	if (r == 0)
		r = str_copy(h.mount, sizeof(h.mount), m.path);
	if (r < 0 || (!h.v2 && !*h.controllers))
		return r;
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(seen->device[i], device) == 0)
			return 0;
	if (f->n == CG_HIERARCHIES)
		return -E2BIG;
	(void)!str_copy(seen->device[f->n], sizeof(seen->device[0]), device); /* same size */
	f->h[f->n++] = h;
	return 0;
}

int cgprobe_parse(const char *mountinfo, struct cg_facts *ret)
{
	struct cg_facts f = {.layout = CG_NONE};
	bool v1 = false, v2 = false;
	struct seen seen;
	const char *p = mountinfo;

	while (*p) {
		size_t len = strcspn(p, "\n");
		char line[2048];
		int r = 0;

		/* over-long lines are mounts of somebody's overlays, never cgroups */
		if (str_format(line, sizeof(line), "%.*s", (int)len, p) == 0)
			r = add_line(line, &seen, &f);
		if (r < 0)
			return r;
		p += len + (p[len] == '\n');
	}
	for (size_t i = 0; i < f.n; i++) {
		v1 |= !f.h[i].v2;
		v2 |= f.h[i].v2;
	}
	f.layout = v1 && v2 ? CG_HYBRID : v1 ? CG_V1 : v2 ? CG_V2 : CG_NONE;
	*ret = f;
	return 0;
}

const struct cg_hierarchy *cgprobe_find(const struct cg_facts *facts, const char *v1,
					const char *v2)
{
	for (size_t i = 0; i < facts->n; i++) {
		const struct cg_hierarchy *h = &facts->h[i];
		const char *name = h->v2 ? v2 : v1;

		if (name && cgprobe_has(h->controllers, name))
			return h;
	}
	return NULL;
}

bool cgprobe_is_limiting(const struct cg_hierarchy *h)
{
	static const char *const names[] = {"memory", "pids",  "cpu",	  "cpuset",
					    "io",     "blkio", "cpuacct", "devices"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (cgprobe_has(h->controllers, names[i]))
			return true;
	return false;
}

bool cgprobe_holds(const struct cg_facts *facts, const struct cg_hierarchy *h)
{
	return !h->v2 || facts->layout == CG_V2 || cgprobe_is_limiting(h);
}

/* cgroup.controllers is a blank-separated line. */
static int read_v2(struct cg_hierarchy *h, struct ctr_error *err)
{
	char path[160], text[sizeof(h->controllers)];
	int r = str_format(path, sizeof(path), "%s/cgroup.controllers", h->mount);
	ssize_t n = r < 0 ? r : fd_read_file_at(AT_FDCWD, path, text, sizeof(text));

	if (n < 0)
		return err_sys(err, (int)n, "cgroup", "read %s", path);
	text[strcspn(text, "\n")] = '\0';
	for (char *p = text; *p; p++)
		*p = *p == ' ' ? ',' : *p;
	return str_copy(h->controllers, sizeof(h->controllers), text);
}

int cg_probe(struct cg_facts *ret, struct ctr_error *err)
{
	autofd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	struct cg_facts f;
	struct stat st;
	int r = fd < 0 ? -errno : fd_read_dup(fd, MOUNTINFO_MAX, &text, NULL);

	if (r == 0)
		r = cgprobe_parse(text, &f);
	if (r < 0)
		return err_sys(err, r, "cgroup", "read the mounts in /proc/self/mountinfo");
	for (size_t i = 0; r == 0 && i < f.n; i++)
		if (f.h[i].v2)
			r = read_v2(&f.h[i], err);
	if (r < 0)
		return r;
	/* sd_booted(3) */
	f.systemd = lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
	*ret = f;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cggroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgpath.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

/* Another supervisor may remove the parent between two steps of ours, but not again and again. */
enum { TRIES = 100, BUSY_TRIES = 200, BUSY_US = 1000, LIST_MAX = 4096 };

/* Turns MOUNT/a/b into MOUNT/a. False at the mount itself. */
static bool cut_last(char *dir, const struct cg_hierarchy *h)
{
	char *slash = strrchr(dir, '/');

	if (!slash || (size_t)(slash - dir) <= strlen(h->mount))
		return false;
	*slash = '\0';
	return true;
}

/* A file that was opened before its group went says ENODEV (kernfs, Linux 3.14). */
static int gone(int r)
{
	return r == -ENODEV ? -ENOENT : r;
}

static int read_list(const char *dir, const char *file, char *dst)
{
	char path[CGPATH_SIZE];
	int r = str_format(path, sizeof(path), "%s/%s", dir, file);
	ssize_t n = r < 0 ? r : fd_read_file_at(AT_FDCWD, path, dst, LIST_MAX);

	if (n < 0)
		return gone((int)n);
	dst[strcspn(dst, "\n")] = '\0';
	return 0;
}

static int write_file(const char *dir, const char *file, const char *text)
{
	char path[CGPATH_SIZE];
	int r = str_format(path, sizeof(path), "%s/%s", dir, file);

	return r < 0 ? r : gone(fd_write_file_at(AT_FDCWD, path, text));
}

/*
 * A new cpuset of v1 is empty and takes no process (ENOSPC), unless cgroup.clone_children of its
 * parent is 1: then the kernel fills it. Both, since a group may be made between the mkdir and
 * the write of another supervisor.
 */
static int fill_cpuset(const struct cg_hierarchy *h, const char *dir, const char *file, int depth)
{
	char value[LIST_MAX], up[CGPATH_SIZE];
	int r = read_list(dir, file, value);

	if (r < 0 || *value)
		return r;
	r = str_copy(up, sizeof(up), dir);
	if (r < 0 || depth > 8 || strrchr(up, '/') < up + strlen(h->mount))
		return r < 0 ? r : -ENOSPC;
	*strrchr(up, '/') = '\0';
	r = fill_cpuset(h, up, file, depth + 1);
	if (r == 0)
		r = read_list(up, file, value);
	return r < 0 ? r : write_file(dir, file, value);
}

static int fill_cpusets(const struct cg_hierarchy *h, const char *dir)
{
	int r = fill_cpuset(h, dir, "cpuset.cpus", 0);

	return r < 0 ? r : fill_cpuset(h, dir, "cpuset.mems", 0);
}

int cggroup_missing(const char *have, const char *enabled, char *dst, size_t size)
{
	static const char *const ours[] = {"cpuset", "cpu",	"io",  "memory",
					   "pids",   "hugetlb", "rdma"};
	int r = str_copy(dst, size, "");

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ours); i++) {
		size_t len = strlen(dst);

		if (cgprobe_has(have, ours[i]) && !cgprobe_has(enabled, ours[i]))
			r = str_format(dst + len, size - len, "%s+%s", len ? " " : "", ours[i]);
	}
	return r;
}

static int read_controllers(const char *dir, const char *file, char *dst)
{
	int r = read_list(dir, file, dst);

	for (char *p = dst; r == 0 && *p; p++)
		*p = *p == ' ' ? ',' : *p;
	return r;
}

/* One by one where all at once is refused: realtime tasks may forbid cpu alone, for example. */
static void enable_here(const char *dir)
{
	char have[LIST_MAX], enabled[LIST_MAX], want[128], *word, *rest;

	if (read_controllers(dir, "cgroup.controllers", have) < 0 ||
	    read_controllers(dir, "cgroup.subtree_control", enabled) < 0 ||
	    cggroup_missing(have, enabled, want, sizeof(want)) < 0 || !*want ||
	    write_file(dir, "cgroup.subtree_control", want) == 0)
		return;
	rest = want;
	while ((word = strsep(&rest, " ")))
		(void)!write_file(dir, "cgroup.subtree_control", word); /* limits will tell */
}

/*
 * From the root of the mount down to the parent of dir. The root is not ours: its controllers are
 * enabled only where containers need them, not for the sake of one figure on a hybrid machine.
 */
static int enable_controllers(const struct cg_hierarchy *h, const char *dir)
{
	char have[LIST_MAX], want[128], part[CGPATH_SIZE];
	const char *p = dir + strlen(h->mount);
	int r = read_controllers(dir, "cgroup.controllers", have);

	if (r == 0)
		r = cggroup_missing(h->controllers, have, want, sizeof(want));
	if (r < 0 || !*want)
		return r;
	while (r == 0 && p) {
		r = str_format(part, sizeof(part), "%.*s", (int)(p - dir), dir);
		if (r == 0 && (p > dir + strlen(h->mount) || cgprobe_is_limiting(h)))
			enable_here(part);
		p = strchr(p + 1, '/');
	}
	return r;
}

static int prepare(const struct cg_hierarchy *h, const char *dir)
{
	if (h->v2)
		return enable_controllers(h, dir);
	return cgprobe_has(h->controllers, "cpuset") ? fill_cpusets(h, dir) : 0;
}

/* Makes the folders above dir. */
static int make_parents(const struct cg_hierarchy *h, const char *dir)
{
	char up[CGPATH_SIZE];
	int r = str_copy(up, sizeof(up), dir);

	if (r < 0 || !cut_last(up, h))
		return r;
	if (mkdir(up, 0755) < 0) {
		if (errno == ENOENT)
			r = make_parents(h, up);
		else if (errno != EEXIST)
			r = -errno;
		return r;
	}
	if (!h->v2 && cgprobe_has(h->controllers, "cpuset")) {
		r = write_file(up, "cgroup.clone_children", "1");
		if (r == 0)
			r = fill_cpusets(h, up);
	}
	return r == -ENOENT ? 0 : r; /* removed again: the caller tries again */
}

int cggroup_make(const struct cg_hierarchy *h, const char *path)
{
	char dir[CGPATH_SIZE];
	int r = cgpath_dir(h, path, dir, sizeof(dir));

	for (int i = 0; r == 0 && i < TRIES; i++) {
		bool made = mkdir(dir, 0755) == 0;

		if (!made && errno == ENOENT) {
			r = make_parents(h, dir);
			continue;
		}
		if (!made && errno != EEXIST)
			return -errno;
		r = prepare(h, dir);
		if (r != -ENOENT)
			return r;
		r = 0; /* a shared group that was removed meanwhile */
	}
	return r < 0 ? r : -EAGAIN;
}

int cggroup_remove(const struct cg_hierarchy *h, const char *path)
{
	char dir[CGPATH_SIZE];
	int r = cgpath_dir(h, path, dir, sizeof(dir));

	/* the last task leaves its group a little after it has died for others (cgroup_exit()) */
	for (int i = 0; r == 0 && i < BUSY_TRIES; i++) {
		autofd int fd = -1;

		if (rmdir(dir) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return -errno;
		fd = cgpath_open(h, path);
		r = fd < 0 ? fd : cgpath_prune(fd);
		r = r == -EBUSY || r == -ENOENT ? 0 : r;
		if (r == 0 && i > 0)
			(void)nanosleep(&(struct timespec){.tv_nsec = BUSY_US * 1000L}, NULL);
	}
	return r < 0 ? r : -EBUSY;
}

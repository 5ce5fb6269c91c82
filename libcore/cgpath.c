/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgpath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgprobe.h"
#include "cleanup.h"
#include "str.h"

/* Nobody inside can make groups unless a cgroup file system was bound in, writable. */
enum { DEPTH_MAX = 128 };

int cgpath_dir(const struct cg_hierarchy *h, const char *path, char *dst, size_t size)
{
	return str_format(dst, size, "%s/%s", h->mount, path);
}

int cgpath_open(const struct cg_hierarchy *h, const char *path)
{
	char dir[CGPATH_SIZE];
	int r = cgpath_dir(h, path, dir, sizeof(dir));

	if (r == 0)
		r = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return r == -1 ? -errno : r;
}

const struct cg_hierarchy *cgpath_freezer(const struct cg_facts *facts)
{
	const struct cg_hierarchy *h = cgprobe_find(facts, "freezer", NULL);

	for (size_t i = 0; !h && i < facts->n; i++)
		if (facts->h[i].v2)
			h = &facts->h[i];
	return h;
}

/** struct step - what is done in a folder: fn for the group, or removal of its children */
struct step {
	cgpath_fn fn;
	void *arg;
	bool remove;
};

static int walk(int dir, const struct step *s, int depth);

static int visit_child(int dir, const char *name, const struct step *s, int depth)
{
	autofd int child = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (child < 0)
		return errno == ENOENT ? 0 : -errno;
	r = walk(child, s, depth + 1);
	if (r == 0 && s->remove && unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* cgroupfs counts children in st_nlink, as other file systems do: most groups have none. */
static int open_children(int dir, DIR **ret)
{
	autofd int fd = -1;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	if (st.st_nlink <= 2)
		return 0;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*ret = fd >= 0 ? fdopendir(fd) : NULL;
	if (!*ret)
		return -errno;
	(void)take_fd(&fd); /* the DIR owns it */
	return 0;
}

static int walk(int dir, const struct step *s, int depth)
{
	autodir DIR *d = NULL;
	struct dirent *e;
	int r = depth > DEPTH_MAX ? -ELOOP : open_children(dir, &d);

	while (r == 0 && d && (e = readdir(d)))
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			r = visit_child(dir, e->d_name, s, depth);
	if (r == 0 && s->fn)
		r = s->fn(dir, s->arg);
	return r;
}

int cgpath_walk(int dir, cgpath_fn fn, void *arg)
{
	return walk(dir, &(struct step){.fn = fn, .arg = arg}, 0);
}

int cgpath_prune(int dir)
{
	return walk(dir, &(struct step){.remove = true}, 0);
}

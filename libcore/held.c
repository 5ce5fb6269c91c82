/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "held.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "mntlist.h"
#include "proc.h"

/** struct own - devices of file systems that nobody else reaches */
struct own {
	dev_t *v;
	size_t n;
};

static void own_done(struct own *o)
{
	free(o->v);
}

#define autoown __attribute__((cleanup(own_done)))

static int add_own(struct own *o, dev_t dev)
{
	dev_t *v = reallocarray(o->v, o->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	o->v = v;
	o->v[o->n++] = dev;
	return 0;
}

static bool is_own(const struct own *o, dev_t dev)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i] == dev)
			return true;
	return false;
}

/* The kernel's own mounts, which are in no list: of memfds and shared memory, and of pipes. */
static int find_kernels(struct own *o)
{
	autofd int fd = memfd_create("held", MFD_CLOEXEC), one = -1, two = -1;
	struct stat st;
	int p[2], r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = add_own(o, st.st_dev);
	if (r < 0)
		return r;
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	one = p[0];
	two = p[1];
	return fstat(one, &st) < 0 ? -errno : add_own(o, st.st_dev);
}

static int find_own(struct own *o, pid_t init, struct ctr_error *err)
{
	autostrv struct strv lines = {0}, host = {0}, devices = {0};
	int r = mntlist_read(init, &lines, err);

	if (r == 0)
		r = mntlist_read(getpid(), &host, err);
	if (r < 0)
		return r;
	r = mntlist_kept(&lines, &host, &devices);
	for (size_t i = 0; r == 0 && i < devices.n; i++) {
		unsigned int major, minor;

		if (sscanf(devices.v[i], "%u:%u", &major, &minor) != 2)
			r = -EBADMSG;
		else
			r = add_own(o, makedev(major, minor));
	}
	if (r == 0)
		r = find_kernels(o);
	return r < 0 ? err_sys(err, r, "files", "find the container's own file systems") : 0;
}

/* ---- one process ---- */

/** struct walk - what is looked at just now */
struct walk {
	const struct own *own;
	struct strv *ret;
	pid_t pid, inner;
};

static bool is_file(mode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode);
}

/* As the container has it; "-": what could not stand in a line, or is not below its root. */
static void path_of(int dirfd, const char *name, char ret[PATH_MAX])
{
	ssize_t n = readlinkat(dirfd, name, ret, PATH_MAX - 1);

	ret[n < 0 ? 0 : n] = '\0';
	if (ret[0] != '/' || n == PATH_MAX - 1 || strchr(ret, '\n'))
		(void)!str_copy(ret, PATH_MAX, "-"); /* fits */
}

/*
 * A descriptor's link has the bits of its access mode (proc_pid_fd(5)); its name is a number alone.
 * A mapping's has those of the memory, which are w for the private data of a library, too.
 */
static bool is_written(int dirfd, const char *name)
{
	struct stat st;

	return name[strspn(name, "0123456789")] == '\0' &&
	       (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & S_IWUSR));
}

/* Nothing is asked of a server behind a file system: it may be one of those that stand still. */
static int look_at(const struct walk *w, int dirfd, const char *name, const char *shown,
		   struct ctr_error *err)
{
	autofree char *line = NULL;
	char path[PATH_MAX];
	struct statx st;

	if (statx(dirfd, name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) < 0)
		return 0; /* closed, unmapped or ended by now */
	if (!is_file(st.stx_mode) || is_own(w->own, makedev(st.stx_dev_major, st.stx_dev_minor)))
		return 0;
	if (st.stx_nlink == 0)
		return err_set(err, CTR_E_UNSUPPORTED, EBUSY, "files",
			       "process %d has a file open (%s) that was deleted, outside of the "
			       "container's own file systems: it can not be saved",
			       w->pid, shown);
	path_of(dirfd, name, path);
	line = str_dup_format("%d %s %o %u %u %llu %s %s", w->inner, shown, st.stx_mode, st.stx_uid,
			      st.stx_gid, (unsigned long long)st.stx_ino,
			      is_written(dirfd, name) ? "w" : "r", path);
	if (!line || strv_add(w->ret, line) < 0)
		return err_sys(err, ENOMEM, "files", "list open files");
	return 0;
}

/* of a mapping the place is not shown: equal neighbours may come back as one */
static int look_at_all(const struct walk *w, const char *folder, bool named, struct ctr_error *err)
{
	char path[64], shown[300];
	autodir DIR *d = NULL;
	struct dirent *e;
	int r = str_format(path, sizeof(path), "/proc/%d/%s", w->pid, folder);

	d = r < 0 ? NULL : opendir(path);
	while (r == 0 && d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		r = str_format(shown, sizeof(shown), "%s/%s", folder, named ? e->d_name : "");
		if (r == 0)
			r = look_at(w, dirfd(d), e->d_name, shown, err);
	}
	return r;
}

static int look_at_process(const struct walk *w, struct ctr_error *err)
{
	static const char *const links[] = {"cwd", "root", "exe"};
	char path[64];
	int r = look_at_all(w, "fd", true, err);

	if (r == 0)
		r = look_at_all(w, "map_files", false, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++) {
		r = str_format(path, sizeof(path), "/proc/%d/%s", w->pid, links[i]);
		if (r == 0)
			r = look_at(w, AT_FDCWD, path, links[i], err);
	}
	return r;
}

int held_read(const struct held_where *where, struct strv *ret, struct ctr_error *err)
{
	autostrv struct strv lines = {0};
	autoown struct own own = {0};
	int r = find_own(&own, where->init, err);

	for (size_t i = 0; r == 0 && i < where->n; i++) {
		pid_t chain[8];
		int depth = proc_nspids(where->pids[i], chain, ARRAY_SIZE(chain));
		const struct walk w = {.own = &own,
				       .ret = &lines,
				       .pid = where->pids[i],
				       .inner = depth > 0 ? chain[depth - 1] : 0};

		if (depth > 1 && proc_is_below(w.pid, where->init))
			r = look_at_process(&w, err);
	}
	if (r < 0)
		return r;
	*ret = lines;
	lines = (struct strv){0};
	return 0;
}

static bool is_as_before(const char *want, const char *have, const struct heldcopy *copy)
{
	return heldcopy_is_same(want, have) || (copy && heldcopy_is_as_good(copy, want, have));
}

/* Both lists are in the same order, but for little: the search begins where the line should be. */
static bool is_there(const struct strv *have, size_t near, const char *want,
		     const struct heldcopy *copy)
{
	for (size_t k = 0; k < have->n; k++)
		if (is_as_before(want, have->v[(near + k) % have->n], copy))
			return true;
	return false;
}

static bool was_there(const struct strv *want, size_t near, const char *have,
		      const struct heldcopy *copy)
{
	for (size_t k = 0; k < want->n; k++)
		if (is_as_before(want->v[(near + k) % want->n], have, copy))
			return true;
	return false;
}

static int differs(const char *line, struct ctr_error *err)
{
	return err_set(err, CTR_E_IMAGE, EPERM, "files",
		       "a file is not the one that was open (process, which, mode, owner, group, "
		       "inode, access, path): %s",
		       line);
}

/*
 * Descriptors that CRIU itself still has open are more than was there. Mappings are told by their
 * file alone, and CRIU opens a file once more for each that does not follow another one of it: of a
 * hundred of them a single one may be of what stood there for a moment, so that none may be more.
 */
int held_compare(const struct strv *want, const struct strv *have, const struct heldcopy *copy,
		 struct ctr_error *err)
{
	for (size_t i = 0; i < want->n; i++)
		if (!is_there(have, i, want->v[i], copy))
			return differs(want->v[i], err);
	for (size_t i = 0; i < have->n; i++) {
		const char *name = strchr(have->v[i], ' ');

		if (name && str_has_prefix(name, " map_files/ ", NULL) &&
		    !was_there(want, i, have->v[i], copy))
			return differs(have->v[i], err);
	}
	return 0;
}

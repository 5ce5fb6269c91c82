/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgapply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgpath.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { TEXT_MAX = 4096 };

/** struct open_file - the file of the item before, still open */
struct open_file {
	const struct cg_hierarchy *h;
	const char *file;
	int fd; /* -errno when it could not be opened */
};

static void close_file(struct open_file *f)
{
	cleanup_fd(&f->fd);
	f->file = NULL;
}
#define autoopen __attribute__((cleanup(close_file)))

static int open_item(const char *path, const struct cgset_item *item, int flags)
{
	char name[CGPATH_SIZE];
	int r = str_format(name, sizeof(name), "%s/%s/%s", item->h->mount, path, item->file);

	if (r == 0)
		r = open(name, flags | O_CLOEXEC | O_NOFOLLOW);
	return r == -1 ? -errno : r;
}

static int write_item(const char *path, const struct cgset_item *item, struct open_file *f)
{
	size_t len = strlen(item->value);
	ssize_t n;

	if (f->h != item->h || f->file != item->file) {
		close_file(f);
		f->fd = open_item(path, item, O_WRONLY);
		f->h = item->h;
		f->file = item->file;
	}
	if (f->fd < 0)
		return f->fd;
	n = write(f->fd, item->value, len);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

/* The third field of /proc/swaps' lines is a size; no lines, no swap. */
static bool machine_has_swap(void)
{
	char text[TEXT_MAX];
	ssize_t n = fd_read_file_at(AT_FDCWD, "/proc/swaps", text, sizeof(text));
	const char *line = n < 0 ? NULL : strchr(text, '\n');

	return n != -ENOENT && (!line || line[1] != '\0');
}

/* Is it fine that the item could not be written? */
static bool may_fail(const struct cgset_item *item, int r)
{
	if (r != -ENOENT && r != -EOPNOTSUPP)
		return false;
	return item->absent == CGSET_SOFT || (item->absent == CGSET_SWAP && !machine_has_swap());
}

static int report(const struct cgset_item *item, int r, struct ctr_error *err)
{
	if (r == -ENOENT)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
			       "%s= needs %s, which this machine does not offer", item->key,
			       item->file);
	if (r == -EINVAL || r == -ERANGE)
		return err_set(err, CTR_E_CONFIG, -r, "cgroup",
			       "%s=: the kernel takes no '%s' in %s: %s", item->key, item->value,
			       item->file, strerrordesc_np(-r));
	return err_sys(err, r, "cgroup", "%s=: write '%s' to %s", item->key, item->value,
		       item->file);
}

/*
 * libcgroup splits values at newlines, so one that is nothing else would not reach the kernel, and
 * takes no long lists of CPUs.
 */
static int write_one(const struct cglib *lib, const char *path, const struct cgset_item *item,
		     struct open_file *f)
{
	if (lib && strcmp(item->value, "\n") != 0 && strlen(item->value) <= CGLIB_VALUE_MAX)
		return cglib_write(lib, path, item->file, item->value);
	return write_item(path, item, f);
}

int cgapply_write(const struct cglib *lib, const char *path, const struct cgset *set,
		  struct ctr_error *err)
{
	autoopen struct open_file f = {.fd = -1};
	autofree bool *done = calloc(set->n + 1, sizeof(*done));
	size_t left = set->n, before = left + 1, failed = 0;
	int r = done ? 0 : -ENOMEM;

	if (r < 0)
		return err_sys(err, r, "cgroup", "write the limits");
	while (left > 0 && left < before) {
		int first = 0;

		before = left;
		for (size_t i = 0; i < set->n; i++) {
			int one = done[i] ? 0 : write_one(lib, path, &set->v[i], &f);

			if (done[i])
				continue;
			done[i] = one == 0 || may_fail(&set->v[i], one);
			left -= done[i];
			if (!done[i] && first == 0) {
				first = one;
				failed = i;
			}
		}
		r = first;
	}
	return left == 0 ? 0 : report(&set->v[failed], r, err);
}

int cgapply_old(const struct cgset_item *item, const char *text, char *dst, size_t size)
{
	size_t dev = item->undo ? strcspn(item->undo, " ") + 1 : 0;
	const char *line = text;

	while (dev && *line && strncmp(line, item->undo, dev) != 0) {
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (dev && !*line)
		return str_copy(dst, size, item->undo);
	/* an empty write would not reach the kernel */
	if (*line == '\n' || *line == '\0')
		return str_copy(dst, size, "\n");
	return str_format(dst, size, "%.*s", (int)strcspn(line, "\n"), line);
}

/* Reads what undoes an item; -ENOENT when its file is not there. */
static int read_undo(const char *path, const struct cgset_item *item, char *dst, size_t size)
{
	autofd int fd = -1;
	char text[TEXT_MAX];
	ssize_t n;

	if (item->undo_file)
		return str_copy(dst, size, item->undo);
	fd = open_item(path, item, O_RDONLY);
	n = fd < 0 ? fd : fd_read_all(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return cgapply_old(item, text, dst, size);
}

static int save_item(const char *path, struct cgset_item item, struct cgset *ret)
{
	char value[TEXT_MAX];
	int r = read_undo(path, &item, value, sizeof(value));

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (item.undo_file)
		item.file = item.undo_file;
	item.undo_file = NULL;
	return cgset_add(ret, item, value, NULL);
}

int cgapply_save(const char *path, const struct cgset *set, struct cgset *ret,
		 struct ctr_error *err)
{
	autocgset struct cgset old = {0};

	for (size_t i = set->n; i > 0; i--) {
		int r = save_item(path, set->v[i - 1], &old);

		if (r < 0)
			return err_sys(err, r, "cgroup", "read %s", set->v[i - 1].file);
	}
	*ret = old;
	old = (struct cgset){0};
	return 0;
}

/* /sys/dev/block/M:m/partition is there for partitions; the folder above is the disk. */
static int whole_disk(char *dev, size_t size)
{
	char path[80], text[32];
	ssize_t n;
	int r = str_format(path, sizeof(path), "/sys/dev/block/%s/partition", dev);

	if (r < 0 || access(path, F_OK) < 0)
		return r;
	r = str_format(path, sizeof(path), "/sys/dev/block/%s/../dev", dev);
	n = r < 0 ? r : fd_read_file_at(AT_FDCWD, path, text, sizeof(text));
	return n < 0 ? (int)n : str_format(dev, size, "%.*s", (int)strcspn(text, "\n"), text);
}

int cgapply_device(const char *path, char *dst, size_t size, struct ctr_error *err)
{
	char dev[32];
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return err_set(err, CTR_E_CONFIG, errno, "cgroup", "I/O limit for %s: %s", path,
			       strerrordesc_np(errno));
	if (!S_ISBLK(st.st_mode))
		return err_set(err, CTR_E_CONFIG, ENOTBLK, "cgroup",
			       "I/O limit for %s: not a block device", path);
	r = str_format(dev, sizeof(dev), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	if (r == 0)
		r = whole_disk(dev, sizeof(dev));
	if (r == 0)
		r = str_copy(dst, size, dev);
	return r < 0 ? err_sys(err, r, "cgroup", "find the disk of %s", path) : 0;
}

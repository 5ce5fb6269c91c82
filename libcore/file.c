/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "inifile.h"
#include "path.h"
#include "str.h"

enum { DROPINS_MAX = 256 };

struct dropin {
	const char *dir;
	char *name;
};

void file_set_done(struct file_set *set)
{
	int saved = errno;

	for (size_t i = 0; i < set->n; i++) {
		free(set->v[i].path);
		free(set->v[i].text);
	}
	free(set->v);
	set->v = NULL;
	set->n = 0;
	errno = saved;
}

static int open_untrusted(const char *path, mode_t type, int *ret, struct ctr_error *err)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "config", "open %s", path);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s: not a %s", path,
			       type == S_IFDIR ? "directory" : "regular file");
	*ret = take_fd(&fd);
	return 0;
}

static int open_checked(const struct file_set *set, const char *path, mode_t type, int *ret,
			struct ctr_error *err)
{
	return set->untrusted ? open_untrusted(path, type, ret, err)
			      : path_open_trusted(path, type, ret, err);
}

/* Is path a link to /dev/null? Its folder is root's alone, or the answer does not count. */
static bool is_mask(const struct file_set *set, const char *path)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
	char target[sizeof("/dev/null") + 1];
	autofd int fd = -1;
	ssize_t n;

	if (!dir || open_checked(set, dir, S_IFDIR, &fd, NULL) < 0)
		return false;
	n = readlinkat(fd, slash + 1, target, sizeof(target));
	return n == (ssize_t)strlen("/dev/null") && memcmp(target, "/dev/null", (size_t)n) == 0;
}

int file_add(struct file_set *set, const char *path, struct ctr_error *err)
{
	struct file_text *v, f = {0};
	autofd int fd = -1;
	struct ctr_error why;
	int r = open_checked(set, path, S_IFREG, &fd, &why);

	if (r < 0) {
		if (r != -ENOENT && is_mask(set, path))
			return err_set(err, CTR_E_CONFIG, ERFKILL, "config",
				       "%s: masked (a link to /dev/null)", path);
		if (err)
			*err = why;
		return r;
	}
	r = fd_read_dup(fd, INIFILE_TEXT_MAX, &f.text, &f.len);
	if (r < 0)
		return err_sys(err, r, "config", "read %s", path);
	f.path = strdup(path);
	v = f.path ? reallocarray(set->v, set->n + 1, sizeof(*v)) : NULL;
	if (!v) {
		free(f.path);
		free(f.text);
		return err_sys(err, ENOMEM, "config", "read %s", path);
	}
	set->v = v;
	v[set->n++] = f;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

static bool is_known(const struct dropin *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

static bool is_dropin_name(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

/* Adds the names of one folder to list. */
static int scan(const struct file_set *set, const char *dir, struct dropin *list, size_t *n,
		struct ctr_error *err)
{
	autofd int fd = -1;
	autodir DIR *d = NULL;
	struct dirent *e;
	int r = open_checked(set, dir, S_IFDIR, &fd, err);

	if (r < 0)
		return r;
	d = fdopendir(fd);
	if (!d)
		return err_sys(err, errno, "config", "read %s", dir);
	(void)take_fd(&fd); /* the DIR has it */
	while ((errno = 0, e = readdir(d))) {
		if (!is_dropin_name(e->d_name) || is_known(list, *n, e->d_name))
			continue;
		if (*n == DROPINS_MAX)
			return err_set(err, CTR_E_CONFIG, E2BIG, "config",
				       "%s: more than %d drop-ins", dir, DROPINS_MAX);
		list[*n] = (struct dropin){dir, strdup(e->d_name)};
		if (!list[*n].name)
			return err_sys(err, ENOMEM, "config", "read %s", dir);
		(*n)++;
	}
	return errno ? err_sys(err, errno, "config", "read %s", dir) : 0;
}

static int add_dropin(struct file_set *set, const struct dropin *d, struct ctr_error *err)
{
	autofree char *path = str_dup_format("%s/%s", d->dir, d->name);
	int r;

	if (!path)
		return err_sys(err, ENOMEM, "config", "read %s", d->dir);
	r = file_add(set, path, err);
	return r == -ERFKILL ? 0 : r;
}

int file_add_dropins(struct file_set *set, const char *const *dirs, size_t n, struct ctr_error *err)
{
	struct dropin list[DROPINS_MAX];
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = dirs[i] ? scan(set, dirs[i], list, &count, err) : 0;
		if (r == -ENOENT)
			r = 0;
	}
	qsort(list, count, sizeof(list[0]), by_name);
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_dropin(set, &list[i], err);
	for (size_t i = 0; i < count; i++)
		free(list[i].name);
	return r;
}

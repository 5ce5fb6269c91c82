/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ckptstore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "path.h"
#include "str.h"

#define MIDDLE "/checkpoints/"

static int make_last(const char *path, struct ctr_error *err)
{
	const char *name = strrchr(path, '/');
	autofree char *parent = strndup(path, (size_t)(name - path));
	autofd int fd = -1;
	int r = parent ? 0 : -ENOMEM;

	if (r == 0)
		r = path_open_trusted(*parent ? parent : "/", S_IFDIR, &fd, err);
	if (r < 0)
		return r == -ENOMEM ? err_sys(err, r, "store", "open %s", path) : r;
	return mkdirat(fd, name + 1, 0700) < 0 && errno != EEXIST
		   ? err_sys(err, errno, "store", "make the folder %s", path)
		   : 0;
}

int ckptstore_open(const char *path, bool make, struct ctr_error *err)
{
	autofd int fd = -1;
	struct stat st;
	int r = 0;

	if (!path_is_clean(path) || !path[1])
		return err_set(err, CTR_E_CONFIG, EINVAL, "store",
			       "%s: not an absolute path of a folder", path);
	if (make)
		r = make_last(path, err);
	if (r == 0)
		r = path_open_trusted(path, S_IFDIR, &fd, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "store", "stat %s", path);
	if (st.st_mode & 077)
		return err_set(err, CTR_E_CONFIG, EPERM, "store",
			       "%s: must be root's alone, is mode %04o; chmod 0700", path,
			       st.st_mode & 07777);
	return take_fd(&fd);
}

int ckptstore_target(const char *store, const char *id, char ret[PATH_MAX])
{
	return str_format(ret, PATH_MAX, "%s" MIDDLE "%s", store, id);
}

int ckptstore_split(const char *target, const char *id, char ret[PATH_MAX])
{
	size_t len = strlen(target), tail = strlen(MIDDLE) + strlen(id);

	if (!path_is_clean(target) || len <= tail || strcmp(target + len - strlen(id), id) != 0 ||
	    strncmp(target + len - tail, MIDDLE, strlen(MIDDLE)) != 0)
		return -EBADMSG;
	return str_format(ret, PATH_MAX, "%.*s", (int)(len - tail), target);
}

int ckptstore_read(int dirfd, const char *name, const char *id, char ret[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return ckptstore_split(target, id, ret);
}

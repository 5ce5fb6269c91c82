/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "mnt.h"
#include "str.h"

static bool is_mapped(const struct userns *u)
{
	return u && idmap_is_mapped(&u->choice);
}

int owner_keep_out(int hole, int mnt, bool recursive, struct ctr_error *err)
{
	int r = hole >= 0 ? mnt_idmap(mnt, hole, recursive, err) : 0;

	/* one below that can not takes it from all */
	if (r == -EINVAL && recursive)
		r = mnt_idmap(mnt, hole, false, err);
	return r == -EINVAL || r == -EPERM ? 0 : r;
}

int owner_map_tree(const struct userns *u, int mnt, const char *path, struct ctr_error *err)
{
	int r = is_mapped(u) ? mnt_idmap(mnt, u->fd, false, err) : 0;

	if (r == -EINVAL || r == -EPERM)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "root",
			       "RootDirectory=%s: its file system has no idmapped mounts, which "
			       "PrivateUsers= needs",
			       path);
	return r;
}

/* The path is root's alone (path_open_trusted()), so nobody changes it meanwhile. */
int owner_check_tree(const struct userns *u, const char *path, struct ctr_error *err)
{
	char part[PATH_MAX];

	if (!is_mapped(u))
		return 0;
	if (str_copy(part, sizeof(part), path) < 0)
		return err_sys(err, ENAMETOOLONG, "root", "look at %s", path);
	for (size_t n = strlen(part); n > 1 && part[n - 1] == '/'; n--)
		part[n - 1] = '\0';
	/* not the tree's own mode: root inside changes that */
	for (char *end = strrchr(part, '/'); end && end != part; end = strrchr(part, '/')) {
		struct stat st;

		*end = '\0';
		if (stat(part, &st) < 0)
			return err_sys(err, errno, "root", "look at %s", part);
		if (st.st_uid == 0 && !(st.st_mode & 0011))
			return 0;
	}
	return err_set(err, CTR_E_CONFIG, EPERM, "root",
		       "RootDirectory=%s can be entered by others than root: with PrivateUsers= "
		       "put it below a folder of mode 0700, or use ReadOnly=yes or "
		       "Volatile=overlay",
		       path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devnode.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "num.h"
#include "path.h"
#include "str.h"

enum { NSS_BUFFER = 256 * 1024 };

static int find_owner(const struct devline *d, uid_t *uid, gid_t *gid, struct ctr_error *err)
{
	autofree char *buffer = malloc(NSS_BUFFER);
	struct passwd pw, *user = NULL;
	struct group gr, *group = NULL;

	if (!buffer)
		return err_sys(err, ENOMEM, "dev", "find the owner of %s", d->path);
	if (d->user && num_id(d->user, uid) < 0) {
		if (getpwnam_r(d->user, &pw, buffer, NSS_BUFFER, &user) != 0 || !user)
			return err_set(err, CTR_E_CONFIG, ENOENT, "dev",
				       "DeviceNode=%s: unknown user '%s'", d->path, d->user);
		*uid = pw.pw_uid;
	}
	if (d->group && num_id(d->group, gid) < 0) {
		if (getgrnam_r(d->group, &gr, buffer, NSS_BUFFER, &group) != 0 || !group)
			return err_set(err, CTR_E_CONFIG, ENOENT, "dev",
				       "DeviceNode=%s: unknown group '%s'", d->path, d->group);
		*gid = gr.gr_gid;
	}
	return 0;
}

/* The folder of the node below /dev, and its name */
static int open_folder(int dev, const char *path, const char **ret_name, struct ctr_error *err)
{
	const char *name = strrchr(path, '/') + 1, *below = path + strlen("/dev");
	autofree char *folder = strndup(below, (size_t)(name - below - 1));
	int fd = -ENOMEM;

	*ret_name = name;
	if (folder)
		fd = folder[0] ? path_make_in(dev, folder, true, 0755)
			       : path_open_nolinks(dev, "/", O_PATH | O_DIRECTORY);
	return fd < 0 ? err_sys(err, fd, "dev", "make the folder of %s", path) : fd;
}

int devnode_make(int dev, const char *line, const struct userns *users, struct ctr_error *err)
{
	autodevline struct devline d = {.path = NULL};
	const char *name = NULL;
	struct stat st;
	autofd int dir = -1;
	uid_t uid = 0;
	gid_t gid = 0;
	dev_t number;
	int r = devline_parse(line, &d, err);

	if (r == 0)
		r = find_owner(&d, &uid, &gid, err);
	if (r == 0 && users &&
	    (idmap_outside(&users->uid, uid, &uid) < 0 ||
	     idmap_outside(&users->gid, gid, &gid) < 0))
		return err_set(err, CTR_E_CONFIG, EINVAL, "dev",
			       "DeviceNode=%s: the container has no such user or group", d.path);
	if (r == 0)
		r = dir = open_folder(dev, d.path, &name, err);
	if (r < 0)
		return r;
	number = makedev(d.major, d.minor);
	if (mknodat(dir, name, d.type | d.mode, number) < 0)
		return err_sys(err, errno, "dev", "make device node %s", d.path);
	if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir, name, d.mode, 0) < 0)
		return err_sys(err, errno, "dev", "set owner and mode of %s", d.path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_rdev != number ||
	    (st.st_mode & S_IFMT) != d.type)
		return err_set(err, CTR_E_SYSTEM, EPERM, "dev", "%s is not the device asked for",
			       d.path);
	return 0;
}

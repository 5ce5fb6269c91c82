/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nspath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "num.h"
#include "path.h"
#include "str.h"

static const struct {
	const char *name;
	uint64_t flag;
} types[] = {
    {"net", CLONE_NEWNET},	 {"ipc", CLONE_NEWIPC},	  {"uts", CLONE_NEWUTS},
    {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}, {"user", CLONE_NEWUSER},
};

static const char *name_of(uint64_t flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].flag == flag)
			return types[i].name;
	return "?";
}

/* "/proc/PID/ns/NAME": its last part is no path but the kernel's own way to a namespace. */
static bool is_of_process(const char *path)
{
	const char *rest;
	char pid[12];
	uint32_t n;
	size_t len;

	if (!str_has_prefix(path, "/proc/", &rest))
		return false;
	len = strcspn(rest, "/");
	return str_format(pid, sizeof(pid), "%.*s", (int)len, rest) == 0 && num_id(pid, &n) == 0 &&
	       str_has_prefix(rest + len, "/ns/", &rest) && *rest && !strchr(rest, '/');
}

static int open_path(const char *path, int *ret, struct ctr_error *err)
{
	if (!is_of_process(path))
		return path_open_trusted(path, S_IFREG, ret, err);
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret < 0 ? err_sys(err, errno, "join", "open %s", path) : 0;
}

static int refuse(struct ctr_error *err, int errnum, const char *path, const char *why)
{
	return err_set(err, CTR_E_CONFIG, errnum, "join", "%s %s", path, why);
}

static bool is_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static bool is_of(int owner, int users)
{
	struct stat a, b;

	return is_same(owner, "/proc/self/ns/user") ||
	       (users >= 0 && fstat(owner, &a) == 0 && fstat(users, &b) == 0 &&
		a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

static int check(int fd, const char *path, uint64_t flag, int users, struct ctr_error *err)
{
	autofd int owner = -1;
	struct statfs fs;
	char own[32];
	int type;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return refuse(err, EINVAL, path, "is no namespace");
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0 || (uint64_t)type != flag)
		return err_set(err, CTR_E_CONFIG, EINVAL, "join", "%s is no %s namespace", path,
			       name_of(flag));
	(void)!str_format(own, sizeof(own), "/proc/self/ns/%s", name_of(flag)); /* fits */
	if (is_same(fd, own))
		return refuse(err, EINVAL, path, "is the host's own namespace");
	/* EPERM: of a user namespace that is none below this one either */
	owner = ioctl(fd, NS_GET_USERNS); /* of a user namespace: its parent */
	if (owner < 0 || !is_of(owner, users))
		return refuse(err, EPERM, path, "belongs to another user namespace");
	return 0;
}

int nspath_open(const char *path, uint64_t flag, int users, struct ctr_error *err)
{
	autofd int fd = -1;
	int r = open_path(path, &fd, err);

	if (r == 0)
		r = check(fd, path, flag, users, err);
	return r < 0 ? r : take_fd(&fd);
}

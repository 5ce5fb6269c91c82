/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "msg.h"
#include "str.h"

#define RECENT "recent"

enum { NAME_SIZE = 32, TARGET_SIZE = 128 };

static int format_target(const char *id, char target[TARGET_SIZE])
{
	return str_format(target, TARGET_SIZE, "../containers/%s/control", id);
}

static bool points_to(int dirfd, const char *name, const char *target)
{
	char text[TARGET_SIZE];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return str_equal(text, target);
}

/*
 * Nobody waits for it and a missing one is missed by nobody, so no temporary name is needed, which
 * a killed process would leave behind: two that note at once may both find the name taken.
 */
int recent_note(int rootfd, uid_t uid, const char *id, struct ctr_error *err)
{
	char name[NAME_SIZE], target[TARGET_SIZE];

	if (str_format(name, sizeof(name), RECENT "/%u", uid) < 0 || format_target(id, target) < 0)
		return err_sys(err, ENAMETOOLONG, "recent", "name the container of user %u", uid);
	if (points_to(rootfd, name, target))
		return 0;
	if (mkdirat(rootfd, RECENT, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "recent", "make folder " RECENT);
	if (unlinkat(rootfd, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "recent", "remove %s", name);
	if (symlinkat(target, rootfd, name) < 0 && errno != EEXIST)
		return err_sys(err, errno, "recent", "make %s", name);
	return 0;
}

int recent_forget(int rootfd, const char *id, struct ctr_error *err)
{
	autofd int fd = openat(rootfd, RECENT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	char target[TARGET_SIZE];

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return err_sys(err, errno, "recent", "read folder " RECENT);
	if (format_target(id, target) < 0)
		return err_sys(err, ENAMETOOLONG, "recent", "name container %s", id);
	(void)take_fd(&fd); /* closedir owns it now */
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		if (points_to(dirfd(d), e->d_name, target) &&
		    unlinkat(dirfd(d), e->d_name, 0) < 0 && errno != ENOENT)
			return err_sys(err, errno, "recent", "remove " RECENT "/%s", e->d_name);
	return 0;
}

int recent_connect(const char *root, uid_t uid)
{
	autofd int dir = open(root, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), fd = -1;
	char name[NAME_SIZE];
	struct ucred peer;
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return -errno;
	/* MUST-8: below a folder that is root's alone nobody else has made a name */
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	if (str_format(name, sizeof(name), RECENT "/%u", uid) < 0)
		return -ENAMETOOLONG;
	fd = msg_try_connect_at(dir, name);
	if (fd < 0)
		return fd;
	if (msg_peer_cred(fd, &peer) < 0 || peer.uid != geteuid())
		return -EPERM;
	return take_fd(&fd);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlease.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "state.h"
#include "str.h"

#define LEASES "leases"

int netlease_open(int rootfd, struct ctr_error *err)
{
	autofd int fd = state_open_private(rootfd, LEASES, err);

	if (fd < 0)
		return fd;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "network", "lock the leases");
	return take_fd(&fd);
}

void netlease_key(const struct netaddr *a, const char *bridge, char ret[NETLEASE_KEY])
{
	char text[NETADDR_TEXT];

	netaddr_format(a, false, text);
	(void)!str_format(ret, NETLEASE_KEY, "%s%%%s", text, bridge ? bridge : ""); /* 15 at most */
}

/* MUST-8: what is no ID, or no link, was put there by somebody else; it holds the address. */
static int read_holder(int dirfd, const char *key, char holder[65])
{
	ssize_t n = readlinkat(dirfd, key, holder, STATE_ID_MAX + 1);

	if (n < 0)
		return -errno;
	if (n > STATE_ID_MAX)
		return -EBADMSG;
	holder[n] = '\0';
	return state_id_is_valid(holder) ? 0 : -EBADMSG;
}

/* Who takes a lease has its folder before. */
static bool is_gone(int rootfd, const char *id)
{
	autofd int dir = state_open_dir(rootfd, id, NULL);

	return dir == -ENOENT;
}

int netlease_holder(int rootfd, int dirfd, const char *key, char holder[65])
{
	char id[STATE_ID_MAX + 1];
	int r = read_holder(dirfd, key, id);

	if (r < 0)
		return r;
	if (is_gone(rootfd, id))
		return unlinkat(dirfd, key, 0) < 0 ? -errno : -ENOENT;
	return holder ? str_copy(holder, sizeof(id), id) : 0;
}

int netlease_take(int rootfd, int dirfd, const char *key, const char *id, struct ctr_error *err)
{
	char holder[STATE_ID_MAX + 1] = "?";
	int r = netlease_holder(rootfd, dirfd, key, holder);

	if (r == -ENOENT && symlinkat(id, dirfd, key) == 0)
		return 0;
	if (r == -ENOENT)
		return err_sys(err, errno, "network", "note the lease of %s", key);
	if (r == 0 && str_equal(holder, id))
		return 0;
	return err_set(err, CTR_E_CONFIG, EADDRINUSE, "network", "address %.*s is container %s's",
		       (int)strcspn(key, "%"), key, holder);
}

int netlease_release(int rootfd, const char *id, struct ctr_error *err)
{
	char holder[STATE_ID_MAX + 1];
	autofd int lock = -1;
	autodir DIR *d = NULL;
	struct stat st;
	int r = 0, fd;

	if (fstatat(rootfd, LEASES, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	lock = netlease_open(rootfd, err);
	if (lock < 0)
		return lock;
	fd = openat(lock, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_sys(err, errno, "network", "read the leases");
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (read_holder(lock, e->d_name, holder) < 0)
			continue;
		if ((id ? str_equal(holder, id) : is_gone(rootfd, holder)) &&
		    unlinkat(lock, e->d_name, 0) < 0 && errno != ENOENT)
			r = err_sys(err, errno, "network", "remove the lease %s", e->d_name);
	}
	return r;
}

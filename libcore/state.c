/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "path.h"
#include "recent.h"

#define CONTAINERS "containers"
#define LOCKS	   "locks"

enum { LOCK_NAP_US = 20, LOCK_NAP_MAX_US = 1000 };

bool state_id_is_valid(const char *id)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(id);

	if (len == 0 || len > STATE_ID_MAX || !strchr(letters, id[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!strchr(letters, id[i]) && !strchr("_.-", id[i]))
			return false;
	return strstr(id, "..") == NULL;
}

int state_check_id(const char *id, struct ctr_error *err)
{
	if (id && state_id_is_valid(id))
		return 0;
	return err_set(err, CTR_E_INVALID_ID, EINVAL, "state",
		       "container ID '%.80s' is not valid; use 1 to 64 of A-Z a-z 0-9 _ . -",
		       id ? id : "");
}

uint64_t state_ns(const struct state *st, const char *name)
{
	for (size_t i = 0; i < st->nns; i++)
		if (str_equal(st->ns[i].name, name))
			return st->ns[i].inode;
	return 0;
}

uint64_t state_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int state_open_private(int dirfd, const char *name, struct ctr_error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	autofd int fd = -1;
	struct stat st;

	fd = openat(dirfd, name, flags);
	if (fd < 0 && errno == ENOENT) { /* made once, opened often */
		if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
			return err_sys(err, errno, "state", "make folder %s", name);
		fd = openat(dirfd, name, flags);
	}
	if (fd < 0)
		return err_sys(err, errno, "state", "open folder %s", name);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "state", "stat folder %s", name);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, CTR_E_STATE, EPERM, "state",
			       "%s: must be owned by root with mode 0700, is uid %u mode %04o",
			       name, st.st_uid, st.st_mode & 07777);
	return take_fd(&fd);
}

int state_open_root(const char *path, struct ctr_error *err)
{
	autofd int fd = -1, sub = -1;

	if (!path_is_clean(path))
		return err_set(err, CTR_E_CONFIG, EINVAL, "state",
			       "state root %s: not a clean path", path);
	fd = state_open_private(AT_FDCWD, path, err);
	if (fd < 0)
		return fd;
	sub = state_open_private(fd, CONTAINERS, err);
	if (sub < 0)
		return sub;
	cleanup_fd(&sub);
	sub = state_open_private(fd, LOCKS, err);
	if (sub < 0)
		return sub;
	return take_fd(&fd);
}

static int folder_path(const char *id, char path[128])
{
	return str_format(path, 128, CONTAINERS "/%s", id);
}

int state_open_dir(int rootfd, const char *id, struct ctr_error *err)
{
	char path[128];
	int fd, r = state_check_id(id, err);

	if (r < 0)
		return r;
	if (folder_path(id, path) < 0)
		return err_sys(err, ENAMETOOLONG, "state", "open %s", id);
	fd = openat(rootfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, CTR_E_NOT_FOUND, ENOENT, "state", "container %s does not exist",
			       id);
	if (fd < 0)
		return err_sys(err, errno, "state", "open the folder of container %s", id);
	return fd;
}

/* The file may be unlinked between open and flock by who held it: then it locks nothing. */
static int try_lock(int rootfd, const char *path)
{
	autofd int fd = openat(rootfd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat held, named;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (fstat(fd, &held) < 0)
		return -errno;
	if (fstatat(rootfd, path, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != held.st_ino)
		return -ESTALE;
	return take_fd(&fd);
}

int state_lock(int rootfd, const char *id, unsigned int timeout_ms, struct ctr_error *err)
{
	uint64_t end = child_now_ms() + timeout_ms;
	useconds_t nap = LOCK_NAP_US;
	char path[128];
	int fd = state_check_id(id, err);

	if (fd < 0)
		return fd;
	if (str_format(path, sizeof(path), LOCKS "/%s", id) < 0)
		return err_sys(err, ENAMETOOLONG, "state", "lock %s", id);
	for (;;) {
		fd = try_lock(rootfd, path);
		if (fd >= 0)
			return fd;
		if (fd != -EAGAIN && fd != -ESTALE)
			return err_sys(err, fd, "state", "lock container %s", id);
		if (fd == -EAGAIN && child_now_ms() >= end)
			return err_set(err, CTR_E_BUSY, EAGAIN, "state",
				       "container %s is being changed by another process", id);
		/* flock(2) has no timeout of its own; most locks are held for a moment only */
		(void)usleep(nap);
		nap = nap < LOCK_NAP_MAX_US / 2 ? nap * 2 : LOCK_NAP_MAX_US;
	}
}

void state_unlock(int rootfd, const char *id, int *lockfd)
{
	char path[128], dir[128];

	if (*lockfd < 0)
		return;
	if (str_format(path, sizeof(path), LOCKS "/%s", id) == 0 && folder_path(id, dir) == 0 &&
	    faccessat(rootfd, dir, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		(void)unlinkat(rootfd, path, 0); /* one that stays is an empty file, gc takes it */
	cleanup_fd(lockfd);
}

int state_create_dir(int rootfd, const char *id, struct ctr_error *err)
{
	char path[128], tmp[128];
	autofd int fd = -1;
	uint32_t tag;
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	if (getrandom(&tag, sizeof(tag), 0) != sizeof(tag))
		return err_sys(err, EIO, "state", "getrandom");
	if (folder_path(id, path) < 0 ||
	    str_format(tmp, sizeof(tmp), CONTAINERS "/.new-%08x", tag) < 0)
		return err_sys(err, ENAMETOOLONG, "state", "name the folder of %s", id);
	if (mkdirat(rootfd, tmp, 0700) < 0)
		return err_sys(err, errno, "state", "make the folder of container %s", id);
	fd = openat(rootfd, tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "state", "open the folder of container %s", id);
	if (renameat2(rootfd, tmp, rootfd, path, RENAME_NOREPLACE) < 0) {
		r = -errno;
		(void)unlinkat(rootfd, tmp, AT_REMOVEDIR); /* empty; gc takes it otherwise */
		if (r == -EEXIST)
			return err_set(err, CTR_E_ID_IN_USE, EEXIST, "state",
				       "container %s exists already", id);
		return err_sys(err, r, "state", "name the folder of container %s", id);
	}
	return take_fd(&fd);
}

int state_remove_dir(int rootfd, const char *id, struct ctr_error *err)
{
	autofd int fd = state_open_dir(rootfd, id, err);
	autodir DIR *d = NULL;
	char path[128];
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	/* first: a folder that stays is found and removed by the next who looks (MUST-9) */
	r = recent_forget(rootfd, id, err);
	if (r < 0)
		return r;
	d = fdopendir(dup(fd));
	if (!d)
		return err_sys(err, errno, "state", "read the folder of container %s", id);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    unlinkat(fd, e->d_name, e->d_type == DT_DIR ? AT_REMOVEDIR : 0) < 0 &&
		    errno != ENOENT)
			return err_sys(err, errno, "state", "remove %s of container %s", e->d_name,
				       id);
	if (folder_path(id, path) < 0 ||
	    (unlinkat(rootfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT))
		return err_sys(err, errno, "state", "remove the folder of container %s", id);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(int rootfd, struct strv *ret, struct ctr_error *err)
{
	autofd int fd = openat(rootfd, CONTAINERS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct strv list = {0};

	if (!d)
		return err_sys(err, errno, "state", "read the folder of containers");
	(void)take_fd(&fd); /* closedir owns it now */
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (state_id_is_valid(e->d_name) && strv_add(&list, e->d_name) < 0) {
			strv_done(&list);
			return err_sys(err, ENOMEM, "state", "list containers");
		}
	}
	if (list.n > 0)
		qsort(list.v, list.n, sizeof(*list.v), by_name);
	strv_done(ret);
	*ret = list;
	return 0;
}

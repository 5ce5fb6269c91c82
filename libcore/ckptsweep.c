/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ckptsweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptstore.h"
#include "cleanup.h"
#include "state.h"
#include "tree.h"

int ckptsweep_lock(int rootfd, struct ctr_error *err)
{
	autofd int fd = state_open_private(rootfd, CKPTSWEEP_FOLDER, err);
	int r;

	if (fd < 0)
		return take_fd(&fd);
	do {
		r = flock(fd, LOCK_EX);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? err_sys(err, errno, "checkpoint", "lock the folder of checkpoints")
		     : take_fd(&fd);
}

int ckptsweep_open(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Locked by us now, so nobody makes it; closing lets go of the lock. */
static int sweep_folder(const struct ckptsweep *w, const char *name, struct ctr_error *err)
{
	autofd int fd = ckptsweep_open(w->dirfd, name);
	int r;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0; /* gone, or somebody's */
	r = w->dry ? 0 : tree_remove(w->dirfd, name, err);
	return r < 0 ? r : 1;
}

/* The folder of all of a store, locked, if it has one. */
static int lock_store(const char *store)
{
	autofd int storefd = ckptstore_open(store, false, NULL);

	if (storefd >= 0 && faccessat(storefd, CKPTSWEEP_FOLDER, F_OK, 0) < 0)
		return -ENODEV; /* of another disk, which is not mounted: nothing is made there */
	return storefd < 0 ? take_fd(&storefd) : ckptsweep_lock(storefd, NULL);
}

static bool is_gone(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* MUST-9: a note goes when what it tells of is gone. A store that cannot be looked at is let be. */
static int sweep_note(const struct ckptsweep *w, const char *store, const char *name,
		      struct ctr_error *err)
{
	autofd int there = lock_store(store);
	const struct ckptsweep in = {.dirfd = there, .dry = w->dry};
	int n = there < 0 ? 0 : sweep_folder(&in, name, err);

	if (n >= 0 && !w->dry && there >= 0 && is_gone(there, name))
		ckptsweep_forget(w->dirfd, name);
	return n;
}

static int sweep_one(const struct ckptsweep *w, const char *name, struct ctr_error *err)
{
	char store[PATH_MAX];
	int r = ckptstore_read(w->dirfd, name, name, store);

	if (r == -EINVAL)
		return sweep_folder(w, name, err);
	if (r == 0)
		return w->notes ? sweep_note(w, store, name, err) : 0;
	/* another link: made and named with the lock held */
	return w->dry || unlinkat(w->dirfd, name, 0) == 0 ? 1 : 0;
}

int ckptsweep_folders(const struct ckptsweep *w, struct ctr_error *err)
{
	autofd int fd = ckptsweep_open(w->dirfd, ".");
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	int n = 0, r = 0;

	if (!d)
		return err_sys(err, errno, "checkpoint", "read the folder of checkpoints");
	(void)take_fd(&fd); /* closedir owns it now */
	for (struct dirent *e = readdir(d); r >= 0 && e; e = readdir(d)) {
		if (!str_has_prefix(e->d_name, CKPTSWEEP_MAKING, NULL))
			continue;
		r = sweep_one(w, e->d_name, err);
		n += r > 0;
	}
	return r < 0 ? r : n;
}

/* Whoever writes a file here holds the folder's lock: what has a hidden name now was left over. */
int ckptsweep_files(int dirfd, bool dry, struct ctr_error *err)
{
	autofd int fd = ckptsweep_open(dirfd, ".");
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	int lock, n = 0;

	if (!d)
		return err_sys(err, errno, "checkpoint", "read a folder of checkpoints");
	lock = take_fd(&fd); /* closedir owns it now, and lets go of the lock */
	if (flock(lock, LOCK_EX) < 0)
		return err_sys(err, errno, "checkpoint", "lock a folder of checkpoints");
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] != '.' || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		if (!dry && unlinkat(dirfd, e->d_name, 0) < 0)
			return err_sys(err, errno, "checkpoint", "remove %s", e->d_name);
		n++;
	}
	return n;
}

/* ---- notes ---- */

int ckptsweep_note(int dirfd, const char *store, const char *name, struct ctr_error *err)
{
	char target[PATH_MAX];
	int r = ckptstore_target(store, name, target);

	if (r == 0 && symlinkat(target, dirfd, name) < 0)
		r = -errno;
	return r < 0 ? err_sys(err, r, "checkpoint", "make a note of %s", store) : 0;
}

void ckptsweep_forget(int dirfd, const char *name)
{
	(void)unlinkat(dirfd, name, 0); /* of a folder that is, or no note: it fails */
}

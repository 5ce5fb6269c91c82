/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ckptdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptstore.h"
#include "ckptsweep.h"
#include "cleanup.h"
#include "netlock.h"
#include "path.h"
#include "state.h"
#include "tree.h"

/* A prefix of one's own may have no var/lib yet. */
static int make_parent(const char *path)
{
	autofd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	autofree char *parent = strndup(path, (size_t)(strrchr(path, '/') - path));

	if (top < 0 || !parent)
		return top < 0 ? -errno : -ENOMEM;
	if (!*parent)
		return 0;
	fd = path_make_in(top, parent, true, 0755);
	return fd < 0 ? fd : 0;
}

int ckptdir_open_root(const char *path, struct ctr_error *err)
{
	static const char *const subs[] = {CKPTSWEEP_FOLDER, "ledger"};
	autofd int fd = -1;
	int r;

	if (!path_is_clean(path))
		return err_set(err, CTR_E_CONFIG, EINVAL, "checkpoint",
			       "checkpoint root %s: not a clean path", path);
	r = make_parent(path);
	if (r < 0)
		return err_sys(err, r, "checkpoint", "make the parent of %s", path);
	fd = state_open_private(AT_FDCWD, path, err);
	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(subs); i++) {
		autofd int sub = state_open_private(fd, subs[i], err);

		if (sub < 0)
			return sub;
	}
	return take_fd(&fd);
}

static int make_name(char ret[CKPTDIR_NAME])
{
	uint32_t tag;

	if (getrandom(&tag, sizeof(tag), 0) != sizeof(tag))
		return -EIO;
	return str_format(ret, CKPTDIR_NAME, CKPTSWEEP_MAKING "%08x", tag);
}

int ckptdir_sweep(int rootfd, bool dry, struct ctr_error *err)
{
	autofd int fd = ckptsweep_lock(rootfd, err), ledger = -1;
	const struct ckptsweep w = {fd, dry, true};
	int n = fd < 0 ? fd : ckptsweep_folders(&w, err), keys, entries;

	if (n < 0)
		return n;
	keys = ckptsweep_files(rootfd, dry, err);
	if (keys < 0)
		return keys;
	ledger = state_open_private(rootfd, "ledger", err);
	entries = ledger < 0 ? ledger : ckptsweep_files(ledger, dry, err);
	return entries < 0 ? entries : n + keys + entries;
}

/* ---- making ---- */

void ckptdir_unnote(int rootfd, const char *name)
{
	autofd int dirfd = ckptsweep_open(rootfd, CKPTSWEEP_FOLDER);

	if (dirfd >= 0)
		ckptsweep_forget(dirfd, name);
}

static int make_new(int dirfd, const char *name, struct ctr_error *err)
{
	const struct ckptsweep w = {.dirfd = dirfd};
	autofd int fd = -1;
	int r = ckptsweep_folders(&w, err);

	if (r < 0)
		return r;
	if (mkdirat(dirfd, name, 0700) < 0)
		return err_sys(err, errno, "checkpoint", "make the folder of a checkpoint");
	fd = ckptsweep_open(dirfd, name);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, fd < 0 ? fd : errno, "checkpoint",
			       "open the folder of a checkpoint");
	return take_fd(&fd);
}

/* dirfd: the root's */
static void remove_in_store(int dirfd, const char *store, const char *name)
{
	autofd int storefd = ckptstore_open(store, false, NULL), there = -1;

	there = storefd < 0 ? -1 : ckptsweep_open(storefd, CKPTSWEEP_FOLDER);
	if (there >= 0 && tree_remove(there, name, NULL) == 0)
		ckptsweep_forget(dirfd, name); /* else ckptdir_sweep() tries again */
}

int ckptdir_new_in(int rootfd, const char *store, char ret_name[CKPTDIR_NAME],
		   struct ctr_error *err)
{
	autofd int dirfd = ckptsweep_lock(rootfd, err), storefd = -1, there = -1;
	char name[CKPTDIR_NAME];
	int fd;

	if (dirfd < 0)
		return take_fd(&dirfd);
	if (make_name(name) < 0)
		return err_sys(err, EIO, "checkpoint", "name a new checkpoint");
	if (*store) {
		storefd = ckptstore_open(store, false, err);
		there = storefd < 0 ? storefd : ckptsweep_lock(storefd, err);
		fd = there < 0 ? take_fd(&there) : ckptsweep_note(dirfd, store, name, err);
		if (fd < 0)
			return fd;
	}
	fd = make_new(*store ? there : dirfd, name, err);
	if (fd >= 0)
		memcpy(ret_name, name, sizeof(name));
	else if (*store)
		remove_in_store(dirfd, store, name); /* the note last */
	return fd;
}

int ckptdir_new(int rootfd, char ret_name[CKPTDIR_NAME], struct ctr_error *err)
{
	return ckptdir_new_in(rootfd, "", ret_name, err);
}

void ckptdir_drop_in(int rootfd, const char *store, const char *name)
{
	autofd int fd = ckptsweep_open(rootfd, CKPTSWEEP_FOLDER);

	if (fd >= 0 && *store)
		remove_in_store(fd, store, name);
	else if (fd >= 0)
		(void)!tree_remove(fd, name, NULL); /* ckptdir_sweep() tries again */
}

void ckptdir_drop(int rootfd, const char *name)
{
	ckptdir_drop_in(rootfd, "", name);
}

static int no_such(const char *id, struct ctr_error *err)
{
	return err_set(err, CTR_E_NOT_FOUND, ENOENT, "checkpoint",
		       "there is no checkpoint of container %s", id);
}

/* Under another name: what a crash leaves of it is no checkpoint any more. */
static int retire_in(int dirfd, const char *id, const char *name, struct ctr_error *err)
{
	autofd int fd = ckptsweep_open(dirfd, id);

	if (fd == -ENOENT)
		return no_such(id, err);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX | LOCK_NB); /* who sweeps it removes it as well */
	if (fd < 0 || renameat2(dirfd, id, dirfd, name, RENAME_NOREPLACE) < 0)
		return err_sys(err, fd < 0 ? fd : errno, "checkpoint",
			       "remove the checkpoint of %s", id);
	netlock_release(fd);
	return take_fd(&fd);
}

/* dirfd: the root's. What a crash leaves of it is noted there. */
static int retire_in_store(int dirfd, const char *id, const struct ckptdir_retired *as,
			   struct ctr_error *err)
{
	autofd int storefd = ckptstore_open(as->store, false, err), there = -1;
	int fd;

	there = storefd < 0 ? take_fd(&storefd) : ckptsweep_lock(storefd, err);
	if (there < 0)
		return take_fd(&there);
	fd = ckptsweep_note(dirfd, as->store, as->name, err);
	if (fd == 0)
		fd = retire_in(there, id, as->name, err);
	if (fd < 0)
		ckptsweep_forget(dirfd, as->name);
	return fd;
}

static void drop_in_store(int dirfd, const char *store, const char *id)
{
	struct ckptdir_retired as;
	autofd int fd = -1;

	if (make_name(as.name) < 0 || str_copy(as.store, sizeof(as.store), store) < 0)
		return;
	fd = retire_in_store(dirfd, id, &as, NULL);
	if (fd >= 0) /* what is not there needs no removal */
		remove_in_store(dirfd, store, as.name);
}

/* It will not be restored any more. */
static void drop_older(int dirfd, const char *name, const char *id)
{
	autofd int fd = ckptsweep_open(dirfd, name);
	char store[PATH_MAX];

	if (ckptstore_read(dirfd, name, id, store) == 0) {
		drop_in_store(dirfd, store, id);
		(void)unlinkat(dirfd, name, 0); /* ckptdir_sweep() tries again */
		return;
	}
	if (fd >= 0)
		netlock_release(fd);
	(void)!tree_remove(dirfd, name, NULL); /* ckptdir_sweep() tries again */
}

int ckptdir_publish(int rootfd, const char *name, const char *id, bool replace,
		    struct ctr_error *err)
{
	autofd int fd = -1;
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	fd = ckptsweep_lock(rootfd, err);
	if (fd < 0)
		return fd;
	r = renameat2(fd, name, fd, id, RENAME_NOREPLACE) < 0 ? -errno : 0;
	if (r == -EEXIST && !replace)
		return err_set(err, CTR_E_ID_IN_USE, EEXIST, "checkpoint",
			       "there is a checkpoint of container %s already", id);
	if (r == -EEXIST) {
		r = renameat2(fd, name, fd, id, RENAME_EXCHANGE) < 0 ? -errno : 0;
		if (r == 0)
			drop_older(fd, name, id);
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r < 0 ? err_sys(err, r, "checkpoint", "name the checkpoint of container %s", id) : 0;
}

int ckptdir_replace(int rootfd, const struct ckptdir_retired *by, const char *id,
		    struct ctr_error *err)
{
	autofd int storefd = *by->store ? ckptstore_open(by->store, false, err) : -1, fd = -1;
	int r;

	if (*by->store && storefd < 0)
		return take_fd(&storefd);
	fd = ckptsweep_lock(*by->store ? storefd : rootfd, err);
	if (fd < 0)
		return take_fd(&fd);
	r = renameat2(fd, by->name, fd, id, RENAME_EXCHANGE) < 0 ? -errno : 0;
	if (r == 0 && fsync(fd) < 0) {
		r = -errno;
		(void)renameat2(fd, by->name, fd, id, RENAME_EXCHANGE); /* as it was */
	}
	if (r < 0)
		return err_sys(err, r, "checkpoint", "replace the checkpoint of %s", id);
	ckptdir_drop_in(rootfd, by->store, by->name);
	return 0;
}

static int make_link(int dirfd, const char *store, const char *id, char name[CKPTDIR_NAME])
{
	char target[PATH_MAX];
	int r = ckptstore_target(store, id, target);

	if (r == 0)
		r = make_name(name);
	return r == 0 && symlinkat(target, dirfd, name) < 0 ? -errno : r;
}

/* A link to itself would be none. */
static bool is_root(int rootfd, const char *store)
{
	autofd int fd = ckptstore_open(store, false, NULL);
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && fstat(rootfd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int ckptdir_adopt(int rootfd, const char *store, const char *id, bool replace,
		  struct ctr_error *err)
{
	char name[CKPTDIR_NAME], is[PATH_MAX];
	int r = state_check_id(id, err);
	autofd int fd = r < 0 ? -1 : ckptsweep_lock(rootfd, err);

	if (r < 0 || fd < 0)
		return r < 0 ? r : take_fd(&fd);
	if (is_root(rootfd, store) || (ckptstore_read(fd, id, id, is) == 0 && !strcmp(is, store)))
		return 1;
	r = make_link(fd, store, id, name);
	if (r < 0)
		return err_sys(err, r, "checkpoint", "make a link to %s", store);
	r = renameat2(fd, name, fd, id, RENAME_NOREPLACE) < 0 ? -errno : 0;
	if (r == -EEXIST && replace) {
		r = renameat2(fd, name, fd, id, RENAME_EXCHANGE) < 0 ? -errno : 0;
		if (r == 0)
			drop_older(fd, name, id);
	}
	if (r < 0)
		(void)unlinkat(fd, name, 0); /* else it was named */
	if (r == -EEXIST)
		return err_set(err, CTR_E_ID_IN_USE, EEXIST, "checkpoint",
			       "there is a checkpoint of container %s already", id);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r < 0 ? err_sys(err, r, "checkpoint", "name the checkpoint of container %s", id) : 0;
}

bool ckptdir_forget(int rootfd, const char *id)
{
	autofd int fd = ckptsweep_lock(rootfd, NULL);
	char store[PATH_MAX];

	return fd >= 0 && ckptstore_read(fd, id, id, store) == 0 && unlinkat(fd, id, 0) == 0;
}

/* ---- what is there ---- */

/* MUST-8: a link is followed by the checks of a store, not by the kernel. */
static int open_id(int dirfd, const char *id)
{
	autofd int storefd = -1, there = -1;
	char store[PATH_MAX];
	int r = ckptstore_read(dirfd, id, id, store);

	if (r == -EINVAL)
		return ckptsweep_open(dirfd, id);
	if (r < 0)
		return r;
	storefd = ckptstore_open(store, false, NULL);
	there = storefd < 0 ? storefd : ckptsweep_open(storefd, CKPTSWEEP_FOLDER);
	return there < 0 ? there : ckptsweep_open(there, id);
}

int ckptdir_open(int rootfd, const char *id, struct ctr_error *err)
{
	autofd int dirfd = state_check_id(id, err);
	int fd;

	if (dirfd < 0)
		return take_fd(&dirfd);
	dirfd = state_open_private(rootfd, CKPTSWEEP_FOLDER, err);
	if (dirfd < 0)
		return take_fd(&dirfd);
	fd = open_id(dirfd, id);
	if (fd == -ENOENT)
		return no_such(id, err);
	return fd < 0 ? err_sys(err, fd, "checkpoint", "open the checkpoint of %s", id) : fd;
}

void ckptdir_store(int rootfd, const char *id, char ret[PATH_MAX])
{
	autofd int dirfd = ckptsweep_open(rootfd, CKPTSWEEP_FOLDER);
	char store[PATH_MAX] = "";

	if (dirfd < 0 || ckptstore_read(dirfd, id, id, store) < 0)
		store[0] = '\0';
	memcpy(ret, store, PATH_MAX);
}

int ckptdir_retire(int rootfd, const char *id, struct ckptdir_retired *ret, struct ctr_error *err)
{
	struct ckptdir_retired at = {.store = ""};
	autofd int dirfd = state_check_id(id, err);
	int fd;

	if (dirfd < 0)
		return take_fd(&dirfd);
	dirfd = ckptsweep_lock(rootfd, err);
	if (dirfd < 0)
		return take_fd(&dirfd);
	if (make_name(at.name) < 0)
		return err_sys(err, EIO, "checkpoint", "name a former checkpoint");
	if (ckptstore_read(dirfd, id, id, at.store) < 0) {
		at.store[0] = '\0';
		fd = retire_in(dirfd, id, at.name, err);
	} else {
		fd = retire_in_store(dirfd, id, &at, err);
		if (fd >= 0)
			(void)unlinkat(dirfd, id, 0); /* a link to nothing is no checkpoint */
	}
	if (fd >= 0)
		*ret = at;
	return fd;
}

int ckptdir_remove(int rootfd, const char *id, struct ctr_error *err)
{
	struct ckptdir_retired at;
	autofd int fd = ckptdir_retire(rootfd, id, &at, err), storefd = -1, dirfd = -1;
	int r;

	if (fd < 0) /* of a store that is not there the link alone */
		return ckptdir_forget(rootfd, id) ? 0 : take_fd(&fd);
	if (*at.store)
		storefd = ckptstore_open(at.store, false, err);
	if (*at.store && storefd < 0)
		return take_fd(&storefd);
	dirfd = state_open_private(*at.store ? storefd : rootfd, CKPTSWEEP_FOLDER, err);
	r = dirfd < 0 ? dirfd : tree_remove(dirfd, at.name, err);
	if (r == 0 && *at.store)
		ckptdir_unnote(rootfd, at.name);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ckptdir_list(int rootfd, struct strv *ret, struct ctr_error *err)
{
	autofd int fd = state_open_private(rootfd, CKPTSWEEP_FOLDER, err);
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	autostrv struct strv list = {0};

	if (!d)
		return fd < 0 ? take_fd(&fd)
			      : err_sys(err, errno, "checkpoint", "read the folder of checkpoints");
	(void)take_fd(&fd); /* closedir owns it now */
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (state_id_is_valid(e->d_name) && strv_add(&list, e->d_name) < 0)
			return err_sys(err, ENOMEM, "checkpoint", "list checkpoints");
	if (list.n > 0)
		qsort(list.v, list.n, sizeof(*list.v), by_name);
	strv_done(ret);
	*ret = list;
	list = (struct strv){0};
	return 0;
}

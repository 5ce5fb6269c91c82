/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "str.h"
#include "sys.h"

bool path_is_clean(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len >= PATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
			return false;
	if (len == 1)
		return true;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
	}
	return true;
}

static int open_how(int rootfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
	int fd;

	/* EAGAIN: a rename raced with "..", openat2(2) */
	do {
		fd = sys_openat2(rootfd, path, &how);
	} while (fd == -EAGAIN || fd == -EINTR);
	return fd;
}

int path_open_in(int rootfd, const char *path, int flags)
{
	return open_how(rootfd, path, flags, 0);
}

int path_open_nolinks(int rootfd, const char *path, int flags)
{
	return open_how(rootfd, path, flags, RESOLVE_NO_SYMLINKS);
}

enum { LINKS_MAX = 40 };

/** struct walk - a path on the way: what is resolved, without links, and what is to come */
struct walk {
	int root;
	unsigned int links;
	char done[PATH_MAX], rest[PATH_MAX];
};

static bool is_roots_alone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       !(st.st_mode & 022);
}

static void step_up(char *done)
{
	char *slash = strrchr(done, '/');

	if (slash)
		*slash = '\0';
}

/* The link's text comes before what is left. */
static int follow(struct walk *w, int link)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
	size_t len = strlen(w->rest);

	if (n < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)n + 1 + len >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, w->rest, len + 1);
	memcpy(w->rest, text, (size_t)n);
	w->rest[n] = '/';
	if (text[0] == '/')
		w->done[0] = '\0';
	return 0;
}

/* One name below done; the folder that is judged is the one in which the link is read. */
static int step(struct walk *w, const char *name)
{
	autofd int dir =
	    path_open_nolinks(w->root, w->done[0] ? w->done : "/", O_PATH | O_DIRECTORY);
	autofd int fd = dir < 0 ? dir : path_open_nolinks(dir, name, O_PATH | O_NOFOLLOW);
	size_t at = strlen(w->done);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return is_roots_alone(dir) ? follow(w, fd) : -ELOOP;
	return str_format(w->done + at, sizeof(w->done) - at, "/%s", name);
}

int path_open_ours(int rootfd, const char *path, int flags)
{
	struct walk w = {.root = rootfd};
	int r = path_open_nolinks(rootfd, path, flags);

	if (r != -ELOOP)
		return r;
	r = str_copy(w.rest, sizeof(w.rest), path);
	while (r == 0 && w.rest[0]) {
		size_t n = strcspn(w.rest, "/"), skip = n + (w.rest[n] == '/');
		char name[NAME_MAX + 1];

		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, w.rest, n);
		name[n] = '\0';
		memmove(w.rest, w.rest + skip, strlen(w.rest + skip) + 1);
		if (str_equal(name, ".."))
			step_up(w.done);
		else if (n > 0 && !str_equal(name, "."))
			r = step(&w, name);
	}
	return r < 0 ? r : path_open_nolinks(rootfd, w.done[0] ? w.done : "/", flags);
}

/* One missing component: made below dir by descriptor, then opened without following a link. */
static int make_one(int dir, const char *name, bool is_dir, mode_t mode)
{
	if (is_dir) {
		if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
			return -errno;
		return path_open_nolinks(dir, name, O_PATH | O_DIRECTORY);
	}
	autofd int fd =
	    openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0 && errno != EEXIST)
		return -errno;
	return path_open_nolinks(dir, name, O_PATH);
}

/* MUST-5: prefixes are resolved from the root each time, so that a link can not lead out. */
int path_make_in(int rootfd, const char *path, bool is_dir, mode_t mode)
{
	char prefix[PATH_MAX];
	autofd int parent = path_open_in(rootfd, "/", O_PATH | O_DIRECTORY);
	const char *p = path;

	if (parent < 0)
		return parent;
	if (!path_is_clean(path))
		return -EINVAL;
	while (*p == '/') {
		size_t n = strcspn(++p, "/");
		bool last = p[n] == '\0';
		char name[NAME_MAX + 1];
		int fd;

		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(prefix, path, (size_t)(p + n - path));
		prefix[p + n - path] = '\0';
		memcpy(name, p, n);
		name[n] = '\0';
		fd =
		    path_open_ours(rootfd, prefix, last && !is_dir ? O_PATH : O_PATH | O_DIRECTORY);
		if (fd == -ENOENT && n > 0)
			fd = make_one(parent, name, !last || is_dir, last ? mode : 0755);
		if (fd < 0)
			return fd;
		(void)close(parent); /* O_PATH */
		parent = fd;
		p += n;
	}
	return take_fd(&parent);
}

static int check_owner(int fd, const char *path, const char *end, struct ctr_error *err)
{
	int n = (int)(end - path);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "path", "stat %.*s", n, path);
	if (st.st_uid != 0)
		return err_set(err, CTR_E_CONFIG, EPERM, "path",
			       "%.*s: owned by uid %u, must be root; run chown root on it",
			       n ? n : 1, path, st.st_uid);
	if (st.st_mode & 022)
		return err_set(err, CTR_E_CONFIG, EPERM, "path",
			       "%.*s: mode %04o lets others write; run chmod go-w on it", n ? n : 1,
			       path, st.st_mode & 07777);
	return 0;
}

int path_open_trusted(const char *path, mode_t type, int *ret_fd, struct ctr_error *err)
{
	autofd int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *p = path;
	struct stat st;
	int r;

	if (dir < 0)
		return err_sys(err, errno, "path", "open /");
	if (!path_is_clean(path))
		return err_set(err, CTR_E_CONFIG, EINVAL, "path", "%s: not a clean absolute path",
			       path);
	r = check_owner(dir, path, path, err);
	while (r == 0 && *p == '/' && p[1]) {
		size_t n = strcspn(++p, "/");
		int flags = p[n] ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
		char name[NAME_MAX + 1];
		int fd;

		if (n > NAME_MAX)
			return err_sys(err, ENAMETOOLONG, "path", "open %s", path);
		memcpy(name, p, n);
		name[n] = '\0';
		fd = path_open_nolinks(dir, name, flags);
		if (fd < 0)
			return err_sys(err, -fd, "path", "open %.*s", (int)(p + n - path), path);
		(void)close(dir);
		dir = fd;
		p += n;
		r = check_owner(dir, path, p, err);
	}
	if (r < 0)
		return r;
	if (fstat(dir, &st) < 0)
		return err_sys(err, errno, "path", "stat %s", path);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(err, CTR_E_CONFIG, EPERM, "path", "%s: not a %s", path,
			       type == S_IFDIR ? "directory" : "regular file");
	*ret_fd = take_fd(&dir);
	return 0;
}

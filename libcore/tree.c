/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "path.h"
#include "str.h"

void tree_done(struct tree *t)
{
	free(t->v);
	*t = (struct tree){0};
}

struct tree_entry *tree_add(struct tree *t)
{
	struct tree_entry *v = t->v;

	if (t->n == TREE_ENTRIES_MAX)
		return NULL;
	if ((t->n & (t->n - 1)) == 0) { /* room for the next power of two */
		v = reallocarray(t->v, t->n ? 2 * t->n : 1, sizeof(*v));
		if (!v)
			return NULL;
		t->v = v;
	}
	v = &t->v[t->n++];
	memset(v, 0, sizeof(*v));
	return v;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

void tree_sort(struct tree *t)
{
	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), by_path);
}

static bool is_plain(const char *name, size_t len)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (len == 0 || !strchr(letters, name[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!strchr(letters, name[i]) && !strchr(".+=@:-", name[i]))
			return false;
	return true;
}

bool tree_name_is_plain(const char *name)
{
	return is_plain(name, strlen(name));
}

bool tree_path_is_plain(const char *path)
{
	size_t len, depth = 0;

	if (strlen(path) > TREE_PATH_MAX)
		return false;
	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (!is_plain(path, len) || ++depth > TREE_DEPTH_MAX)
			return false;
		if (!path[len])
			return true;
	}
}

bool tree_link_is_plain(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/'), *name;

	return slash && strcmp(slash + 1, "parent") == 0 && str_has_prefix(target, "../", &name) &&
	       tree_name_is_plain(name);
}

/* ---- scan ---- */

struct walk {
	struct tree *tree;
	enum tree_how how;
	struct ctr_error *err;
};

struct place {
	int fd; /* of the folder */
	const char *path;
	unsigned int depth;
};

static int refuse(const struct walk *w, int errnum, const char *path, const char *why)
{
	return err_set(w->err, CTR_E_IMAGE, errnum, "manifest", "%s: %s", path, why);
}

/* MUST-10: images are root's alone, one by one. */
static int check_owner(const struct walk *w, const struct place *in, const struct tree_entry *e,
		       const struct stat *st)
{
	const char *name = strrchr(e->path, '/') ? strrchr(e->path, '/') + 1 : e->path;
	mode_t mode = e->type == TREE_FOLDER ? 0700 : 0600;

	if (st->st_uid != geteuid())
		return refuse(w, EPERM, e->path, "not root's");
	if (e->type == TREE_LINK || (st->st_mode & 07777) == mode)
		return 0;
	if (w->how == TREE_STRICT)
		return refuse(w, EPERM, e->path, "not root's alone by its mode");
	if (fchmodat(in->fd, name, mode, 0) < 0)
		return err_sys(w->err, errno, "manifest", "change the mode of %s", e->path);
	return 0;
}

static int read_link(const struct walk *w, const struct place *in, const char *name,
		     struct tree_entry *e)
{
	ssize_t n = readlinkat(in->fd, name, e->text, sizeof(e->text));

	if (n < 0)
		return err_sys(w->err, errno, "manifest", "read the link %s", e->path);
	e->text[n < (ssize_t)sizeof(e->text) ? n : 0] = '\0';
	return tree_link_is_plain(e->path, e->text)
		   ? 0
		   : refuse(w, EINVAL, e->path, "a link that is not CRIU's");
}

static int add_entry(const struct walk *w, const struct place *in, const char *name,
		     enum tree_type *ret_type)
{
	struct tree_entry *e = tree_add(w->tree);
	struct stat st;
	int r;

	if (!e)
		return err_sys(w->err, w->tree->n == TREE_ENTRIES_MAX ? E2BIG : ENOMEM, "manifest",
			       "list %s", in->path);
	if (!tree_name_is_plain(name))
		return refuse(w, EINVAL, name, "not a name of an image");
	r = str_format(e->path, sizeof(e->path), "%s%s%s", in->path, *in->path ? "/" : "", name);
	if (r < 0)
		return refuse(w, EINVAL, name, "its path is too long");
	if (fstatat(in->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(w->err, errno, "manifest", "stat %s", e->path);
	if (S_ISREG(st.st_mode)) {
		e->type = TREE_FILE;
		e->size = (uint64_t)st.st_size;
	} else if (S_ISLNK(st.st_mode)) {
		e->type = TREE_LINK;
		r = read_link(w, in, name, e);
	} else if (!S_ISDIR(st.st_mode)) {
		r = refuse(w, EINVAL, e->path, "neither a file nor a folder");
	}
	*ret_type = e->type;
	return r < 0 ? r : check_owner(w, in, e, &st);
}

static bool is_ours(const struct place *in, const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       (in->depth == 0 &&
		(strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.mac") == 0));
}

static int scan(const struct walk *w, const struct place *in);

static int scan_below(const struct walk *w, const struct place *in, const char *name)
{
	char path[TREE_PATH_MAX + 1];
	autofd int fd = openat(in->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct place below = {fd, path, in->depth + 1};

	if (fd < 0)
		return err_sys(w->err, errno, "manifest", "open %s", name);
	if (below.depth == TREE_DEPTH_MAX)
		return refuse(w, EINVAL, name, "too many folders in one another");
	/* the entry has it, but moves when the list grows */
	if (str_format(path, sizeof(path), "%s%s%s", in->path, *in->path ? "/" : "", name) < 0)
		return refuse(w, EINVAL, name, "its path is too long");
	return scan(w, &below);
}

static int scan(const struct walk *w, const struct place *in)
{
	autofd int fd = openat(in->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int r = 0;

	if (!d)
		return err_sys(w->err, errno, "manifest", "read the folder %s", in->path);
	(void)take_fd(&fd); /* closedir owns it now */
	while (r == 0 && (errno = 0, e = readdir(d))) {
		enum tree_type type = TREE_FILE;

		if (is_ours(in, e->d_name))
			continue;
		r = add_entry(w, in, e->d_name, &type);
		if (r == 0 && type == TREE_FOLDER)
			r = scan_below(w, in, e->d_name);
	}
	if (r == 0 && errno)
		r = err_sys(w->err, errno, "manifest", "read the folder %s", in->path);
	return r;
}

int tree_scan(int dirfd, enum tree_how how, struct tree *ret, struct ctr_error *err)
{
	autotree struct tree t = {0};
	const struct walk w = {&t, how, err};
	const struct place top = {dirfd, "", 0};
	struct stat st;
	int r;

	if (fstat(dirfd, &st) < 0)
		return err_sys(err, errno, "manifest", "stat the folder of a checkpoint");
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(
		    err, CTR_E_IMAGE, EPERM, "manifest",
		    "the folder of a checkpoint must be root's with mode 0700, is uid %u "
		    "mode %04o",
		    st.st_uid, st.st_mode & 07777);
	r = scan(&w, &top);
	if (r < 0)
		return r;
	tree_sort(&t);
	tree_done(ret);
	*ret = t;
	t = (struct tree){0};
	return 0;
}

/* ---- sync, remove ---- */

int tree_sync(int dirfd, const struct tree *t, struct ctr_error *err)
{
	for (size_t i = 0; i < t->n; i++) {
		autofd int fd = -1;

		if (t->v[i].type == TREE_LINK)
			continue;
		fd = path_open_nolinks(dirfd, t->v[i].path, O_RDONLY | O_NONBLOCK);
		if (fd < 0 || fsync(fd) < 0)
			return err_sys(err, fd < 0 ? fd : errno, "manifest", "sync %s",
				       t->v[i].path);
	}
	return fsync(dirfd) < 0 ? err_sys(err, errno, "manifest", "sync a checkpoint") : 0;
}

static int remove_all(int fd, struct ctr_error *err)
{
	autodir DIR *d = fdopendir(fd);
	int r = 0;

	if (!d) {
		r = err_sys(err, errno, "manifest", "read a folder to remove");
		cleanup_fd(&fd);
		return r;
	}
	for (struct dirent *e = readdir(d); r == 0 && e; e = readdir(d)) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		r = errno == EISDIR ? tree_remove(fd, e->d_name, err)
				    : err_sys(err, errno, "manifest", "remove %s", e->d_name);
	}
	return r;
}

int tree_remove(int parentfd, const char *name, struct ctr_error *err)
{
	int fd = openat(parentfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "manifest", "open %s", name);
	r = remove_all(fd, err); /* takes fd */
	if (r == 0 && unlinkat(parentfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = err_sys(err, errno, "manifest", "remove %s", name);
	return r;
}

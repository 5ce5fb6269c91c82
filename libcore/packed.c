/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "packed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckpt.h"
#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "path.h"
#include "str.h"

#define SUFFIX ".zst"

enum { WORTH = 64 << 10, LIST_MAX = 16 << 20, NAME_MAX_ZST = TREE_PATH_MAX + sizeof(SUFFIX) };

/* ---- the list ---- */

static bool has_memory_or_upper(const char *path)
{
	const char *name = strrchr(path, '/');

	return strcmp(path, CKPT_UPPER) == 0 || (name && str_has_prefix(name, "/pages-", NULL));
}

bool packed_is_worth(const struct tree_entry *e)
{
	/* with its other name it has to fit as well */
	return e->type == TREE_FILE && e->size >= WORTH && has_memory_or_upper(e->path) &&
	       strlen(e->path) + strlen(SUFFIX) <= TREE_PATH_MAX;
}

char *packed_format(const struct tree *list)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < list->n; i++)
		(void)fprintf(f, "%" PRIu64 " %s\n", list->v[i].size,
			      list->v[i].path); /* errors show when it is closed */
	if (fclose(f) != 0) {
		free(text);
		errno = ENOMEM;
		return NULL;
	}
	return text;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

static const struct tree_entry *find(const struct tree *t, const char *path)
{
	struct tree_entry key;

	if (t->n == 0 || str_copy(key.path, sizeof(key.path), path) < 0)
		return NULL;
	return bsearch(&key, t->v, t->n, sizeof(*t->v), by_path);
}

static int packed_name(const char *path, char ret[NAME_MAX_ZST])
{
	return str_format(ret, NAME_MAX_ZST, "%s" SUFFIX, path);
}

static int parse_line(const char *line, const struct tree *is, struct tree *list)
{
	const char *path = strchr(line, ' ');
	autofree char *size = path ? strndup(line, (size_t)(path - line)) : NULL;
	const struct tree_entry *there;
	struct tree_entry e = {.type = TREE_FILE}, *new;
	char name[NAME_MAX_ZST];

	if (!size)
		return path ? -ENOMEM : -EBADMSG;
	if (num_u64(size, &e.size) < 0 || str_copy(e.path, sizeof(e.path), path + 1) < 0 ||
	    !tree_path_is_plain(e.path) || !packed_is_worth(&e) || packed_name(e.path, name) < 0)
		return -EBADMSG;
	there = find(is, name);
	if (!there || there->type != TREE_FILE || find(is, e.path) ||
	    (list->n > 0 && strcmp(list->v[list->n - 1].path, e.path) >= 0))
		return -EBADMSG;
	new = tree_add(list);
	if (!new)
		return -ENOMEM;
	*new = e;
	return 0;
}

int packed_parse(const char *text, const struct tree *is, struct tree *ret, struct ctr_error *err)
{
	autostrv struct strv lines = {0};
	autotree struct tree list = {0};
	int r = strv_split(&lines, text, "\n");

	for (size_t i = 0; r == 0 && i < lines.n; i++)
		r = parse_line(lines.v[i], is, &list);
	if (r == -ENOMEM)
		return err_sys(err, r, "compress", "read the file " PACKED_LIST);
	if (r < 0 || list.n == 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "compress",
			       PACKED_LIST ": does not tell what is compressed");
	tree_done(ret);
	*ret = list;
	list = (struct tree){0};
	return 0;
}

/* ---- folders ---- */

/** struct move - of one file from a folder to another */
struct move {
	int from, to;
	const struct zstdlib *l;
};

/* What is not compressed: the folder comes before what is in it, and no link is a folder. */
static int take_over(const struct move *m, const struct tree_entry *e)
{
	if (e->type == TREE_LINK)
		return symlinkat(e->text, m->to, e->path) < 0 ? -errno : 0;
	if (e->type == TREE_FOLDER)
		return mkdirat(m->to, e->path, 0700) < 0 ? -errno : 0;
	return linkat(m->from, e->path, m->to, e->path, 0) < 0 ? -errno : 0;
}

static int create(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* 1: it is there, and smaller; 0: it is not there */
static int pack_one(const struct move *m, struct tree_entry *e)
{
	char name[NAME_MAX_ZST];
	int r = packed_name(e->path, name);
	autofd int in = r < 0 ? r : path_open_nolinks(m->from, e->path, O_RDONLY | O_NONBLOCK);
	autofd int out = in < 0 ? in : create(m->to, name);
	struct stat st;

	r = out < 0 ? out : zstdlib_pack(m->l, in, out, &e->size);
	if (r == 0 && fstat(out, &st) < 0)
		r = -errno;
	if (r < 0 || (uint64_t)st.st_size < e->size)
		return r < 0 ? r : 1;
	return unlinkat(m->to, name, 0) < 0 ? -errno : 0;
}

static int make_one(const struct move *m, const struct tree_entry *e, struct tree *list)
{
	struct tree_entry copy = *e, *new;
	int r = packed_is_worth(e) ? pack_one(m, &copy) : 0;

	if (r <= 0)
		return r < 0 ? r : take_over(m, e);
	new = tree_add(list);
	if (!new)
		return -ENOMEM;
	*new = copy;
	return 0;
}

int packed_make(int from, const struct tree *is, int to, const struct zstdlib *l,
		struct ctr_error *err)
{
	const struct move m = {from, to, l};
	autotree struct tree list = {0};
	autofree char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < is->n; i++) {
		r = make_one(&m, &is->v[i], &list);
		if (r < 0)
			return err_sys(err, r, "compress", "compress %s", is->v[i].path);
	}
	text = packed_format(&list);
	r = text ? fd_replace_file_at(to, PACKED_LIST, text, strlen(text), 0600) : -ENOMEM;
	return r < 0 ? err_sys(err, r, "compress", "write " PACKED_LIST) : (int)list.n;
}

static int read_list(int dirfd, const struct tree *is, struct tree *ret, struct ctr_error *err)
{
	autofd int fd = path_open_nolinks(dirfd, PACKED_LIST, O_RDONLY | O_NONBLOCK);
	autofree char *text = NULL;
	size_t len = 0;
	int r = fd < 0 ? fd : fd_read_dup(fd, LIST_MAX, &text, &len);

	return r < 0 ? err_sys(err, r, "compress", "read " PACKED_LIST)
		     : packed_parse(text, is, ret, err);
}

static int unpack_one(const struct move *m, const struct tree_entry *e, struct ctr_error *err)
{
	char name[NAME_MAX_ZST];
	int r = packed_name(e->path, name);
	autofd int in = r < 0 ? r : path_open_nolinks(m->from, name, O_RDONLY | O_NONBLOCK);
	autofd int out = in < 0 ? in : create(m->to, e->path);

	r = out < 0 ? out : zstdlib_unpack(m->l, in, out, e->size);
	if (r == -EFBIG || r == -EBADMSG)
		return err_set(err, CTR_E_IMAGE, -r, "compress",
			       r == -EFBIG ? "%s: is more than it was"
					   : "%s: is not what was compressed",
			       name);
	return r < 0 ? err_sys(err, r, "compress", "decompress %s", name) : 0;
}

/* Is that the file of one of them, or their list? */
static bool is_packed(const struct tree *list, const char *path)
{
	char name[NAME_MAX_ZST];
	size_t len = strlen(path), tail = strlen(SUFFIX);

	if (strcmp(path, PACKED_LIST) == 0)
		return true;
	if (len <= tail || strcmp(path + len - tail, SUFFIX) != 0)
		return false;
	return str_format(name, sizeof(name), "%.*s", (int)(len - tail), path) == 0 &&
	       find(list, name);
}

int packed_undo(int from, const struct tree *is, int to, const struct zstdlib *l,
		struct ctr_error *err)
{
	const struct move m = {from, to, l};
	autotree struct tree list = {0};
	int r = read_list(from, is, &list, err);

	for (size_t i = 0; r == 0 && i < is->n; i++) {
		r = is_packed(&list, is->v[i].path) ? 0 : take_over(&m, &is->v[i]);
		if (r < 0)
			r = err_sys(err, r, "compress", "link %s", is->v[i].path);
	}
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = unpack_one(&m, &list.v[i], err);
	return r;
}

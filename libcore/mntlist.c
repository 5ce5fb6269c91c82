/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mntlist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "mnt.h"

int mntlist_read(pid_t pid, struct strv *ret, struct ctr_error *err)
{
	autostrv struct strv lines = {0};
	autofile FILE *f = NULL;
	autofree char *line = NULL;
	char path[64];
	size_t size = 0;
	ssize_t n = 0;
	int r = str_format(path, sizeof(path), "/proc/%d/mountinfo", pid);

	if (r == 0)
		f = fopen(path, "re");
	if (!f)
		return err_sys(err, r < 0 ? r : errno, "mounts", "open mountinfo of %d", pid);
	while (r == 0 && (n = getline(&line, &size, f)) > 0) {
		line[n - 1] = '\0'; /* proc(5): each line ends with a newline */
		r = strv_add(&lines, line);
	}
	if (r < 0 || ferror(f))
		return err_sys(err, r < 0 ? r : EIO, "mounts", "read mountinfo of %d", pid);
	strv_done(ret);
	*ret = lines;
	lines = (struct strv){0};
	return 0;
}

/** struct fields - a line's parts as they stand in it, not ended; see proc(5) */
struct fields {
	struct mnt_point at;
	const char *dev, *root, *flags, *tail, *super;
	int dev_len, root_len, flags_len, tail_len;
};

static int word_len(const char *s)
{
	return (int)strcspn(s, " ");
}

static const char *next_word(const char *s)
{
	s += strcspn(s, " ");
	return *s ? s + 1 : s;
}

static int parse(const char *line, struct fields *ret)
{
	struct fields f = {.at.path = ""};
	const char *dash = strstr(line, " - ");
	int r = mnt_parse(line, &f.at);

	if (r < 0 || !dash)
		return r < 0 ? r : -EBADMSG;
	f.dev = next_word(next_word(line));
	f.root = next_word(f.dev);
	f.flags = next_word(next_word(f.root));
	f.dev_len = word_len(f.dev);
	f.root_len = word_len(f.root);
	f.flags_len = word_len(f.flags);
	f.tail = f.flags + f.flags_len; /* optional fields, each with a blank before it */
	if (f.tail > dash)
		return -EBADMSG;
	f.tail_len = (int)(dash - f.tail);
	f.super = next_word(next_word(dash + 3));
	*ret = f;
	return 0;
}

/*
 * What hides a folder (procfs_hide()) has room for nothing and is as empty as the one that was
 * prepared. CRIU would pack and unpack each by tar and gzip.
 */
static bool is_mask(const struct fields *f)
{
	static const char room[] = "nr_inodes=1";
	const char *at = strcmp(f->at.type, "tmpfs") == 0 ? strstr(f->super, room) : NULL;

	return at && at[-1] == ',' && (at[sizeof(room) - 1] == ',' || !at[sizeof(room) - 1]);
}

static bool is_kept(const struct fields *f)
{
	static const char *const types[] = {"tmpfs", "devpts", "mqueue", "proc"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(f->at.type, types[i]) == 0)
			return true;
	return false;
}

/* 1: the file system is mounted on the host too */
static int is_hosts(const struct fields *f, const struct strv *host)
{
	for (size_t i = 0; i < host->n; i++) {
		struct fields h;
		int r = parse(host->v[i], &h);

		if (r < 0)
			return r;
		if (h.dev_len == f->dev_len && memcmp(h.dev, f->dev, (size_t)f->dev_len) == 0)
			return 1;
	}
	return 0;
}

/* 1: to be taken from outside */
static int is_external(const struct fields *f, const struct strv *host)
{
	return is_kept(f) && !is_mask(f) ? is_hosts(f, host) : 1;
}

int mntlist_externals(const struct strv *lines, const struct strv *host, struct strv *ret)
{
	autostrv struct strv points = {0};

	for (size_t i = 0; i < lines->n; i++) {
		struct fields f;
		int r = parse(lines->v[i], &f);

		if (r == 0)
			r = is_external(&f, host);
		if (r == 1 && strcmp(f.at.path, "/") != 0)
			r = strv_add(&points, f.at.path);
		if (r < 0)
			return r;
	}
	*ret = points;
	points = (struct strv){0};
	return 0;
}

int mntlist_kept(const struct strv *lines, const struct strv *host, struct strv *ret)
{
	autostrv struct strv devices = {0};

	for (size_t i = 0; i < lines->n; i++) {
		autofree char *dev = NULL;
		struct fields f;
		int r = parse(lines->v[i], &f);

		if (r == 0)
			r = is_external(&f, host);
		if (r == 0) {
			dev = str_dup_format("%.*s", f.dev_len, f.dev);
			r = dev ? strv_add(&devices, dev) : -ENOMEM;
		}
		if (r < 0)
			return r;
	}
	*ret = devices;
	devices = (struct strv){0};
	return 0;
}

static char *wall(const struct fields *f, bool own)
{
	const char *shared = memmem(f->tail, (size_t)f->tail_len, " shared:", 8) ? " shared" : "";

	return str_dup_format("%s %s %.*s %.*s%s%s%s", f->at.path, f->at.type, f->root_len, f->root,
			      f->flags_len, f->flags, shared, own ? " " : "", own ? f->super : "");
}

int mntlist_walls(const struct strv *lines, const struct strv *host, struct strv *ret)
{
	autostrv struct strv walls = {0};

	for (size_t i = 0; i < lines->n; i++) {
		autofree char *text = NULL;
		struct fields f;
		int r = parse(lines->v[i], &f);

		if (r == 0)
			r = is_external(&f, host);
		if (r < 0)
			return r;
		text = wall(&f, r == 0);
		r = text ? strv_add(&walls, text) : -ENOMEM;
		if (r < 0)
			return r;
	}
	*ret = walls;
	walls = (struct strv){0};
	return 0;
}

/* How often that wall stands in the list */
static size_t count(const struct strv *list, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += strcmp(list->v[i], text) == 0;
	return n;
}

/* The order of mountinfo is that of mounting, which is another one after a restore. */
int mntlist_compare(const struct strv *want, const struct strv *have, struct ctr_error *err)
{
	for (size_t i = 0; i < want->n; i++)
		if (count(have, want->v[i]) != count(want, want->v[i]))
			return err_set(err, CTR_E_SYSTEM, EPERM, "mounts", "is not as it was: %s",
				       want->v[i]);
	for (size_t i = 0; i < have->n; i++)
		if (count(want, have->v[i]) == 0)
			return err_set(err, CTR_E_SYSTEM, EPERM, "mounts", "was not there: %s",
				       have->v[i]);
	return 0;
}

/* What is mounted at that place, the last one on top; -ENOENT */
static int find(const struct strv *lines, const char *before, const char *point, struct fields *ret)
{
	int r = -ENOENT;

	for (size_t i = 0; i < lines->n; i++) {
		const char *rest;
		struct fields f;

		if (parse(lines->v[i], &f) < 0 || !str_has_prefix(f.at.path, before, &rest) ||
		    strcmp(rest, point) != 0)
			continue;
		*ret = f;
		r = 0;
	}
	return r;
}

static bool is_equal(const char *a, int a_len, const char *b, int b_len)
{
	return a_len == b_len && memcmp(a, b, (size_t)a_len) == 0;
}

int mntlist_same(const struct mntlist_pair *p, const struct strv *points, struct ctr_error *err)
{
	for (size_t i = 0; i < points->n; i++) {
		struct fields is, was;

		if (find(p->container, "", points->v[i], &is) < 0 ||
		    find(p->maker, p->tree, points->v[i], &was) < 0 ||
		    !is_equal(is.dev, is.dev_len, was.dev, was.dev_len) ||
		    !is_equal(is.root, is.root_len, was.root, was.root_len))
			return err_set(err, CTR_E_SYSTEM, EPERM, "mounts",
				       "%s is not what was prepared", points->v[i]);
	}
	return 0;
}

/* The mount with the longest point that the path is below; of equal ones the last. */
int mntlist_is_kept(const struct strv *lines, const struct strv *host, const char *path)
{
	struct fields best = {.at.path = ""};
	size_t longest = 0;

	for (size_t i = 0; i < lines->n; i++) {
		struct fields f;
		size_t len;
		int r = parse(lines->v[i], &f);

		if (r < 0)
			return r;
		len = strcmp(f.at.path, "/") == 0 ? 0 : strlen(f.at.path);
		if (len >= longest && strncmp(path, f.at.path, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0')) {
			longest = len;
			best = f;
		}
	}
	return *best.at.path ? !is_external(&best, host) : -EBADMSG;
}

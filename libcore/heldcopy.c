/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "heldcopy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "str.h"

/* Of a line of held_read(), from its begin */
enum { BEFORE_INODE = 5, TO_INODE = 6, BEFORE_PATH = 7 };

/* Where that many fields end: at a blank, or at the end of the line. */
static size_t end_of(const char *line, int fields)
{
	size_t n = strcspn(line, " ");

	for (int i = 1; i < fields && line[n]; i++)
		n += 1 + strcspn(line + n + 1, " ");
	return n;
}

/* Each line is compared with all of the other list, mostly to no avail: no byte is read twice. */
static bool is_equal(const char *a, const char *b, int fields)
{
	for (; *a && *a == *b; a++, b++)
		if (*a == ' ' && --fields == 0)
			return true;
	return fields == 1 && (*a == ' ' || !*a) && (*b == ' ' || !*b);
}

bool heldcopy_is_same(const char *want, const char *have)
{
	return is_equal(want, have, TO_INODE);
}

/* NULL: the line has none, as those of before do not, or it is not known. */
static const char *path_of(const char *line)
{
	const char *path = line + end_of(line, BEFORE_PATH);

	return strncmp(path, " /", 2) == 0 ? path + 1 : NULL;
}

/* And a folder is for everybody to pass. */
static bool is_roots(const struct stat *st, bool everybody)
{
	return st->st_uid == 0 && (st->st_mode & 022) == 0 &&
	       !(everybody && S_ISDIR(st->st_mode) && !(st->st_mode & S_IXOTH));
}

/* One step down, to what is root's alone, and no link, whose mode is 0777 (symlink(7)). */
static int step(int dir, const char *name, bool everybody, struct stat *st)
{
	autofd int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0 || !is_roots(st, everybody))
		return -1;
	return take_fd(&fd);
}

static bool only_root_puts_there(const struct heldcopy *c, const char *path, uint64_t inode)
{
	autofree char *copy = strdup(path);
	char *rest = copy, *name;
	struct stat st;
	autofd int at = copy ? step(c->root, ".", !c->roots, &st) : -1;

	if (at < 0)
		return false;
	while ((name = strsep(&rest, "/"))) {
		int next;

		if (*name == '\0') /* before the first slash; the root itself */
			continue;
		next = step(at, name, !c->roots, &st);
		cleanup_fd(&at);
		at = next;
		if (at < 0)
			return false;
	}
	return st.st_ino == inode;
}

bool heldcopy_is_as_good(const struct heldcopy *c, const char *want, const char *have)
{
	const char *path = path_of(have), *before = path_of(want);
	unsigned int mode, uid;
	uint64_t inode;
	char access;

	if (!path || !before || strcmp(path, before) != 0 || !is_equal(want, have, BEFORE_INODE) ||
	    sscanf(have, "%*s %*s %o %u %*s %" SCNu64 " %c", &mode, &uid, &inode, &access) != 4)
		return false;
	if (!S_ISREG(mode) && !S_ISDIR(mode))
		return false;
	if (c->user != 0 && uid == c->user)
		return true;
	if (!c->roots && (access != 'r' || !(mode & S_IROTH)))
		return false;
	return only_root_puts_there(c, path, inode);
}

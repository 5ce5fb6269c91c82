/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockown.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "num.h"
#include "str.h"

void sockown_done(struct sockown *s)
{
	free(s->inodes);
	free(s->pids);
	*s = (struct sockown){0};
}

bool sockown_has(const struct sockown *s, uint64_t inode)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->inodes[i] == inode)
			return true;
	return false;
}

static int add(struct sockown *s, uint64_t inode, pid_t pid)
{
	uint64_t *inodes = reallocarray(s->inodes, s->n + 1, sizeof(*inodes));
	pid_t *pids;

	if (!inodes)
		return -ENOMEM;
	s->inodes = inodes;
	pids = reallocarray(s->pids, s->n + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	s->pids = pids;
	s->inodes[s->n] = inode;
	s->pids[s->n++] = pid;
	return 0;
}

static int add_one(struct sockown *s, int dirfd, const char *name, pid_t pid)
{
	char target[64] = "";
	const char *rest;
	uint64_t inode;
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n <= 0 || !str_has_prefix(target, "socket:[", &rest))
		return 0; /* something else, or closed meanwhile */
	target[n - 1] = '\0';
	return num_u64(rest, &inode) < 0 ? 0 : add(s, inode, pid);
}

static int add_all(struct sockown *s, pid_t pid)
{
	char path[64];
	autodir DIR *d = NULL;
	struct dirent *e;
	int r = str_format(path, sizeof(path), "/proc/%d/fd", pid);

	d = r < 0 ? NULL : opendir(path);
	while (r == 0 && d && (e = readdir(d)))
		r = add_one(s, dirfd(d), e->d_name, pid);
	return r;
}

int sockown_read(struct sockown *ret, const pid_t *pids, size_t n)
{
	autosockown struct sockown s = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_all(&s, pids[i]);
	if (r < 0)
		return r;
	*ret = s;
	s = (struct sockown){0};
	return 0;
}

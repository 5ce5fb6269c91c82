/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgpids.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cghome.h"
#include "cgpath.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "str.h"
#include "sys.h"

enum { PROCS_MAX = 4 << 20 };

void cgpids_done(struct cgpids *pids)
{
	free(pids->v);
	*pids = (struct cgpids){0};
}

static int add(struct cgpids *pids, pid_t pid)
{
	if (pids->n == pids->max) {
		size_t max = pids->max ? pids->max * 2 : 64;
		pid_t *v = reallocarray(pids->v, max, sizeof(*v));

		if (!v)
			return -ENOMEM;
		pids->v = v;
		pids->max = max;
	}
	pids->v[pids->n++] = pid;
	return 0;
}

int cgpids_add_text(struct cgpids *pids, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char word[16];
		int pid, r = str_format(word, sizeof(word), "%.*s", (int)len, text);

		if (r < 0 || num_int_in(word, 0, INT_MAX, &pid) < 0)
			return -EBADMSG;
		r = pid ? add(pids, pid) : 0;
		if (r < 0)
			return r;
		text += len + (text[len] == '\n');
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

void cgpids_sort(struct cgpids *pids)
{
	size_t n = 0;

	if (pids->n == 0)
		return;
	qsort(pids->v, pids->n, sizeof(*pids->v), compare);
	for (size_t i = 1; i < pids->n; i++)
		if (pids->v[i] != pids->v[n])
			pids->v[++n] = pids->v[i];
	pids->n = n + 1;
}

static int add_group(int dir, void *arg)
{
	autofd int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	int r = fd < 0 ? -errno : fd_read_dup(fd, PROCS_MAX, &text, NULL);

	/* removed meanwhile; a threaded group of v2, whose domain lists its processes */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? r : cgpids_add_text(arg, text);
}

int cgpids_read(const struct cg *cg, bool all, struct cgpids *ret)
{
	autocgpids struct cgpids pids = {0};
	const struct cg_hierarchy *one = cgpath_freezer(cg->facts);

	for (size_t i = 0; i < cg->facts->n; i++) {
		const struct cg_hierarchy *h = &cg->facts->h[i];
		autofd int dir = -1;
		int r;

		if (!all && h != (one ? one : &cg->facts->h[0]))
			continue;
		dir = cgpath_open(h, cg->path);
		r = dir < 0 ? dir : cgpath_walk(dir, add_group, &pids);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	cgpids_sort(&pids);
	*ret = pids;
	pids = (struct cgpids){0};
	return 0;
}

/* Is it in one group at least? A process that is gone is not. */
static bool is_member(const struct cg *cg, pid_t pid)
{
	struct cghome home;
	char path[1024];
	const char *rest;

	if (cghome_read(pid, &home) < 0)
		return false;
	for (size_t i = 0; i < cg->facts->n; i++)
		if (cghome_path(&home, &cg->facts->h[i], path, sizeof(path)) == 0 &&
		    str_has_prefix(path + 1, cg->path, &rest) && (*rest == '\0' || *rest == '/'))
			return true;
	return false;
}

int cgpids_send(const struct cg *cg, pid_t pid, int sig)
{
	autofd int fd = sys_pidfd_open(pid, 0);
	int r;

	if (fd < 0)
		return fd == -ESRCH || fd == -EINVAL ? 0 : fd;
	if (!is_member(cg, pid))
		return 0;
	r = sys_pidfd_send_signal(fd, sig);
	return r == -ESRCH ? 0 : r;
}

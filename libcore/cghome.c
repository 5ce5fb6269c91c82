/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cghome.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

int cghome_read(pid_t pid, struct cghome *ret)
{
	struct cghome h;
	char path[64];
	ssize_t n = str_format(path, sizeof(path), "/proc/%d/cgroup", pid);

	if (n == 0)
		n = fd_read_file_at(AT_FDCWD, path, h.text, sizeof(h.text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	*ret = h;
	return 0;
}

/* A line is ID:CONTROLLERS:PATH; the v2 tree's is 0::PATH. */
int cghome_path(const struct cghome *h, const struct cg_hierarchy *hier, char *dst, size_t size)
{
	const char *line = h->text, *want = hier->v2 ? "" : hier->controllers;

	while (*line) {
		const char *ctl = strchr(line, ':'), *path = ctl ? strchr(ctl + 1, ':') : NULL;
		size_t len = strcspn(line, "\n"), n = path ? (size_t)(path - ctl - 1) : 0;

		if (path && path < line + len && strlen(want) == n &&
		    strncmp(ctl + 1, want, n) == 0)
			return str_format(dst, size, "%.*s", (int)(line + len - path - 1),
					  path + 1);
		line += len + (line[len] == '\n');
	}
	return -ENOENT;
}

static int put(const struct cg_hierarchy *hier, const char *path, pid_t pid)
{
	char file[1200], text[16];
	int r = str_format(file, sizeof(file), "%s%s/cgroup.procs", hier->mount, path);

	if (r == 0)
		r = str_format(text, sizeof(text), "%d", pid);
	return r < 0 ? r : fd_write_file_at(AT_FDCWD, file, text);
}

/* Its group may be gone: systemd removes a session's scope that the last process has left. */
static int put_beside_us(const struct cg_hierarchy *hier, pid_t pid)
{
	struct cghome ours;
	char path[1024];
	int r = cghome_read(getpid(), &ours);

	if (r == 0)
		r = cghome_path(&ours, hier, path, sizeof(path));
	return r < 0 ? r : put(hier, path, pid);
}

int cghome_return(const struct cg_facts *facts, const struct cghome *h, pid_t pid,
		  struct ctr_error *err)
{
	int first = 0;

	for (size_t i = 0; i < facts->n; i++) {
		char path[1024] = "?"; /* for the message, where it is too long */
		int r = cghome_path(h, &facts->h[i], path, sizeof(path));

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = put(&facts->h[i], path, pid);
		if (r == -ENOENT || r == -ENODEV)
			r = put_beside_us(&facts->h[i], pid);
		if (r < 0 && first == 0)
			first = err_sys(err, r, "cgroup", "move process %d back to %s", pid, path);
	}
	return first;
}

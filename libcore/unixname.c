/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unixname.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"
#include "mntlist.h"
#include "proc.h"

enum { TABLE_MAX = 64 << 20 };

/* "ffff8880: 00000002 00000000 00010000 0001 01 12345 /name": the inode, and where the name is */
static bool parse_line(const char *line, size_t len, uint64_t *ret_inode, const char **ret_name)
{
	unsigned long long inode;
	int at = 0;

	if (sscanf(line, "%*s %*s %*s %*s %*s %*s %llu%n", &inode, &at) != 1 || at <= 0 ||
	    (size_t)at >= len)
		return false; /* without a name */
	*ret_inode = inode;
	*ret_name = line + at + strspn(line + at, " ");
	return *ret_name < line + len && **ret_name != '@';
}

int unixname_find(const char *table, const struct sockown *owned,
		  const struct unixname_mounts *mounts, char **ret)
{
	const char *line = strchr(table, '\n'); /* after the head */

	for (; line && line[1]; line = strchr(line + 1, '\n')) {
		size_t len = strcspn(line + 1, "\n");
		autofree char *name = NULL;
		const char *start;
		uint64_t inode;
		int r;

		if (!parse_line(line + 1, len, &inode, &start) || !sockown_has(owned, inode))
			continue;
		name = strndup(start, len - (size_t)(start - line - 1));
		if (!name)
			return -ENOMEM;
		/* a relative one is somewhere */
		r = *name == '/' ? mntlist_is_kept(mounts->container, mounts->host, name) : 0;
		if (r < 0)
			return r;
		if (r == 0) {
			*ret = take_ptr(name);
			return 0;
		}
	}
	*ret = NULL;
	return 0;
}

static int read_table(pid_t init, char **ret)
{
	char path[64];
	autofd int fd = -1;
	int r = str_format(path, sizeof(path), "/proc/%d/net/unix", init);

	if (r == 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r == 0 && fd < 0)
		r = -errno;
	return r < 0 ? r : fd_read_dup(fd, TABLE_MAX, ret, NULL);
}

static int find(const struct held_where *where, struct sockown *owned, char **ret,
		struct ctr_error *err)
{
	autostrv struct strv container = {0}, host = {0};
	const struct unixname_mounts mounts = {&container, &host};
	autofree char *table = NULL;
	int r = mntlist_read(where->init, &container, err);

	if (r == 0)
		r = mntlist_read(getpid(), &host, err);
	if (r < 0)
		return r;
	r = read_table(where->init, &table);
	if (r == 0)
		r = unixname_find(table, owned, &mounts, ret);
	return r < 0 ? err_sys(err, r, "sockets", "look for names of sockets") : 0;
}

int unixname_refuse(const struct held_where *where, struct ctr_error *err)
{
	autosockown struct sockown owned = {0};
	autofree pid_t *pids = calloc(where->n + 1, sizeof(*pids));
	autofree char *name = NULL;
	char shown[160];
	size_t n = 0;
	int r;

	for (size_t i = 0; pids && i < where->n; i++)
		if (proc_is_below(where->pids[i], where->init))
			pids[n++] = where->pids[i];
	r = pids ? sockown_read(&owned, pids, n) : -ENOMEM;
	if (r < 0)
		return err_sys(err, r, "sockets", "look for sockets");
	r = find(where, &owned, &name, err);
	if (r < 0 || !name)
		return r;
	str_escape(shown, sizeof(shown), name);
	return err_set(err, CTR_E_UNSUPPORTED, EBUSY, "sockets",
		       "a socket is bound to %s, outside of the container's own file systems: it "
		       "can not be saved",
		       shown);
}

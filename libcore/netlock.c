/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "nftlib.h"
#include "str.h"
#include "sys.h"

enum { FILE_MAX = 1 << 20, RELEASE_MS = 5000, CUT = 18 };

#define PREFIX	  "table inet CRIU-"
#define INVENTORY "images/inventory.img"

/* Digits in groups of 8, 4, 4, 4 and 12. */
static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < NETLOCK_RUN - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !memchr("0123456789abcdef", text[i], 16))
			return false;
	}
	return true;
}

bool netlock_run(const char *data, size_t len, char ret[NETLOCK_RUN])
{
	for (size_t i = 0; i + NETLOCK_RUN - 1 <= len; i++) {
		if (!is_uuid(data + i))
			continue;
		memcpy(ret, data + i, NETLOCK_RUN - 1);
		ret[NETLOCK_RUN - 1] = '\0';
		return true;
	}
	return false;
}

const char *netlock_find(const char *tables, const char *run, size_t *ret_len)
{
	for (const char *line = tables, *id; (line = strstr(line, PREFIX)); line = id) {
		size_t len;

		id = line + strlen(PREFIX);
		len = strcspn(id, " \n");
		if (run && (len < CUT || len > strlen(run) || strncmp(id, run, len) != 0))
			continue;
		*ret_len = len + strlen("CRIU-");
		return id - strlen("CRIU-");
	}
	return NULL;
}

struct lock {
	const char *run; /* NULL: any */
	int netns;	 /* -1: the host's */
};

/* In a child, for libnftables. */
static int release(void *arg, struct ctr_error *err)
{
	autofree char *tables = NULL, *command = NULL;
	const struct lock *lock = arg;
	const char *name;
	size_t len;
	int r = lock->netns < 0 ? 0 : sys_setns(lock->netns, CLONE_NEWNET);

	if (r < 0)
		return err_sys(err, r, "netlock", "enter the container's network");
	r = nftlib_run("list tables inet", &tables, err);
	if (r < 0)
		return r;
	name = netlock_find(tables, lock->run, &len);
	if (!name)
		return 0;
	command = str_dup_format("delete table inet %.*s", (int)len, name);
	return command ? nftlib_run(command, NULL, err)
		       : err_sys(err, ENOMEM, "netlock", "remove table %.*s", (int)len, name);
}

static bool keeps_connections(int dirfd)
{
	autofd int fd = openat(dirfd, "plan", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *text = NULL;

	return fd >= 0 && fd_read_dup(fd, FILE_MAX, &text, NULL) == 0 &&
	       strstr(text, "\noption tcp-established\n");
}

void netlock_release(int dirfd)
{
	autofd int fd = -1;
	autofree char *data = NULL;
	char run[NETLOCK_RUN];
	struct lock lock = {run, -1};
	size_t len;

	if (!keeps_connections(dirfd))
		return;
	fd = openat(dirfd, INVENTORY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fd_read_dup(fd, FILE_MAX, &data, &len) == 0 && netlock_run(data, len, run))
		(void)!child_run(release, &lock, RELEASE_MS, NULL);
}

void netlock_open(int netns)
{
	struct lock lock = {NULL, netns};

	(void)!child_run(release, &lock, RELEASE_MS, NULL);
}

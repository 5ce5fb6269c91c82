/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "space.h"

#include <errno.h>
#include <sched.h>

#include "cleanup.h"
#include "nsconf.h"
#include "nspath.h"
#include "sys.h"
#include "timens.h"

static int open_one(struct create *c, size_t i, int users, struct ctr_error *err)
{
	const char *path = nsconf_path(c->spec, create_ns_flag(i));
	int fd = path ? nspath_open(path, create_ns_flag(i), users, err) : -1;

	c->join_fd[i] = path && fd < 0 ? -1 : fd;
	return path && fd < 0 ? fd : 0;
}

/* The user namespace first: the others may be its own. */
int space_open(struct create *c, struct ctr_error *err)
{
	int r = 0, users;

	for (size_t i = 0; r == 0 && i < CREATE_NS; i++)
		if (create_ns_flag(i) == CLONE_NEWUSER)
			r = open_one(c, i, -1, err);
	users = space_joined(c, CLONE_NEWUSER);
	for (size_t i = 0; r == 0 && i < CREATE_NS; i++)
		if (create_ns_flag(i) != CLONE_NEWUSER)
			r = open_one(c, i, users, err);
	if (r < 0)
		space_close(c);
	return r;
}

void space_close(struct create *c)
{
	for (size_t i = 0; i < CREATE_NS; i++)
		cleanup_fd(&c->join_fd[i]);
}

int space_joined(const struct create *c, uint64_t flag)
{
	for (size_t i = 0; i < CREATE_NS; i++)
		if (create_ns_flag(i) == flag)
			return c->join_fd[i];
	return -1;
}

uint64_t space_own(const struct spec *spec)
{
	return spec->namespaces & ~nsconf_joined(spec) &
	       ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
}

int space_enter(const struct create *c, struct ctr_error *err)
{
	static const int flags[] = {CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWTIME};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = space_joined(c, (uint64_t)flags[i]);
		int r = fd < 0 ? 0 : sys_setns(fd, flags[i]);

		if (r < 0)
			return err_sys(err, r, "join", "join %s",
				       nsconf_path(c->spec, (uint64_t)flags[i]));
	}
	if ((c->spec->namespaces & CLONE_NEWTIME) && space_joined(c, CLONE_NEWTIME) < 0)
		return timens_enter(c->spec, err);
	return 0;
}

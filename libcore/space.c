/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "space.h"

#include <errno.h>
#include <sched.h>

#include "cleanup.h"
#include "nsconf.h"
#include "nspath.h"
#include "sys.h"
#include "timens.h"

int space_open(struct create *c, struct ctr_error *err)
{
	for (size_t i = 0; i < CREATE_NS; i++) {
		const char *path = nsconf_path(c->spec, create_ns_flag(i));
		int fd = path ? nspath_open(path, create_ns_flag(i), err) : -1;

		if (path && fd < 0) {
			space_close(c);
			return fd;
		}
		c->join_fd[i] = fd;
	}
	return 0;
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

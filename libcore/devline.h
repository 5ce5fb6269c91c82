/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEVLINE_H
#define DEVLINE_H

#include <sys/types.h>

#include "err.h"

/* A line of DeviceNode=: PATH TYPE MAJOR:MINOR [MODE [USER [GROUP]]]. Pure. */

/** struct devline - one node; user and group as written, NULL: root */
struct devline {
	char *path;  /* below /dev, clean */
	mode_t type; /* S_IFCHR, S_IFBLK */
	unsigned int major, minor;
	mode_t mode;
	char *user, *group;
};

void devline_done(struct devline *d);
#define autodevline __attribute__((cleanup(devline_done)))

/**
 * devline_parse - read one
 *
 * MODE is 0666 when not given. -EINVAL (CTR_E_CONFIG), also for what every container has below
 * /dev.
 */
int devline_parse(const char *line, struct devline *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

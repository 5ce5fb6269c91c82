/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timens.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>

#include "cleanup.h"
#include "fd.h"
#include "nsconf.h"
#include "sys.h"

static int write_offset(const char *text, struct ctr_error *err)
{
	struct nsconf_offset o;
	char line[80];
	int r = nsconf_read_offset(text, &o);

	if (r == 0)
		r = str_format(line, sizeof(line), "%s %" PRId64 " %u\n", o.clock, o.seconds,
			       o.nanoseconds);
	if (r == 0)
		r = fd_write_file_at(AT_FDCWD, "/proc/self/timens_offsets", line);
	return r < 0 ? err_sys(err, r, "time", "set TimeOffset=%s", text) : 0;
}

int timens_enter(const struct spec *spec, struct ctr_error *err)
{
	autofd int fd = -1;
	int r = sys_unshare(CLONE_NEWTIME);

	if (r < 0)
		return err_sys(err, r, "time", "make a time namespace");
	for (size_t i = 0; i < spec->time_offset.n; i++) {
		r = write_offset(spec->time_offset.v[i], err);
		if (r < 0)
			return r;
	}
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : sys_setns(fd, CLONE_NEWTIME);
	return r < 0 ? err_sys(err, r, "time", "enter the time namespace") : 0;
}

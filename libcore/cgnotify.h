/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGNOTIFY_H
#define CGNOTIFY_H

#include "cg.h"
#include "pamcontainer.h"

/*
 * What the kernel tells of a group's memory. v1: eventfds by cgroup.event_control. v2: inotify on
 * memory.events, triggers of pressure stall information (PSI, Linux 5.2).
 */

/** struct cgnotify - one subscription; close with cgnotify_close() */
struct cgnotify {
	int fd;	   /* epoll: readable when cgnotify_read() has something to say */
	int event; /* eventfd, inotify or memory.pressure, in fd; -1: file is */
	int file;  /* what says how often, and is gone with the group; -1: pressure of v2 */
	int kind;  /* enum ctr_notice */
	bool v2;
};

/** CGNOTIFY_NONE - nothing is open */
#define CGNOTIFY_NONE                                                                              \
	{                                                                                          \
		.fd = -1, .event = -1, .file = -1                                                  \
	}

/** cgnotify_oom - out of memory; CTR_E_UNSUPPORTED without the memory controller */
int cgnotify_oom(const struct cg *cg, struct cgnotify *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cgnotify_kills - as cgnotify_oom(), for who hears of the group's end otherwise
 *
 * Takes no inotify instance on v2: all supervisors are root's, and a user has 128 of them
 * (fs.inotify.max_user_instances).
 */
int cgnotify_kills(const struct cg *cg, struct cgnotify *ret,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgnotify_pressure - memory is short; CTR_E_UNSUPPORTED with neither file */
int cgnotify_pressure(const struct cg *cg, enum ctr_pressure_level level, struct cgnotify *ret,
		      struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cgnotify_read - what has happened since the last time; never waits
 * @ret_kills: processes that were killed for memory so far; CTR_ABSENT where that is not counted
 *
 * Returns enum ctr_notice; CTR_NOTICE_GONE from the end of the group on.
 */
enum ctr_notice cgnotify_read(struct cgnotify *n, uint64_t *ret_kills);

/** cgnotify_close - NONE is fine */
void cgnotify_close(struct cgnotify *n);

/** cgnotify_trigger - a level as PSI has it, "some 200000 2000000"; pure, static */
const char *cgnotify_trigger(enum ctr_pressure_level level);

#endif

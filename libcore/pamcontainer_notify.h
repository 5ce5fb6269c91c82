/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAMCONTAINER_NOTIFY_H
#define PAMCONTAINER_NOTIFY_H

/* Notifications: a part of pamcontainer.h, which includes this and is to be included instead. */

#include <stdint.h>

#include "pamcontainer_error.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct ctr_container;

/* ---- notifications ---- */

struct ctr_notify;

/** enum ctr_notice - what a notification tells */
enum ctr_notice {
	CTR_NOTICE_NONE = 0, /* nothing since the last time */
	CTR_NOTICE_OOM = 1,  /* out of memory; with `kills` that has grown, a process was killed */
	CTR_NOTICE_PRESSURE = 2, /* memory is short, at the level that was asked for or worse */
	CTR_NOTICE_GONE = 3,	 /* the container is over: the last one */
};

/**
 * enum ctr_pressure_level - how short memory is
 *
 * With cgroup v1 as the kernel's levels low, medium and critical. With v2, which has none, by the
 * time that processes wait for memory: some of them a tenth of two seconds, three tenths; and all
 * of them a tenth.
 */
enum ctr_pressure_level { CTR_PRESSURE_LOW, CTR_PRESSURE_MEDIUM, CTR_PRESSURE_CRITICAL };

/**
 * ctr_notify_oom - be told when the container is out of memory
 * @ret: release with ctr_notify_free(); independent of the container object
 *
 * CTR_E_UNSUPPORTED with Cgroup=inherit and on a machine without the memory controller.
 */
int ctr_notify_oom(struct ctr_container *c, struct ctr_notify **ret, struct ctr_error *err);

/** ctr_notify_pressure - be told when its memory runs short; CTR_E_CONFIG for an unknown level */
int ctr_notify_pressure(struct ctr_container *c, enum ctr_pressure_level level,
			struct ctr_notify **ret, struct ctr_error *err);

/** ctr_notify_fd - for poll(2), POLLIN, owned by the object: ctr_notify_read() has something */
int ctr_notify_fd(const struct ctr_notify *n);

/**
 * ctr_notify_read - what has happened since the last time; never waits
 * @ret_kills: processes killed for memory so far, CTR_ABSENT where the kernel does not count; may
 *	be NULL. With v1 it may come before the kill that it tells of: ask again a little later
 *
 * CTR_NOTICE_GONE stays so.
 */
enum ctr_notice ctr_notify_read(struct ctr_notify *n, uint64_t *ret_kills);

/** ctr_notify_free - NULL is fine */
void ctr_notify_free(struct ctr_notify *n);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGLIB_H
#define CGLIB_H

#include <libcgroup.h>

#include "cgset.h"

/*
 * libcgroup, opened at run time by a process that ends when it is done with it (child.h): its
 * tables take 1.0 MiB of private memory (measured, 2.0.2), which a supervisor would keep for as
 * long as its container lives, and Debian 13's brings libsystemd along, which a login that joins a
 * running container must not wait for.
 */

/** struct cglib - the library and what we use of it; close with cglib_close() */
struct cglib {
	void *lib;
	__typeof__(cgroup_set_logger) *set_logger;
	__typeof__(cgroup_init) *init;
	__typeof__(cgroup_new_cgroup) *new_cgroup;
	__typeof__(cgroup_free) *free;
	__typeof__(cgroup_add_controller) *add_controller;
	__typeof__(cgroup_get_controller) *get_controller;
	__typeof__(cgroup_add_value_string) *add_value;
	__typeof__(cgroup_create_cgroup) *create;
	__typeof__(cgroup_modify_cgroup) *modify;
	__typeof__(cgroup_get_last_errno) *last_errno;
};

/** cglib_open - CTR_E_UNSUPPORTED without the library */
int cglib_open(struct cglib *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** cglib_close - let go of it */
void cglib_close(struct cglib *l);

static inline void cleanup_cglib(struct cglib *l)
{
	cglib_close(l);
}
#define autocglib __attribute__((cleanup(cleanup_cglib)))

/**
 * cglib_make - make the group in each hierarchy that libcgroup knows, and write its limits
 *
 * It does not know the v2 tree of a hybrid machine, gives a v1 cpuset no CPUs, and may leave
 * controllers of v2 off above the group: cggroup_make() does the rest. All limits go in one call,
 * since each reads /proc/mounts; which one was refused it does not say. 0, -errno.
 */
int cglib_make(const struct cglib *l, const struct cg_facts *facts, const char *path,
	       const struct cgset *set) ATTR_WARN_UNUSED;

/** CGLIB_VALUE_MAX - longer values libcgroup refuses, and says so on stderr (measured, 2.0.2) */
enum { CGLIB_VALUE_MAX = 4095 };

/** cglib_write - a value into a file of the group, "pids.max"; -errno of the kernel, -ENOENT */
int cglib_write(const struct cglib *l, const char *path, const char *file,
		const char *value) ATTR_WARN_UNUSED;

#endif

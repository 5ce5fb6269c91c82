/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROCFS_H
#define PROCFS_H

#include "root.h"

/**
 * procfs_build - /proc of the container's PID namespace, and a read-only /sys, below an attached
 * root
 *
 * Needs /dev to stand: files are masked with its null.
 */
int procfs_build(int rootfd, const struct spec *spec, const struct root_facts *facts,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** procfs_hide - cover a file (with /dev/null) or folder (with an empty read-only tmpfs) */
int procfs_hide(int rootfd, const char *path, bool may_be_absent,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** procfs_make_read_only - bind a path on itself, read-only with what is below */
int procfs_make_read_only(int rootfd, const char *path, bool may_be_absent,
			  struct ctr_error *err) ATTR_WARN_UNUSED;

/** procfs_hidepid - mount option of an enum spec_protect_proc; NULL: none. Pure */
const char *procfs_hidepid(int protect);

#endif

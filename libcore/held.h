/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HELD_H
#define HELD_H

#include <sys/types.h>

#include "err.h"
#include "heldcopy.h"
#include "str.h"

/*
 * What processes have open, mapped or as a working folder on file systems that others reach too
 * (MUST-5, MUST-10). CRIU opens all of it again by its path and as root, and what a path means is
 * its folder's owner's to say by then: a link there would give him any file. So it is compared,
 * before anything runs, by inode, owner and mode; in a copy on another machine as heldcopy.h says.
 */

/** struct held_where - whose files */
struct held_where {
	pid_t init;	   /* PID 1 of the container */
	const pid_t *pids; /* of its groups; those that PID 1 did not start are left out */
	size_t n;
};

/**
 * held_read - a line a file: "PID NAME MODE UID GID INODE ACCESS PATH", PID as the container counts
 *
 * ACCESS is "w" of a descriptor that is open for writing, else "r"; PATH is as the container has
 * it,
 * "-" when it is not known. Checkpoints of before have neither.
 * What is on a file system of the container's own is left out: nobody reaches that while it is on
 * disk. Blocking. -EBUSY (CTR_E_UNSUPPORTED) for a file that has no name any more: CRIU would make
 * one again, by its path and as root.
 */
int held_read(const struct held_where *where, struct strv *ret,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * held_compare - is all of the one in the other, and of mappings nothing more?
 * @copy: NULL: by inode alone
 *
 * -EPERM (CTR_E_IMAGE) with the first not.
 */
int held_compare(const struct strv *want, const struct strv *have, const struct heldcopy *copy,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

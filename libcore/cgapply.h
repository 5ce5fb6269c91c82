/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGAPPLY_H
#define CGAPPLY_H

#include "cglib.h"
#include "cgset.h"

/* Write planned limits (cgset.h) into the groups of a path. */

/**
 * cgapply_write - all of them
 * @lib: NULL: by plain files, each opened once in a row
 *
 * Values that hinge on each other (memory and memsw) may come in any order: what fails is tried
 * again after the others. On failure what was written stays; the error names key and file.
 */
int cgapply_write(const struct cglib *lib, const char *path, const struct cgset *set,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cgapply_save - the writes that restore what is there now, in reverse order
 *
 * Files that are not there are left out.
 */
int cgapply_save(const char *path, const struct cgset *set, struct cgset *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** cgapply_old - what restores one item, given the text of its file; pure. 0, -ENAMETOOLONG */
int cgapply_old(const struct cgset_item *item, const char *text, char *dst,
		size_t size) ATTR_WARN_UNUSED;

/**
 * cgapply_device - a device path to "MAJOR:MINOR" of the whole disk, for cgset_plan()
 *
 * Limits hold for disks, so a partition stands for the disk that it is on. CTR_E_CONFIG for what
 * is no block device.
 */
int cgapply_device(const char *path, char *dst, size_t size,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

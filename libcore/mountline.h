/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MOUNTLINE_H
#define MOUNTLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

/* A line of Mount=, in the order of fstab(5): SOURCE DESTINATION TYPE [OPTIONS]. Pure. */

enum mountline_kind {
	MOUNTLINE_BIND,
	MOUNTLINE_PROC,
	MOUNTLINE_SYSFS,
	MOUNTLINE_TMPFS,
	MOUNTLINE_MQUEUE,
	MOUNTLINE_DEVPTS,
	MOUNTLINE_CGROUP,
	MOUNTLINE_OVERLAY,
};

/** struct mountline_options - the comma list behind a mount */
struct mountline_options {
	uint64_t attr;	      /* MOUNT_ATTR_* of this mount, among them what is so by default */
	uint64_t attr_below;  /* MOUNT_ATTR_* of it and all below (rro ...); of binds alone */
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE; 0: not given */
	bool propagate_below; /* rprivate ... */
	bool single;	      /* norbind: without what is mounted below */
	bool writable;	      /* rw was said */
	bool copy_up;	      /* tmpfs begins with what was there */
	char data[512];	      /* for the file system, comma list */
};

/** struct mountline - one line; release with mountline_done() */
struct mountline {
	enum mountline_kind kind;
	bool optional; /* -SOURCE: may be absent */
	char *dest;
	struct strv sources; /* bind: one; overlay: from the lowest to the upper; else none */
	struct mountline_options options;
};

void mountline_done(struct mountline *m);
#define automount __attribute__((cleanup(mountline_done)))

/**
 * mountline_parse - read one
 *
 * -EINVAL (CTR_E_CONFIG) for an unknown type or option, with a suggestion, and for a destination
 * that the container makes itself: /, /proc and below, /dev, /dev/pts, /dev/.container.
 */
int mountline_parse(const char *line, struct mountline *ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** mountline_parse_overlay - a line of Overlay=: LOWER[:LOWER ...]:UPPER:DESTINATION */
int mountline_parse_overlay(const char *line, struct mountline *ret,
			    struct ctr_error *err) ATTR_WARN_UNUSED;

/** mountline_parse_options - the comma list alone; NULL: none given */
int mountline_parse_options(enum mountline_kind kind, const char *text,
			    struct mountline_options *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** mountline_type - "bind", "proc" ... */
const char *mountline_type(enum mountline_kind kind);

#endif

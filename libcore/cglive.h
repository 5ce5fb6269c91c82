/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGLIVE_H
#define CGLIVE_H

#include "cgset.h"

/*
 * What a living group has beyond its definition, as writes that take it away: a limit that is no
 * longer given must not stay (cg_set()). Numbers are lifted by cgset_plan() itself.
 */

/** cglive_add - append to a plan what the group's files show too much or too little of */
int cglive_add(const struct cg *cg, const struct spec *spec, struct cgset *set,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/** cglive_add_devices - the part of it that is about devices; nothing on v2 */
int cglive_add_devices(const struct cg *cg, const struct spec *spec, struct cgset *set,
		       struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cglive_io - lift the I/O limits of devices that the plan does not name; pure
 * @text: of the file that item names: blkio.throttle.* of v1, io.max
 */
int cglive_io(const char *text, const struct cgset_item *item, struct cgset *set) ATTR_WARN_UNUSED;

/**
 * cglive_devices - from the text of devices.list to these rules; pure
 * @h: of the devices controller
 *
 * Allows first, then denies, so that nothing that stays allowed is refused meanwhile; only the
 * step from "everything" to a list has to begin with nothing.
 */
int cglive_devices(const char *text, const struct cgdev_rule *rules, size_t n,
		   const struct cg_hierarchy *h, struct cgset *set) ATTR_WARN_UNUSED;

#endif

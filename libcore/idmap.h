/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IDMAP_H
#define IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"

/*
 * Which numbers of the host the numbers inside of a user namespace are. Pure: computed here,
 * written by userns.c. Layer 1.
 */

enum idmap_mode { IDMAP_NO, IDMAP_IDENTITY, IDMAP_PICK, IDMAP_FIXED };

enum {
	IDMAP_EXTENTS = 340,	/* the kernel's limit, user_namespaces(7), since 4.15 */
	IDMAP_TEXT = 4096,	/* a map is written at once and below a page */
	IDMAP_RANGE = 65536,	/* what pick gives */
	IDMAP_RANGE_MIN = 1024, /* system users, and gid 5 of terminals */
	IDMAP_BASE_MIN = 65536	/* below are the host's own users, and those of its distribution */
};

/** struct idmap_choice - PrivateUsers=, with base and range of what was picked */
struct idmap_choice {
	int mode; /* enum idmap_mode */
	uint32_t base, range;
};

/** struct idmap_extent - one line of /proc/PID/uid_map */
struct idmap_extent {
	uint32_t inside, outside, count;
};

/** struct idmap - a map, in the order of the numbers inside */
struct idmap {
	size_t n;
	struct idmap_extent e[IDMAP_EXTENTS];
};

/** idmap_parse_choice - "no", "identity", "pick" or "UID:RANGE". 0, -EINVAL, -ERANGE */
int idmap_parse_choice(const char *value, struct idmap_choice *ret) ATTR_WARN_UNUSED;

/** idmap_is_mapped - are numbers inside others than outside? (pick, UID:RANGE) */
static inline bool idmap_is_mapped(const struct idmap_choice *c)
{
	return c->mode == IDMAP_PICK || c->mode == IDMAP_FIXED;
}

/**
 * idmap_make - the map of a choice
 * @own: numbers of the host that stay what they are: of who logs in. 0 is never among them
 *
 * The numbers 0 .. range - 1 inside are base, base + 1 ... outside but for those, so that a login
 * keeps its own. identity is one line. -E2BIG: more lines than the kernel takes; -EEXIST: one of
 * them lies in the range, and would be two numbers inside.
 */
int idmap_make(const struct idmap_choice *c, const uint32_t *own, size_t n,
	       struct idmap *ret) ATTR_WARN_UNUSED;

/** idmap_make_hole - all numbers as they are, less those of the choice's range */
void idmap_make_hole(const struct idmap_choice *c, struct idmap *ret);

/** idmap_outside - the host's number of one inside. 0, -ENOENT */
int idmap_outside(const struct idmap *m, uint32_t inside, uint32_t *ret) ATTR_WARN_UNUSED;

/** idmap_format - the text that makes it. 0, -E2BIG */
int idmap_format(const struct idmap *m, char ret[IDMAP_TEXT]) ATTR_WARN_UNUSED;

/** idmap_is - is that what the kernel says in /proc/PID/uid_map, read from outside? */
bool idmap_is(const struct idmap *m, const char *text);

/** idmap_overlaps - do two ranges have a number in common? 64 bits: nothing wraps */
static inline bool idmap_overlaps(uint64_t a, uint64_t an, uint64_t b, uint64_t bn)
{
	return an > 0 && bn > 0 && a < b + bn && b < a + an;
}

#endif

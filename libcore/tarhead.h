/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TARHEAD_H
#define TARHEAD_H

#include <stdint.h>

#include "err.h"

/*
 * One header of a tar archive in POSIX's ustar form, in the one way in which we write it. A reader
 * that knows what must come makes the header and compares, and parses nothing.
 */

enum { TARHEAD_BLOCK = 512, TARHEAD_PREFIX_MAX = 64 };

/** struct tarhead - an entry; owner root, mode 0600 or 0700, time 0 */
struct tarhead {
	const char *prefix; /* folder that everything is in */
	const char *path;   /* at most 100 bytes */
	char type;	    /* '0' file, '2' link, '5' folder */
	uint64_t size;
	const char *target; /* of a link; NULL: none */
};

/** tarhead_format - 0, -ENAMETOOLONG. Sizes of 8 GiB and more in base 256, as GNU tar does */
int tarhead_format(const struct tarhead *h, unsigned char ret[TARHEAD_BLOCK]) ATTR_WARN_UNUSED;

/** tarhead_peek - prefix and size of a header, whose other fields are not looked at. -EBADMSG */
int tarhead_peek(const unsigned char block[TARHEAD_BLOCK], char ret_prefix[TARHEAD_PREFIX_MAX + 1],
		 uint64_t *ret_size) ATTR_WARN_UNUSED;

/** tarhead_padding - bytes between the end of content and the next header */
static inline unsigned int tarhead_padding(uint64_t size)
{
	return (unsigned int)((TARHEAD_BLOCK - size % TARHEAD_BLOCK) % TARHEAD_BLOCK);
}

#endif

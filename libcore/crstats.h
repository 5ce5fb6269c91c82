/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRSTATS_H
#define CRSTATS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* CRIU's own figures of a dump, as it leaves them in a file of its work folder. */

enum { CRSTATS_N = 7 };

/** struct crstats - in the order of crstats_name(); times in microseconds */
struct crstats {
	uint64_t v[CRSTATS_N];
};

/** crstats_name - "freezing_us", "frozen_us", "memdump_us" ... ; NULL from CRSTATS_N on */
const char *crstats_name(size_t i);

/**
 * crstats_parse - the bytes of stats-dump. Pure
 *
 * Two magic numbers and a length, then a protobuf message: magic.h, stats.proto of CRIU. Fields
 * that are not known are skipped. -EBADMSG
 */
int crstats_parse(const unsigned char *data, size_t len, struct crstats *ret) ATTR_WARN_UNUSED;

/** crstats_read_at - the same of the file in a folder */
int crstats_read_at(int dirfd, struct crstats *ret) ATTR_WARN_UNUSED;

#endif

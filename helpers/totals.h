/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOTALS_H
#define TOTALS_H

#include "pamcontainer.h"

/* Sums over the disks, interfaces and page sizes of one container. */

/** struct totals - what is absent of a part counts as nothing; CTR_ABSENT: there is no part */
struct totals {
	uint64_t io_read, io_written; /* bytes; 0 for no disk, which was not used yet */
	uint64_t reads, writes;	      /* operations */
	uint64_t huge;		      /* bytes in huge pages */
	/* bytes; where the host counts for one interface, of those it counts for: lo is to itself
	 */
	uint64_t received, sent;
};

/** totals_of - pure */
void totals_of(const struct ctr_stats *s, struct totals *ret);

#endif

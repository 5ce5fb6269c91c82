/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"

/*
 * The last output of a terminal session, in a memfd that PID 1 makes and hands to who relays the
 * session: whoever reads the terminal writes here. Its user may write anything into it, and no
 * position in it is out of range: the count of all bytes, modulo the size.
 */

enum { RING_SIZE = 65536 };

/** struct ring - as it is mapped */
struct ring {
	char data[RING_SIZE];
	uint64_t total; /* bytes ever written; changes at any time */
};

/** ring_make - an empty one: memfd that neither shrinks nor grows. fd or -errno */
int ring_make(void) ATTR_WARN_UNUSED;

/** ring_map - -EBADMSG for what is no ring, so that touching it cannot fail. ring_unmap() it */
int ring_map(int fd, struct ring **ret) ATTR_WARN_UNUSED;

/** ring_unmap - NULL is fine */
void ring_unmap(struct ring *r);

/** ring_add - append; of more than RING_SIZE bytes the last ones stay */
void ring_add(struct ring *r, const char *data, size_t n);

/** ring_total - bytes ever written, as the ring says */
uint64_t ring_total(const struct ring *r);

/**
 * ring_take - copy what was written from position *at on, and move *at past it
 *
 * What is overwritten already, or lies ahead of a count that was turned back, is passed over.
 * Returns bytes copied, at most size; 0: nothing new.
 */
size_t ring_take(const struct ring *r, uint64_t *at, char *dst, size_t size);

static inline void cleanup_ring(struct ring **r)
{
	ring_unmap(*r);
}
#define autoring __attribute__((cleanup(cleanup_ring)))

#endif

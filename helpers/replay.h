/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>

/*
 * Output that a terminal gets a second time, or beside another one: without the questions in it,
 * whose answers would arrive as if they were typed (device attributes, cursor position, modes,
 * colours, sizes). Everything else passes byte for byte.
 */

enum { REPLAY_HELD = 256 };

/** struct replay - what may become a question with the next bytes; starts as {0} */
struct replay {
	int state;
	size_t n;
	char held[REPLAY_HELD];
};

/** replay_filter - into dst, which has room for n + REPLAY_HELD bytes. Returns bytes written */
size_t replay_filter(struct replay *r, const char *src, size_t n, char *dst);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOCKOWN_H
#define SOCKOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* The sockets that processes have open. */

/** struct sockown - by inode, each with one that has it; {0} is the empty one */
struct sockown {
	uint64_t *inodes;
	pid_t *pids;
	size_t n;
};

/** sockown_read - of these processes; one that has ended has none. -ENOMEM */
int sockown_read(struct sockown *ret, const pid_t *pids, size_t n) ATTR_WARN_UNUSED;

/** sockown_has - is it one of them? */
bool sockown_has(const struct sockown *s, uint64_t inode);

void sockown_done(struct sockown *s);
#define autosockown __attribute__((cleanup(sockown_done)))

#endif

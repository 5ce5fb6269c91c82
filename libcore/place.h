/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PLACE_H
#define PLACE_H

#include "held.h"

/*
 * CPUs and I/O priority of each thread, which CRIU up to 4.1 does not bring back: who made a
 * restored process has others.
 */

/** place_read - a line a thread: "TID IOPRIO CPUS", TID as the container counts */
int place_read(const struct held_where *where, struct strv *ret,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * place_restore - give the threads what the lines say, before any of them runs
 *
 * CPUs that are not there any more, or not the container's, are left out; where none is left the
 * thread has all. A thread without a line keeps what it has. -EBADMSG for what is no such line.
 */
int place_restore(const struct held_where *where, const struct strv *lines,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

enum { PLACE_WORDS = 128 }; /* of 64 CPUs: 8192, NR_CPUS at most */

/** struct place - one line */
struct place {
	pid_t tid;
	int io;			    /* as ioprio_set(2) takes it */
	uint64_t cpus[PLACE_WORDS]; /* bit n of word 0: CPU n */
};

/** place_format - its line, in new memory; NULL with errno ENOMEM */
char *place_format(const struct place *p);

/** place_parse - the reverse; -EBADMSG. Pure */
int place_parse(const char *line, struct place *ret) ATTR_WARN_UNUSED;

#endif

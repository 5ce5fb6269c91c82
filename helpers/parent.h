/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PARENT_H
#define PARENT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * With Init=none: what the supervisor, as the parent of a process, tells who asked for it. It
 * shares the socket with the process until that has executed (init_become()), and then speaks in
 * the words of PID 1 (docs/ARCHITECTURE.md, Attach).
 */

/** struct parent - one process and who asked for it; descriptors are -1 when done with */
struct parent {
	int sock;   /* to who asked */
	int report; /* record of why it did not execute; its end: it did */
	int pidfd;  /* -1: PID 1, which others watch */
	pid_t pid;  /* of the host; not reaped, so that it is nobody else's; < 0: a whole group */
	bool held;  /* it has ended, and who traces it has not let go: it can not be reaped yet */
};

/** parent_open - of a socket, owned from then on; *ret_report is for the process. 0 or -errno */
int parent_open(struct parent *ret, int sock, int *ret_report);

/** parent_done - close all */
void parent_done(struct parent *p);

/**
 * parent_hear_report - report is readable: pass on what it says
 *
 * 0: it executed; -EAGAIN: nothing yet; -ECANCELED: nobody asks any more; else why it did not.
 */
int parent_hear_report(struct parent *p);

/** parent_hear - sock is readable. A signal for the process, 0: nothing, -ENOTCONN: hung up */
int parent_hear(struct parent *p);

/** parent_exited - the process has ended, with that status of wait(2) */
void parent_exited(struct parent *p, int status);

#endif

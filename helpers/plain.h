/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PLAIN_H
#define PLAIN_H

#include "relay.h"

/*
 * Standard input, output and error of a command that gets no terminal of its own. Files, pipes and
 * sockets are handed over as they are; a terminal of the host is not (MUST-6): what runs inside
 * could read root's keys from it long after the command has ended. It gets a pipe instead.
 */

/** struct plain - descriptors 0, 1, 2 outside, and what the command gets for them */
struct plain {
	int given[3]; /* to hand over */
	int pipe[3];  /* our ends of the pipes; -1 where there is none */
};

/** plain_open - make the pipes that are needed. Release with plain_close() */
int plain_open(struct plain *p, struct ctr_error *err) ATTR_WARN_UNUSED;

/** plain_started - the command has them now: close what was handed over */
void plain_started(struct plain *p);

/** plain_run - pass data and signals on until the command has ended and all it wrote is out */
int plain_run(struct plain *p, const struct relay *r, int *ret_status,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

void plain_close(struct plain *p);

#endif

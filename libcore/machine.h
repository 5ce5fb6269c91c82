/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

#include "err.h"
#include "pamcontainer.h"

/*
 * Which operation is possible in which status: one table, and what each refusal is called. Pure.
 */

/** enum machine_op - the operations of pamcontainer.h that depend on the status */
enum machine_op {
	MACHINE_START,
	MACHINE_SIGNAL,
	MACHINE_PROCESSES,
	MACHINE_STATS,
	MACHINE_SET,
	MACHINE_PAUSE,
	MACHINE_RESUME,
	MACHINE_DESTROY, /* without force */
	MACHINE_DESTROY_FORCE,
	MACHINE_CHECKPOINT,
	MACHINE_PRE_DUMP,
	MACHINE_RESTORE,
	MACHINE_OPS,
};

/** machine_check - 0, or -errno with code and text: what the status is and what would help */
int machine_check(enum machine_op op, enum ctr_status status, const char *id,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** machine_minds_pause - is the answer another one for a container that is paused? Pure */
bool machine_minds_pause(enum machine_op op) ATTR_PURE;

/** struct machine_facts - what a status is derived from */
struct machine_facts {
	bool alive;	   /* PID 1 lives: pid and start time */
	bool checkpointed; /* an image is there and nothing lives */
	int frozen;	   /* enum cg_frozen_state */
	bool started;	   /* a process was started in it */
};

/** machine_status - stopped, checkpointed, paused, pausing, created, running, in that order */
enum ctr_status machine_status(const struct machine_facts *f) ATTR_PURE;

#endif

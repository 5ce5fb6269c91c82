/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <errno.h>

#include "cg.h"

enum { STATUSES = CTR_RUNNING + 1 };

/* Short names for the table below; OK is 0 */
#define OK     CTR_OK
#define NOTRUN CTR_E_NOT_RUNNING
#define PAUSED CTR_E_PAUSED
#define NOTPAU CTR_E_NOT_PAUSED
#define NOTSTO CTR_E_NOT_STOPPED
#define CHECKP CTR_E_CHECKPOINTED

/*
 * Columns: stopped, checkpointed, paused, pausing, created, running. Pausing and resuming a
 * container that is so already succeeds, as `systemctl freeze` does; a signal to a paused one is
 * kept by the kernel until it runs again.
 */
static const unsigned char table[MACHINE_OPS][STATUSES] = {
    [MACHINE_START] = {NOTRUN, CHECKP, PAUSED, PAUSED, OK, OK},
    [MACHINE_SIGNAL] = {NOTRUN, CHECKP, OK, OK, OK, OK},
    [MACHINE_PROCESSES] = {NOTRUN, CHECKP, OK, OK, OK, OK},
    [MACHINE_STATS] = {NOTRUN, CHECKP, OK, OK, OK, OK},
    [MACHINE_SET] = {NOTRUN, CHECKP, OK, OK, OK, OK},
    [MACHINE_PAUSE] = {NOTRUN, CHECKP, OK, OK, OK, OK},
    [MACHINE_RESUME] = {NOTPAU, CHECKP, OK, OK, NOTPAU, NOTPAU},
    [MACHINE_DESTROY] = {OK, OK, NOTSTO, NOTSTO, OK, NOTSTO},
    [MACHINE_DESTROY_FORCE] = {OK, OK, OK, OK, OK, OK},
    [MACHINE_CHECKPOINT] = {NOTRUN, CHECKP, PAUSED, PAUSED, OK, OK},
    [MACHINE_PRE_DUMP] = {NOTRUN, CHECKP, PAUSED, PAUSED, OK, OK},
    [MACHINE_RESTORE] = {NOTRUN, OK, NOTSTO, NOTSTO, NOTSTO, NOTSTO},
};

static const struct {
	int code, errnum;
	const char *hint;
} refusals[] = {
    {CTR_E_NOT_RUNNING, ESRCH, "it has no processes"},
    {CTR_E_PAUSED, EBUSY, "resume it first"},
    {CTR_E_NOT_PAUSED, EINVAL, "only a paused container can be resumed"},
    {CTR_E_NOT_STOPPED, EBUSY, "terminate it first, or use force"},
    {CTR_E_CHECKPOINTED, EBUSY, "restore or remove the checkpoint first"},
};

static const char *const op_names[MACHINE_OPS] = {
    [MACHINE_START] = "start a process in",
    [MACHINE_SIGNAL] = "signal",
    [MACHINE_PROCESSES] = "list the processes of",
    [MACHINE_STATS] = "read the statistics of",
    [MACHINE_SET] = "change the limits of",
    [MACHINE_PAUSE] = "pause",
    [MACHINE_RESUME] = "resume",
    [MACHINE_DESTROY] = "destroy",
    [MACHINE_DESTROY_FORCE] = "destroy",
    [MACHINE_CHECKPOINT] = "checkpoint",
    [MACHINE_PRE_DUMP] = "pre-dump",
    [MACHINE_RESTORE] = "restore",
};

int machine_check(enum machine_op op, enum ctr_status status, const char *id, struct ctr_error *err)
{
	int code = (unsigned int)op < MACHINE_OPS && (unsigned int)status < STATUSES
		       ? table[op][status]
		       : CTR_E_UNSUPPORTED;

	if (code == CTR_OK)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].code == code)
			return err_set(err, code, refusals[i].errnum, "state",
				       "cannot %s container %s: it is %s; %s", op_names[op], id,
				       ctr_status_name(status), refusals[i].hint);
	return err_set(err, CTR_E_SYSTEM, EINVAL, "state", "container %s: unknown operation", id);
}

bool machine_minds_pause(enum machine_op op)
{
	const unsigned char *row = table[op];

	return row[CTR_PAUSED] != row[CTR_RUNNING] || row[CTR_PAUSING] != row[CTR_RUNNING] ||
	       row[CTR_PAUSED] != row[CTR_CREATED] || row[CTR_PAUSING] != row[CTR_CREATED];
}

enum ctr_status machine_status(const struct machine_facts *f)
{
	if (f->checkpointed && !f->alive)
		return CTR_CHECKPOINTED;
	if (!f->alive)
		return CTR_STOPPED;
	if (f->frozen == CG_FROZEN)
		return CTR_PAUSED;
	if (f->frozen == CG_FREEZING)
		return CTR_PAUSING;
	return f->started ? CTR_RUNNING : CTR_CREATED;
}

const char *ctr_status_name(enum ctr_status status)
{
	static const char *const names[STATUSES] = {
	    [CTR_STOPPED] = "stopped", [CTR_CHECKPOINTED] = "checkpointed",
	    [CTR_PAUSED] = "paused",   [CTR_PAUSING] = "pausing",
	    [CTR_CREATED] = "created", [CTR_RUNNING] = "running",
	};

	return (unsigned int)status < STATUSES ? names[status] : "unknown";
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef API_OPS_H
#define API_OPS_H

/* The operations on a container, and what each says in each status. */
#include "api_test.h"

enum op {
	START,
	SIGNAL,
	PROCESSES,
	STATS,
	DETAILS,
	NOTIFY,
	SET,
	PAUSE,
	RESUME,
	DESTROY,
	FORCE,
	OPS
};

static inline int start_true(struct test *t, struct ctr_container *c)
{
	struct ctr_process_spec spec = {.argv = (const char *const[]){"true", NULL},
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1};
	struct ctr_process *p;
	int r = ctr_start(c, &spec, &p, &t->err);

	if (r == 0)
		ctr_process_free(p);
	return r;
}

static inline int notify(struct test *t, struct ctr_container *c)
{
	struct ctr_notify *n = NULL;
	int r = ctr_notify_oom(c, &n, &t->err);

	ctr_notify_free(n);
	return r;
}

static inline int operate(struct test *t, struct ctr_container *c, enum op op)
{
	static struct ctr_details details;
	static const char *const limits[] = {"TasksMax", "50", NULL};
	struct ctr_proc_info *procs;
	struct ctr_stats stats;
	size_t n;
	int r;

	switch (op) {
	case START:
		return start_true(t, c);
	case SIGNAL:
		return ctr_signal(c, SIGCONT, 1, &t->err);
	case PROCESSES:
		r = ctr_processes(c, &procs, &n, &t->err);
		if (r == 0)
			free(procs);
		return r;
	case STATS:
		return ctr_stats_read(c, &stats, &t->err);
	case DETAILS:
		return ctr_stats_details(c, &details, &t->err);
	case NOTIFY:
		return notify(t, c);
	case SET:
		return ctr_set(c, limits, &t->err);
	case PAUSE:
		return ctr_pause(c, &t->err);
	case RESUME:
		return ctr_resume(c, &t->err);
	case DESTROY:
		return ctr_destroy(c, 0, 0, &t->err);
	default:
		return ctr_destroy(c, 1, 0, &t->err);
	}
}

/* Columns as enum ctr_status: stopped, checkpointed, paused, pausing, created, running. */
static const struct {
	const char *name;
	int code[6];
} table[OPS] = {
    [START] = {"start", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, CTR_E_PAUSED, CTR_E_PAUSED, 0, 0}},
    [SIGNAL] = {"signal", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [PROCESSES] = {"processes", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [STATS] = {"stats", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [DETAILS] = {"details", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [NOTIFY] = {"notify", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [SET] = {"set", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [PAUSE] = {"pause", {CTR_E_NOT_RUNNING, CTR_E_CHECKPOINTED, 0, 0, 0, 0}},
    [RESUME] = {"resume",
		{CTR_E_NOT_PAUSED, CTR_E_CHECKPOINTED, 0, 0, CTR_E_NOT_PAUSED, CTR_E_NOT_PAUSED}},
    [DESTROY] = {"destroy", {0, 0, CTR_E_NOT_STOPPED, CTR_E_NOT_STOPPED, 0, CTR_E_NOT_STOPPED}},
    [FORCE] = {"destroy by force", {0, 0, 0, 0, 0, 0}},
};

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STATE_H
#define STATE_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "proc.h"
#include "str.h"

/* A container's record on disk and its lock (MUST-8). Layer 3. */

enum { STATE_ID_MAX = 64, STATE_VERSION = 1 };

/** struct state - what state.json holds; plain data */
struct state {
	char id[STATE_ID_MAX + 1];
	char definition[STATE_ID_MAX + 1];
	char rule[64];
	char user[64];	  /* owner; "" for shared and API containers */
	char service[32]; /* of the login that made it */
	char rhost[64];
	char tty[32];
	uid_t uid;
	int instance;	      /* enum match_instance; -1: made by the API */
	int keep;	      /* 1: stays as "stopped" after PID 1's end until destroyed (C API) */
	int started;	      /* a process was started: created -> running */
	int bare;	      /* Init=none: PID 1 is what was started first */
	int stopped;	      /* PID 1 is gone, resources are removed, record kept */
	int exit_status;      /* wait status of PID 1 once stopped */
	int oom_killed;	      /* 1: the kernel had killed PID 1 for memory */
	uint64_t created_us;  /* CLOCK_REALTIME µs */
	struct proc_id init;  /* PID 1, host pid */
	struct proc_id super; /* the supervisor */
	char cgroup[256];     /* struct cg.path */
	int cgroup_inherit;
	struct {
		char name[8];
		uint64_t inode;
	} ns[8];
	size_t nns;
	char text[16384]; /* canonical definition, for set and show */
};

/** state_id_is_valid - [A-Za-z0-9][A-Za-z0-9_.-]{0,63}, no ".." (MUST-7) */
bool state_id_is_valid(const char *id);

/** state_check_id - the same as an error: -EINVAL, CTR_E_INVALID_ID; NULL is none */
int state_check_id(const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/** state_ns - inode of a namespace of its own, "net" ...; 0: it is the host's */
uint64_t state_ns(const struct state *st, const char *name);

/** state_now_us - the time as records have it, CLOCK_REALTIME in microseconds */
uint64_t state_now_us(void);

/** state_open_private - a folder of ours: made 0700 when absent, and nobody else's (MUST-8) */
int state_open_private(int dirfd, const char *name, struct ctr_error *err) ATTR_WARN_UNUSED;

/** state_open_root - open (make 0700) the state root and check owner and mode. dirfd or -errno */
int state_open_root(const char *path, struct ctr_error *err) ATTR_WARN_UNUSED;

/** state_open_dir - O_PATH-able dirfd of containers/ID. -ENOENT with CTR_E_NOT_FOUND */
int state_open_dir(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * state_lock - take locks/ID
 * @timeout_ms: 0 tries once; -EAGAIN with CTR_E_BUSY
 *
 * Returns the descriptor that holds the lock. Safe against removal of the file between open and
 * flock.
 */
int state_lock(int rootfd, const char *id, unsigned int timeout_ms,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/** state_unlock - release; removes the file when no container of that ID is left */
void state_unlock(int rootfd, const char *id, int *lockfd);

/** state_create_dir - make containers/ID by temporary name + rename. -EEXIST: CTR_E_ID_IN_USE */
int state_create_dir(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/** state_remove_dir - remove the folder and all in it; absent is fine */
int state_remove_dir(int rootfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/** state_list - IDs of the folders, sorted; names that are no IDs are skipped */

int state_list(int rootfd, struct strv *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

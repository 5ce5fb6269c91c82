/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IDPOOL_H
#define IDPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "idmap.h"
#include "subid.h"

/*
 * Whose numbers a container gets. What it has is noted in its folder (`users`), so that they are
 * free again when that goes: at its end, at gc. Chosen under the lock of the folder of containers.
 * Layer 3.
 */

/** struct idpool_job - the container */
struct idpool_job {
	int rootfd, dirfd; /* state root, containers/ID */
	const char *id;
	const char *user; /* who logs in; "": nobody */
	uint32_t uid, gid;
};

/** struct idpool_answer - choice: given, with base and range on return; the groups of the user */
struct idpool_answer {
	struct idmap_choice choice;
	const int *joined; /* instead: the numbers of that user namespace; NULL */
	size_t ngroups;
	uint32_t groups[IDMAP_EXTENTS];
};

/**
 * idpool_take - find the user's groups, and numbers that nobody else has; note them
 *
 * Of pick: free ones. Of UID:RANGE: those, unless a user of the host, the subordinate ids of
 * somebody else or another container's pick have one of them (CTR_E_CONFIG, EEXIST); containers of
 * one such definition share them. Of a user namespace that is joined: those of the container whose
 * it is, a living one that no login has made (CTR_E_CONFIG, EPERM). By a child with a deadline
 * (MUST-4).
 */
int idpool_take(const struct idpool_job *job, struct idpool_answer *answer,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** idpool_parse - a note, "BASE:RANGE:pick" or "BASE:RANGE:fixed". 0, -EBADMSG */
int idpool_parse(const char *text, struct idmap_choice *ret) ATTR_WARN_UNUSED;

/** idpool_taken - what other containers have noted; picks: of those with pick alone */
int idpool_taken(const struct idpool_job *job, bool picks, struct subid_list *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOOKSTATE_H
#define HOOKSTATE_H

#include "hook.h"
#include "state.h"

/* Hooks of a container that has a record. */

/**
 * hookstate_format - the state of the OCI runtime specification (1.0.2) as JSON
 * @status: "creating", "created", "running", "stopped"
 * @bundle: its folder
 *
 * pid is left out when it is 0. What libcontainer's hooks read (id, pid, root) is there, too. In
 * new memory that the caller frees; NULL with errno ENOMEM.
 */
char *hookstate_format(const struct state *st, const struct spec *spec, const char *status,
		       const char *bundle);

/**
 * hookstate_poststop - the Poststop= hooks of the definition on record, all of them
 * @dirfd: its folder, which must still be there: who dies meanwhile leaves it, and with it the
 *	hooks, to who reaps it (MUST-9)
 *
 * The first failure is told; the others are run all the same.
 */
int hookstate_poststop(const struct state *st, int dirfd, struct ctr_error *err) ATTR_WARN_UNUSED;

/** hookstate_folder - path of the folder of a descriptor; "/" where it has none */
void hookstate_folder(int dirfd, char *dst, size_t size);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPACE_H
#define SPACE_H

#include "create.h"

/* Namespaces of a container that is being made: its own, and those of others that it joins. */

/** space_open - those that the definition names by path, before anything is made */
int space_open(struct create *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/** space_close - let go of them */
void space_close(struct create *c);

/**
 * space_own - CLONE_NEW* of those that are new with the set-up child
 *
 * Not that of cgroups, made when its root is there, nor that of time, made with its offsets.
 */
uint64_t space_own(const struct spec *spec);

/** space_joined - the descriptor to join for a type, -1: it has its own, or the host's */
int space_joined(const struct create *c, uint64_t flag);

/** space_enter - in the set-up child: ipc, uts and time, before any name is set */
int space_enter(const struct create *c, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

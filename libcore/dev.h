/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEV_H
#define DEV_H

#include "root.h"

/**
 * dev_build - the container's own /dev below an attached root
 * @rootfd: the new root
 * @hostfd: the host's, in this mount namespace
 *
 * tmpfs with null zero full random urandom tty, pts (own devpts), ptmx, shm, mqueue, console, the
 * fd links, the nodes of Devices=, and /dev/.container with the two helpers, read-only.
 */
int dev_build(int rootfd, int hostfd, const struct spec *spec, const struct root_facts *facts,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

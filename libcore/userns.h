/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef USERNS_H
#define USERNS_H

#include <stdint.h>

#include "err.h"
#include "idmap.h"

/*
 * The user namespace of a container. It is made, with its maps, before the container's first
 * process is: that one prepares the tree as root of the host, in network, ipc and uts namespaces
 * that are the user namespace's already, and enters it last. Layer 2.
 */

enum { USERNS_IPC, USERNS_UTS, USERNS_NET, USERNS_OWNED };

/** struct userns - one, and what is its own; descriptors are -1 when absent */
struct userns {
	struct idmap_choice choice;
	struct idmap uid, gid;
	int fd;			 /* of the namespace */
	int hole_fd;		 /* of one whose map leaves out the range, for mounts of the host */
	int owned[USERNS_OWNED]; /* CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWNET */
};

/** userns_init - no namespace, descriptors -1 */
void userns_init(struct userns *u);

/** userns_done - close; the namespaces live on in who entered them */
void userns_done(struct userns *u);

/** struct userns_who - who logs in, whose numbers stay what they are */
struct userns_who {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t ngroups;
};

/** userns_map - fill uid and gid from choice. -E2BIG, -EEXIST as idmap_make() */
int userns_map(struct userns *u, const struct userns_who *who,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * userns_make - the namespace with its maps and, of flags (CLONE_NEWIPC, CLONE_NEWUTS,
 * CLONE_NEWNET), namespaces that it owns
 * @joined: one that is there, with those maps (userns_verify()), in place of a new one; -1
 */
int userns_make(struct userns *u, int joined, uint64_t flags,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** userns_enter_owned - into what userns_make() has made besides; this stays root of the host */
int userns_enter_owned(const struct userns *u, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * userns_build_as_root - files that this process makes from now on are those of root inside
 *
 * Its privileges stay: setfsuid(2) would take those over files.
 */
int userns_build_as_root(const struct userns *u, struct ctr_error *err) ATTR_WARN_UNUSED;

/** userns_enter - become root of the namespace, for good, in a mount namespace that it owns */
int userns_enter(const struct userns *u, struct ctr_error *err) ATTR_WARN_UNUSED;

/** userns_verify - MUST-1: is that process in it, with those maps, and whose are its namespaces? */
int userns_verify(const struct userns *u, int pid, struct ctr_error *err) ATTR_WARN_UNUSED;

/** userns_connect - connect to the socket of that path as root of the namespace. fd or -errno */
int userns_connect(const struct userns *u, const char *path) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MOUNTMAKE_H
#define MOUNTMAKE_H

#include "mountline.h"

/** struct mountmake - where mounts are made; descriptors are borrowed */
struct mountmake {
	int host, root; /* O_PATH; the old tree and the new one */
	int hole; /* user namespace that keeps its numbers out of what is written (userns.h); -1 */
	const char *hidepid; /* "hidepid=..." of ProtectProc=, NULL */
};

/**
 * mountmake - make one line's mount, all but cgroup (mountcg.h), and attach it
 *
 * All by descriptors, in the tree and in the host's (MUST-5). Missing destinations are made. What
 * is mounted in the host's place keeps its flags: ours are added (mount_setattr(2) clears none).
 */
int mountmake(const struct mountmake *w, const struct mountline *m,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/** mountmake_bind - attach what a descriptor shows, with options, at a path of the new tree */
int mountmake_bind(const struct mountmake *w, int from, const char *dest,
		   const struct mountline_options *o, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HELDCOPY_H
#define HELDCOPY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Files that were open, in a copy on another machine (MUST-10): their inodes are others there, and
 * what is as good is decided by name, type, owner and mode.
 */

/** struct heldcopy - the container that came from another machine, before anything of it runs */
struct heldcopy {
	int root;   /* its root, O_PATH */
	uid_t user; /* whose it is; 0: nobody's, or root's */
	bool roots; /* it is root's, who may have everything */
};

/** heldcopy_is_same - are both lines of held_read() of the same file, by its inode? Pure */
bool heldcopy_is_same(const char *want, const char *have);

/**
 * heldcopy_is_as_good - may that file stand for the one of the other machine?
 *
 * Name, type, mode, owner and group are the same, and no link was followed: a path that the kernel
 * tells has none. It is a file or folder that is the user's own; or one that everybody may read,
 * that is open for no more, and that only root can put there: every folder on its way, and itself,
 * are root's and nobody else's to write to, and everybody may pass. Looks at the path, below
 * c->root.
 */
bool heldcopy_is_as_good(const struct heldcopy *c, const char *want, const char *have);

#endif

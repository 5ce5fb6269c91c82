/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TREE_H
#define TREE_H

#include <stdint.h>

#include "ckptkey.h"

/*
 * What is in the folder of a checkpoint: regular files and folders with plain names, and the links
 * `parent` by which CRIU finds the images before its own. Everything else is refused.
 */

enum {
	TREE_PATH_MAX = 100, /* bytes of a path; also what a tar header holds */
	TREE_DEPTH_MAX = 8,
	TREE_ENTRIES_MAX = 65536,
	TREE_NONCE = 64, /* digits */
};

enum tree_type { TREE_FOLDER, TREE_FILE, TREE_LINK };

/** struct tree_entry - one of them */
struct tree_entry {
	char path[TREE_PATH_MAX + 1]; /* relative to the folder */
	enum tree_type type;
	uint64_t size;		      /* of a file */
	char text[TREE_PATH_MAX + 1]; /* tag of a file (tag.h), target of a link */
};

/** struct tree - sorted by path; {0} is the empty one */
struct tree {
	struct tree_entry *v;
	size_t n;
};

/** tree_done - free it; leaves the empty one */
void tree_done(struct tree *t);
#define autotree __attribute__((cleanup(tree_done)))

/** tree_add - a new entry at the end, zeroed; NULL without memory or over TREE_ENTRIES_MAX */
struct tree_entry *tree_add(struct tree *t);

/** tree_sort - by path */
void tree_sort(struct tree *t);

/** tree_name_is_plain - [A-Za-z0-9_][A-Za-z0-9_.+=@:-]*: no folder above, nothing hidden */
bool tree_name_is_plain(const char *name);

/** tree_path_is_plain - plain names with '/' between, at most TREE_PATH_MAX bytes */
bool tree_path_is_plain(const char *path);

/**
 * tree_link_is_plain - a link named `parent`, below the top, to a neighbour of its folder:
 * "../NAME"
 */
bool tree_link_is_plain(const char *path, const char *target);

enum tree_how {
	TREE_SETTLE, /* what is not 0600 or 0700 is made so */
	TREE_STRICT, /* it is refused: CTR_E_IMAGE, -EPERM */
};

/**
 * tree_scan - what is in the folder, without tags
 * @how: everything must be our own either way
 *
 * manifest.json and manifest.mac at its top are not in the list. CTR_E_IMAGE, -EINVAL, for what has
 * no place there.
 */
int tree_scan(int dirfd, enum tree_how how, struct tree *ret,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/** tree_sync - what was written of its files and folders is on the disk when this returns */
int tree_sync(int dirfd, const struct tree *t, struct ctr_error *err) ATTR_WARN_UNUSED;

/** tree_remove - remove a folder with all in it, whatever that is; absent is fine */
int tree_remove(int parentfd, const char *name, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

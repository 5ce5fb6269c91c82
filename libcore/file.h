/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * Configuration files as text: which are there, in which order, and whether they can be trusted
 * (MUST-8: they and each folder above are root's and nobody else's to write).
 */

/** struct file_text - one file, read whole */
struct file_text {
	char *path, *text;
	size_t len;
};

/** struct file_set - files in the order in which they apply; {0} is the empty one */
struct file_set {
	struct file_text *v;
	size_t n;
	bool untrusted; /* in: skip owner and mode checks */
};

/** file_set_done - free all; leaves the empty one */
void file_set_done(struct file_set *set);
#define autofileset __attribute__((cleanup(file_set_done)))

/**
 * file_add - read FILE
 *
 * -ENOENT when it is not there, -ERFKILL when it is a link to /dev/null (masked), else as
 * path_open_trusted(). err is filled for all.
 */
int file_add(struct file_set *set, const char *path, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * file_add_dropins - read DIR/NAME.conf of the folders, in C-locale order of NAME
 * @dirs: first one wins where names are equal; n of them; missing folders and NULLs are fine
 */
int file_add_dropins(struct file_set *set, const char *const *dirs, size_t n,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

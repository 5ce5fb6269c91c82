/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TAGWATCH_H
#define TAGWATCH_H

#include "tag.h"

/*
 * The MACs of memory images while CRIU still dumps: it writes pages-N.img of one process after the
 * other, each once and whole, and is at work on one CPU.
 */

/** struct tagwatch - a folder that is looked at; release with tagwatch_close() */
struct tagwatch {
	int fd;		    /* inotify(7) */
	const char *folder; /* below the context's, borrowed */
};

/** tagwatch_open - from here on nothing that is written there is missed */
int tagwatch_open(int dirfd, const char *folder, struct tagwatch *ret) ATTR_WARN_UNUSED;

/**
 * tagwatch_run - MACs of each file that is closed, until a descriptor can be read or is hung up
 *
 * What was closed again since is not known then, and nothing is when events were lost: tag_tree()
 * makes up for it, and for files that could not be read.
 */
int tagwatch_run(const struct tagwatch *w, const struct tag_context *c, int until,
		 struct tag_known *known) ATTR_WARN_UNUSED;

void tagwatch_close(struct tagwatch *w);

#endif

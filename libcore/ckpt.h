/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CKPT_H
#define CKPT_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

/*
 * What the folder of a checkpoint has besides CRIU's images and the manifest:
 *
 * | state.json  the container's record (record.h)
 * | plan        how to restore: this file's business
 * | held        what processes had open of other file systems (held.h)
 * | places      CPUs and I/O priorities of threads (place.h)
 * | upper.tar   what was written into an overlay (treetar.h)
 * | images/     of CRIU; pre-N/ of the pre-dumps before
 */

#define CKPT_IMAGES "images"
#define CKPT_PRE    "pre-" /* and a number from 1 */
#define CKPT_UPPER  "upper.tar"

/** struct ckpt - the plan of a restore; {0} is the empty one, ckpt_done() frees */
struct ckpt {
	struct strv walls, externals; /* mntlist.h */
	struct strv held, places;     /* held.h, place.h; in files of their own */
	bool tcp_established, file_locks, ext_unix;
	bool left_running; /* the container went on: no login gets it back by itself */
};

/** ckpt_format - as text in new memory. NULL: ENOMEM, or EINVAL for a newline in a path */
char *ckpt_format(const struct ckpt *c);

/** ckpt_parse - the reverse; -EBADMSG (CTR_E_IMAGE) for what ckpt_format() does not write */
int ckpt_parse(const char *text, struct ckpt *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckpt_write, ckpt_read - the file `plan` of a folder */
int ckpt_write(int dirfd, const struct ckpt *c, struct ctr_error *err) ATTR_WARN_UNUSED;
int ckpt_read(int dirfd, struct ckpt *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ckpt_write_held, ckpt_write_places - the files `held` and `places`, which ckpt_read() reads too
 */
int ckpt_write_held(int dirfd, const struct strv *held, struct ctr_error *err) ATTR_WARN_UNUSED;
int ckpt_write_places(int dirfd, const struct strv *places, struct ctr_error *err) ATTR_WARN_UNUSED;

void ckpt_done(struct ckpt *c);
#define autockpt __attribute__((cleanup(ckpt_done)))

#endif

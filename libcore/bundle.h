/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "manifest.h"

/*
 * A checkpoint as one file: a tar archive of exactly one form, so that tar(1) lists it and nothing
 * in it is believed before the MAC was compared (MUST-10).
 *
 * | ID/manifest.mac, ID/manifest.json   first: read into memory, checked, then parsed
 * | ID/...                              what the manifest lists, in its order
 * | two empty blocks, end of file
 *
 * The reader makes each header that must come from the signed manifest and compares it. There is no
 * path, type or size in the rest of the archive that it would act on.
 */

/** struct bundle - one that is read; release with bundle_done() */
struct bundle {
	int fd; /* borrowed; read once, from where it stands: a pipe will do */
	const struct ckptkey *key;
	struct manifest_text text;
	struct manifest manifest;
	struct tree tree;
};

/**
 * bundle_write - a verified checkpoint into a file or pipe
 * @dirfd: verified here and now; what changes while it is written is -EBADMSG (CTR_E_IMAGE)
 */
int bundle_write(int dirfd, const struct ckptkey *key, int out,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * bundle_open - read and check the manifest: who it is of, what will come
 *
 * Errors as manifest_verify(); -EBADMSG (CTR_E_IMAGE) too for what is no bundle.
 */
int bundle_open(int fd, const struct ckptkey *key, struct bundle *ret,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * bundle_unpack - the rest of it into an empty folder, and verify that
 *
 * On failure the folder has some of it in and is to be removed.
 */
int bundle_unpack(const struct bundle *b, int dirfd, struct ctr_error *err) ATTR_WARN_UNUSED;

void bundle_done(struct bundle *b);
#define autobundle __attribute__((cleanup(bundle_done)))

#endif

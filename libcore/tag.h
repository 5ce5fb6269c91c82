/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TAG_H
#define TAG_H

#include "tree.h"

/*
 * What in a signed manifest stands for the content of a file (MUST-10).
 *
 * Images are read whole at each dump and each restore, and are as large as the memory of a
 * container: this is what such a restore waits for. So a file is cut into pieces of TAG_PIECE
 * bytes, each gets its Poly1305 with a key of its own (made of the checkpoint key, the manifest's
 * nonce, the path and the number of the piece, so never used twice), on as many CPUs as there are;
 * the tag is a keyed BLAKE2b-256 of all of these.
 */

enum { TAG_PIECE = 16 << 20, TAG_THREADS_MAX = 8 };

/** struct tag_context - what tags are made with; a nonce never serves another checkpoint */
struct tag_context {
	int dirfd;
	const struct ckptkey *key;
	const char *nonce; /* TREE_NONCE digits */
};

/**
 * tag_tree - the tag of every file into its text
 *
 * May start threads, which take no signals and have ended when it returns. -EBADMSG (CTR_E_IMAGE)
 * for a file whose size is another by now; texts are then unspecified.
 */
int tag_tree(const struct tag_context *c, struct tree *t, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

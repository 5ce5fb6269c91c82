/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TAG_H
#define TAG_H

#include <sys/stat.h>

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

enum { TAG_PIECE = 16 << 20, TAG_THREADS_MAX = 8, TAG_MAC = crypto_onetimeauth_BYTES };

/** struct tag_file - the MACs of a file's pieces, and what the file was when they were made */
struct tag_file {
	char path[TREE_PATH_MAX + 1];
	struct stat st;
	unsigned char *macs; /* TAG_MAC bytes each */
};

/** struct tag_known - of several files, made before tag_tree(); {0} is none */
struct tag_known {
	struct tag_file *v;
	size_t n;
};

/** enum tag_part - which files: CRIU's memory images, or what is needed before CRIU runs */
enum tag_part { TAG_ALL, TAG_MEMORY, TAG_OTHERS };

/** struct tag_context - what tags are made with; a nonce never serves another checkpoint */
struct tag_context {
	int dirfd;
	const struct ckptkey *key;
	const char *nonce;	       /* TREE_NONCE digits */
	const struct tag_known *known; /* of the same key and nonce; NULL: none */
	enum tag_part part;
};

/** tag_is_in - is that file in that part? Pure */
bool tag_is_in(enum tag_part part, const char *path);

/**
 * tag_early - add the MACs of one file that nobody writes to any more
 *
 * In place of those that were known of it, which nobody has seen: of all that were made with a
 * key one alone reaches a tag.
 */
int tag_early(const struct tag_context *c, const char *path,
	      struct tag_known *known) ATTR_WARN_UNUSED;

/** tag_forget - what is known of that file is known no more; not there is fine */
void tag_forget(struct tag_known *known, const char *path);

/** tag_known_done - free it; leaves the empty one */
void tag_known_done(struct tag_known *known);
#define autoknown __attribute__((cleanup(tag_known_done)))

/**
 * tag_tree - the tag of every file of the part into its text
 *
 * What is known of a file is believed where its inode, size and times are those that it had.
 * May start threads, which take no signals and have ended when it returns. -EBADMSG (CTR_E_IMAGE)
 * for a file whose size is another by now; texts are then unspecified.
 */
int tag_tree(const struct tag_context *c, struct tree *t, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "hostfacts.h"
#include "state.h"
#include "tag.h"

/*
 * What makes the folder of a checkpoint trustworthy (MUST-10): manifest.json says of whom and of
 * which machine it is and lists every file, manifest.mac is keyed BLAKE2b-256 of its very bytes.
 */

enum { MANIFEST_FORMAT = 1, MANIFEST_TEXT_MAX = 32 << 20, MANIFEST_MAC_MAX = 256 };

/** struct manifest - what is known of a checkpoint; plain data */
struct manifest {
	char id[STATE_ID_MAX + 1]; /* of the container */
	char user[64];		   /* as in its record */
	char definition[STATE_ID_MAX + 1];
	char definition_digest[SODIUMLIB_HEX]; /* of its canonical text: manifest_digest() */
	uint32_t uid;
	struct hostfacts host;
	char criu[32];			   /* version: "4.1.1" */
	char init_digest[SODIUMLIB_HEX];   /* of the helpers that are in its processes, as files: */
	char attach_digest[SODIUMLIB_HEX]; /* manifest_digest_file(); "": not needed at restore */
	uint64_t counter;		   /* ledger.h */
	uint64_t created_us;		   /* CLOCK_REALTIME */
	int leave_running;		   /* 1: the container went on after the dump */
	/* filled by manifest_write() and by who reads */
	char nonce[TREE_NONCE + 1];
	char key_id[CKPTKEY_ID];
	uint64_t files, bytes; /* number of files, sum of their sizes */
};

/** manifest_digest - of a text, the definition's canonical one: it says whether it is the same */
int manifest_digest(const struct sodiumlib *lib, const char *text,
		    char ret[SODIUMLIB_HEX]) ATTR_WARN_UNUSED;

/** manifest_digest_file - of a file's content, at most 64 MiB */
int manifest_digest_file(const struct sodiumlib *lib, int dirfd, const char *path,
			 char ret[SODIUMLIB_HEX]) ATTR_WARN_UNUSED;

/**
 * manifest_describe - what a checkpoint of that container, taken here and now, says of its owner,
 * definition and machine
 *
 * Everything else in *ret is empty: digests of helpers, criu, counter and the rest are the
 * caller's. What a checkpoint says is compared with this by fit.h.
 */
int manifest_describe(const struct state *st, const struct sodiumlib *lib, struct manifest *ret,
		      struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * manifest_write - list and sign what is in the folder
 * @m: filled but for the last members, which are filled here
 *
 * Files become 0600, folders 0700. -EINVAL (CTR_E_IMAGE) for what has no place in an image; the
 * rest is tree_scan()'s and the disk's. What it wrote is synced; images are not (tree_sync()).
 */
int manifest_write(int dirfd, struct manifest *m, const struct ckptkey *key,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** manifest_nonce - a new one; -EIO */
int manifest_nonce(const struct sodiumlib *lib, char ret[TREE_NONCE + 1]) ATTR_WARN_UNUSED;

/** manifest_write_with - the same with a nonce of manifest_nonce(), and what is known by it */
int manifest_write_with(const struct tag_context *c, struct manifest *m,
			struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * manifest_verify - is the folder what was signed, to the last byte?
 *
 * The MAC is compared before anything is parsed; then names, sizes and tags of all files. Says
 * which file and what: changed, truncated, longer, missing, not signed. CTR_E_IMAGE with -EBADMSG;
 * -EKEYREJECTED for another key's, -EPROTONOSUPPORT for a later format, -EPERM for an owner or
 * mode, -EINVAL for what has no place in an image. Only the container's state and the ledger can
 * tell whether it may be used.
 */
int manifest_verify(int dirfd, const struct ckptkey *key, struct manifest *ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct manifest_check - the same by parts; release with manifest_check_done() */
struct manifest_check {
	int dirfd;
	const struct ckptkey *key;
	struct manifest m;
	struct tree want, is;
};

/** manifest_check_begin - all but the tags; nothing to release on failure */
int manifest_check_begin(int dirfd, const struct ckptkey *key, struct manifest_check *ret,
			 struct ctr_error *err) ATTR_WARN_UNUSED;

/** manifest_check_tags - those of a part */
int manifest_check_tags(struct manifest_check *k, enum tag_part part,
			struct ctr_error *err) ATTR_WARN_UNUSED;

void manifest_check_done(struct manifest_check *k);

/** manifest_read - as far as the manifest itself goes: MAC and content, no file */
int manifest_read(int dirfd, const struct ckptkey *key, struct manifest *ret,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** manifest_key_id - whose MAC the folder has, as it says; not checked. -EBADMSG, -ENOENT */
int manifest_key_id(int dirfd, char ret[CKPTKEY_ID]) ATTR_WARN_UNUSED;

/** struct manifest_text - a manifest as bytes, with its MAC; free with manifest_text_done() */
struct manifest_text {
	char *text;
	size_t len;
	char mac[MANIFEST_MAC_MAX]; /* manifest.mac as it is */
};

/** manifest_text_read - from the folder; -ENOENT (CTR_E_IMAGE) when one is missing */
int manifest_text_read(int dirfd, struct manifest_text *ret,
		       struct ctr_error *err) ATTR_WARN_UNUSED;

/** manifest_text_check - compare the MAC, then read; errors as manifest_verify() */
int manifest_text_check(const struct manifest_text *t, const struct ckptkey *key,
			struct manifest *ret, struct tree *ret_tree,
			struct ctr_error *err) ATTR_WARN_UNUSED;

void manifest_text_done(struct manifest_text *t);
#define automanifest __attribute__((cleanup(manifest_text_done)))

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ZSTDLIB_H
#define ZSTDLIB_H

#include <stdint.h>
#include <zstd.h>

#include "err.h"

/*
 * libzstd, opened at run time by who compresses a checkpoint or restores such a one, as libsodium
 * is (sodiumlib.h): one file after the other, by descriptors.
 */

/** struct zstdlib - the library and what we use of it; close with zstdlib_close() */
struct zstdlib {
	void *lib;
	__typeof__(ZSTD_createCCtx) *new_packer;
	__typeof__(ZSTD_freeCCtx) *free_packer;
	__typeof__(ZSTD_CCtx_setParameter) *set_packer;
	__typeof__(ZSTD_compressStream2) *pack;
	__typeof__(ZSTD_createDCtx) *new_unpacker;
	__typeof__(ZSTD_freeDCtx) *free_unpacker;
	__typeof__(ZSTD_DCtx_setParameter) *set_unpacker;
	__typeof__(ZSTD_decompressStream) *unpack;
	__typeof__(ZSTD_isError) *is_error;
};

enum { ZSTDLIB_LEVEL = 1, ZSTDLIB_WORKERS = 4 /* at most; no more than CPUs */ };

/** zstdlib_open - CTR_E_UNSUPPORTED when the library or one of its functions is not there */
int zstdlib_open(struct zstdlib *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** zstdlib_close - let go of it */
void zstdlib_close(struct zstdlib *l);
#define autozstd __attribute__((cleanup(zstdlib_close)))

/**
 * zstdlib_pack - what is read from in to its end, as one frame to out
 * @ret_plain: how many bytes were read
 *
 * -EIO when the library fails, else read(2)'s and write(2)'s
 */
int zstdlib_pack(const struct zstdlib *l, int in, int out, uint64_t *ret_plain) ATTR_WARN_UNUSED;

/**
 * zstdlib_unpack - the reverse, of which exactly that many bytes must come
 *
 * No byte more is written: -EFBIG. -EBADMSG for what ends before, goes on behind its frame, is no
 * frame or wants more memory than a frame of ours does.
 */
int zstdlib_unpack(const struct zstdlib *l, int in, int out, uint64_t plain) ATTR_WARN_UNUSED;

#endif

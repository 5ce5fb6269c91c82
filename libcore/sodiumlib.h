/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SODIUMLIB_H
#define SODIUMLIB_H

#include <sodium.h>

#include "err.h"

/*
 * libsodium, opened at run time by who signs or verifies a checkpoint: no supervisor, no login and
 * no user of the shared library carries it otherwise.
 */

/** struct sodiumlib - the library and what we use of it; close with sodiumlib_close() */
struct sodiumlib {
	void *lib;
	__typeof__(sodium_init) *init;
	__typeof__(sodium_memcmp) *equal;
	__typeof__(sodium_memzero) *zero;
	__typeof__(sodium_bin2hex) *hex;
	__typeof__(sodium_hex2bin) *unhex;
	__typeof__(crypto_generichash_blake2b_salt_personal) *hash;
	__typeof__(crypto_onetimeauth_init) *auth_init;
	__typeof__(crypto_onetimeauth_update) *auth_update;
	__typeof__(crypto_onetimeauth_final) *auth_final;
};

enum { SODIUMLIB_KEY = 32, SODIUMLIB_HASH = 32, SODIUMLIB_HEX = 2 * SODIUMLIB_HASH + 1 };

/** sodiumlib_open - CTR_E_UNSUPPORTED when the library or one of its functions is not there */
int sodiumlib_open(struct sodiumlib *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** sodiumlib_close - let go of it */
void sodiumlib_close(struct sodiumlib *l);
#define autosodium __attribute__((cleanup(sodiumlib_close)))

/** struct sodiumlib_in - what is hashed */
struct sodiumlib_in {
	const unsigned char *key; /* SODIUMLIB_KEY bytes; NULL: a plain hash */
	const char *purpose;	  /* at most 16 bytes; equal keys give other results for another */
	const void *data;
	size_t len;
};

/** sodiumlib_hash - BLAKE2b-256 of it. 0, -EINVAL */
int sodiumlib_hash(const struct sodiumlib *l, const struct sodiumlib_in *in,
		   unsigned char ret[SODIUMLIB_HASH]) ATTR_WARN_UNUSED;

/** sodiumlib_hash_hex - the same as text */
int sodiumlib_hash_hex(const struct sodiumlib *l, const struct sodiumlib_in *in,
		       char ret[SODIUMLIB_HEX]) ATTR_WARN_UNUSED;

#endif

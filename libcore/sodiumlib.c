/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sodiumlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "dynlib.h"

static const char *const names[] = {"libsodium.so.26", "libsodium.so.23"}; /* 1.0.19, before */

static const struct dynlib_function functions[] = {
    {"sodium_init", offsetof(struct sodiumlib, init)},
    {"sodium_memcmp", offsetof(struct sodiumlib, equal)},
    {"sodium_memzero", offsetof(struct sodiumlib, zero)},
    {"sodium_bin2hex", offsetof(struct sodiumlib, hex)},
    {"sodium_hex2bin", offsetof(struct sodiumlib, unhex)},
    {"crypto_generichash_blake2b_salt_personal", offsetof(struct sodiumlib, hash)},
    {"crypto_onetimeauth_init", offsetof(struct sodiumlib, auth_init)},
    {"crypto_onetimeauth_update", offsetof(struct sodiumlib, auth_update)},
    {"crypto_onetimeauth_final", offsetof(struct sodiumlib, auth_final)},
};

int sodiumlib_open(struct sodiumlib *ret, struct ctr_error *err)
{
	autosodium struct sodiumlib l = {0};
	const char *missing;

	for (size_t i = 0; !l.lib && i < ARRAY_SIZE(names); i++)
		l.lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!l.lib)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint",
			       "checkpoints need libsodium: %s", dlerror());
	missing = dynlib_find(l.lib, functions, ARRAY_SIZE(functions), &l);
	if (missing)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint", "libsodium lacks %s",
			       missing);
	if (l.init() < 0)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint",
			       "libsodium does not start");
	*ret = l;
	l.lib = NULL;
	return 0;
}

void sodiumlib_close(struct sodiumlib *l)
{
	if (l->lib)
		(void)dlclose(l->lib); /* it may stay loaded, as it pleases */
	l->lib = NULL;
}

int sodiumlib_hash(const struct sodiumlib *l, const struct sodiumlib_in *in,
		   unsigned char ret[SODIUMLIB_HASH])
{
	unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
	size_t len = strlen(in->purpose);

	if (len > sizeof(personal))
		return -EINVAL;
	memcpy(personal, in->purpose, len);
	if (l->hash(ret, SODIUMLIB_HASH, in->data, in->len, in->key, in->key ? SODIUMLIB_KEY : 0,
		    NULL, personal) != 0)
		return -EINVAL;
	return 0;
}

int sodiumlib_hash_hex(const struct sodiumlib *l, const struct sodiumlib_in *in,
		       char ret[SODIUMLIB_HEX])
{
	unsigned char hash[SODIUMLIB_HASH];
	int r = sodiumlib_hash(l, in, hash);

	if (r == 0)
		(void)l->hex(ret, SODIUMLIB_HEX, hash, sizeof(hash));
	return r;
}

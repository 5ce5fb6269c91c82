/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nftlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** struct nft - libnftables, as far as it is used; declared as in nftables/libnftables.h */
struct nft {
	void *(*new)(uint32_t flags);
	void (*free)(void *ctx);
	int (*buffer_output)(void *ctx);
	int (*buffer_error)(void *ctx);
	const char *(*output)(void *ctx);
	const char *(*error)(void *ctx);
	int (*run)(void *ctx, const char *commands);
};

static void *find(void *lib, const char *name, void *function, size_t size)
{
	void *f = dlsym(lib, name);

	memcpy(function, &f, size);
	return f;
}

#define FIND(nft, lib, member, name) find(lib, name, &(nft)->member, sizeof((nft)->member))

static int load(struct nft *nft)
{
	void *lib = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);

	return lib && FIND(nft, lib, new, "nft_ctx_new") && FIND(nft, lib, free, "nft_ctx_free") &&
		       FIND(nft, lib, buffer_output, "nft_ctx_buffer_output") &&
		       FIND(nft, lib, buffer_error, "nft_ctx_buffer_error") &&
		       FIND(nft, lib, output, "nft_ctx_get_output_buffer") &&
		       FIND(nft, lib, error, "nft_ctx_get_error_buffer") &&
		       FIND(nft, lib, run, "nft_run_cmd_from_buffer")
		   ? 0
		   : -ENOTSUP;
}

static int fail(const char *why, struct ctr_error *err)
{
	return err_set(err, CTR_E_SYSTEM, EIO, "nftables", "%.*s",
		       (int)strcspn(why ? why : "", "\n"), why ? why : "");
}

int nftlib_run(const char *commands, char **ret, struct ctr_error *err)
{
	struct nft nft;
	char *text = NULL;
	void *ctx;
	int r = load(&nft);

	if (r < 0)
		return err_set(err, CTR_E_UNSUPPORTED, -r, "nftables", "libnftables is not there");
	ctx = nft.new(0);
	if (!ctx || nft.buffer_output(ctx) != 0 || nft.buffer_error(ctx) != 0)
		r = err_sys(err, ENOMEM, "nftables", "open libnftables");
	else if (nft.run(ctx, commands) != 0)
		r = fail(nft.error(ctx), err);
	else if (ret && !(text = strdup(nft.output(ctx))))
		r = err_sys(err, ENOMEM, "nftables", "read the output");
	if (ctx)
		nft.free(ctx);
	if (r == 0 && ret)
		*ret = text;
	return r;
}

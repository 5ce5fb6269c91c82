/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zstdlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "dynlib.h"
#include "fd.h"

/* WINDOW_LOG: four times that of ZSTDLIB_LEVEL; what a frame asks for is allocated */
enum { BUFFER = 1 << 20, WINDOW_LOG = 21 };

static const struct dynlib_function functions[] = {
    {"ZSTD_createCCtx", offsetof(struct zstdlib, new_packer)},
    {"ZSTD_freeCCtx", offsetof(struct zstdlib, free_packer)},
    {"ZSTD_CCtx_setParameter", offsetof(struct zstdlib, set_packer)},
    {"ZSTD_compressStream2", offsetof(struct zstdlib, pack)},
    {"ZSTD_createDCtx", offsetof(struct zstdlib, new_unpacker)},
    {"ZSTD_freeDCtx", offsetof(struct zstdlib, free_unpacker)},
    {"ZSTD_DCtx_setParameter", offsetof(struct zstdlib, set_unpacker)},
    {"ZSTD_decompressStream", offsetof(struct zstdlib, unpack)},
    {"ZSTD_isError", offsetof(struct zstdlib, is_error)},
};

int zstdlib_open(struct zstdlib *ret, struct ctr_error *err)
{
	autozstd struct zstdlib l = {.lib = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL)};
	const char *missing;

	if (!l.lib)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint",
			       "compressed checkpoints need libzstd: %s", dlerror());
	missing = dynlib_find(l.lib, functions, ARRAY_SIZE(functions), &l);
	if (missing)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint", "libzstd lacks %s",
			       missing);
	*ret = l;
	l.lib = NULL;
	return 0;
}

void zstdlib_close(struct zstdlib *l)
{
	if (l->lib)
		(void)dlclose(l->lib); /* it may stay loaded, as it pleases */
	l->lib = NULL;
}

/** struct flow - from a descriptor to another */
struct flow {
	const struct zstdlib *l;
	int in, out;
	unsigned char *from, *to; /* BUFFER bytes each */
};

static void flow_done(struct flow *f)
{
	free(f->from);
	free(f->to);
}

#define autoflow __attribute__((cleanup(flow_done)))

static int flow_open(struct flow *f)
{
	f->from = malloc(BUFFER);
	f->to = malloc(BUFFER);
	return f->from && f->to ? 0 : -ENOMEM;
}

/* ---- packing ---- */

/* All that there is of it; at the end to the end of the frame. */
static int put(const struct flow *f, ZSTD_CCtx *c, size_t n)
{
	ZSTD_inBuffer in = {f->from, n, 0};
	ZSTD_EndDirective how = n ? ZSTD_e_continue : ZSTD_e_end;
	size_t left;
	int r;

	do {
		ZSTD_outBuffer out = {f->to, BUFFER, 0};

		left = f->l->pack(c, &out, &in, how);
		if (f->l->is_error(left))
			return -EIO;
		r = fd_write_all(f->out, f->to, out.pos);
	} while (r == 0 && (n ? in.pos < in.size : left > 0));
	return r;
}

/* Threads that cannot be had are done without. */
static int prepare(const struct zstdlib *l, ZSTD_CCtx *c)
{
	cpu_set_t set;
	int cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	if (cpus > 1)
		(void)l->set_packer(c, ZSTD_c_nbWorkers,
				    cpus < ZSTDLIB_WORKERS ? cpus : ZSTDLIB_WORKERS);
	return l->is_error(l->set_packer(c, ZSTD_c_compressionLevel, ZSTDLIB_LEVEL)) ? -EIO : 0;
}

static int pack(const struct flow *f, ZSTD_CCtx *c, uint64_t *ret_plain)
{
	uint64_t plain = 0;
	ssize_t n = 1;
	int r = prepare(f->l, c);

	while (r == 0 && n > 0) {
		n = fd_read_all(f->in, f->from, BUFFER);
		r = n < 0 ? (int)n : put(f, c, (size_t)n);
		plain += n > 0 ? (uint64_t)n : 0;
	}
	if (r == 0)
		*ret_plain = plain;
	return r;
}

int zstdlib_pack(const struct zstdlib *l, int in, int out, uint64_t *ret_plain)
{
	autoflow struct flow f = {.l = l, .in = in, .out = out};
	ZSTD_CCtx *c;
	int r = flow_open(&f);

	if (r < 0)
		return r;
	c = l->new_packer();
	r = c ? pack(&f, c, ret_plain) : -ENOMEM;
	(void)l->free_packer(c); /* NULL is fine */
	return r;
}

/* ---- unpacking ---- */

/** struct rest - of what is to come */
struct rest {
	uint64_t bytes;
	bool ended; /* the frame */
};

/* MUST-10: what is more than was signed for is not written. */
static int take(const struct flow *f, ZSTD_DCtx *d, size_t n, struct rest *rest)
{
	ZSTD_inBuffer in = {f->from, n, 0};
	ZSTD_outBuffer out;
	int r = 0;

	do {
		size_t left;

		if (rest->ended)
			return -EBADMSG;
		out = (ZSTD_outBuffer){f->to, BUFFER, 0};
		left = f->l->unpack(d, &out, &in);
		if (f->l->is_error(left))
			return -EBADMSG;
		if (out.pos > rest->bytes)
			return -EFBIG;
		rest->bytes -= out.pos;
		rest->ended = left == 0;
		r = fd_write_all(f->out, f->to, out.pos);
	} while (r == 0 && (in.pos < in.size || (out.pos == out.size && !rest->ended)));
	return r;
}

static int unpack(const struct flow *f, ZSTD_DCtx *d, uint64_t plain)
{
	struct rest rest = {plain, false};
	ssize_t n = 1;
	int r = f->l->is_error(f->l->set_unpacker(d, ZSTD_d_windowLogMax, WINDOW_LOG)) ? -EIO : 0;

	while (r == 0 && n > 0) {
		n = fd_read_all(f->in, f->from, BUFFER);
		r = n < 0 ? (int)n : 0;
		if (n > 0)
			r = take(f, d, (size_t)n, &rest);
	}
	return r == 0 && (!rest.ended || rest.bytes > 0) ? -EBADMSG : r;
}

int zstdlib_unpack(const struct zstdlib *l, int in, int out, uint64_t plain)
{
	autoflow struct flow f = {.l = l, .in = in, .out = out};
	ZSTD_DCtx *d;
	int r = flow_open(&f);

	if (r < 0)
		return r;
	d = l->new_unpacker();
	r = d ? unpack(&f, d, plain) : -ENOMEM;
	(void)l->free_unpacker(d); /* NULL is fine */
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { FILE_MAX = 1 << 20, RELEASE_MS = 5000, CUT = 18 };

#define PREFIX	  "table inet CRIU-"
#define INVENTORY "images/inventory.img"

/* Digits in groups of 8, 4, 4, 4 and 12. */
static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < NETLOCK_RUN - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !memchr("0123456789abcdef", text[i], 16))
			return false;
	}
	return true;
}

bool netlock_run(const char *data, size_t len, char ret[NETLOCK_RUN])
{
	for (size_t i = 0; i + NETLOCK_RUN - 1 <= len; i++) {
		if (!is_uuid(data + i))
			continue;
		memcpy(ret, data + i, NETLOCK_RUN - 1);
		ret[NETLOCK_RUN - 1] = '\0';
		return true;
	}
	return false;
}

const char *netlock_find(const char *tables, const char *run, size_t *ret_len)
{
	for (const char *line = tables, *id; (line = strstr(line, PREFIX)); line = id) {
		size_t len;

		id = line + strlen(PREFIX);
		len = strcspn(id, " \n");
		if (len < CUT || len > strlen(run) || strncmp(id, run, len) != 0)
			continue;
		*ret_len = len + strlen("CRIU-");
		return id - strlen("CRIU-");
	}
	return NULL;
}

/** struct nft - libnftables, as far as it is used; declared as in nftables/libnftables.h */
struct nft {
	void *(*new)(uint32_t flags);
	int (*buffer)(void *ctx);
	const char *(*output)(void *ctx);
	int (*run)(void *ctx, const char *commands);
};

static void *find(void *lib, const char *name, void *function, size_t size)
{
	void *f = dlsym(lib, name);

	memcpy(function, &f, size);
	return f;
}

static int load(struct nft *nft)
{
	void *lib = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);

	return lib && find(lib, "nft_ctx_new", &nft->new, sizeof(nft->new)) &&
		       find(lib, "nft_ctx_buffer_output", &nft->buffer, sizeof(nft->buffer)) &&
		       find(lib, "nft_ctx_get_output_buffer", &nft->output, sizeof(nft->output)) &&
		       find(lib, "nft_run_cmd_from_buffer", &nft->run, sizeof(nft->run))
		   ? 0
		   : -ENOTSUP;
}

/* In a child, which ends with all of it. */
static int release(void *arg, struct ctr_error *err)
{
	const char *run = arg, *name;
	autofree char *command = NULL;
	struct nft nft;
	size_t len;
	void *ctx;
	int r = load(&nft);

	if (r < 0)
		return err_sys(err, r, "netlock", "open libnftables");
	ctx = nft.new(0);
	if (!ctx || nft.buffer(ctx) != 0 || nft.run(ctx, "list tables inet") != 0)
		return err_sys(err, EIO, "netlock", "list the tables of nftables");
	name = netlock_find(nft.output(ctx), run, &len);
	if (!name)
		return 0;
	command = str_dup_format("delete table inet %.*s", (int)len, name);
	return command && nft.run(ctx, command) == 0
		   ? 0
		   : err_sys(err, EIO, "netlock", "remove the table of %s", run);
}

static bool keeps_connections(int dirfd)
{
	autofd int fd = openat(dirfd, "plan", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *text = NULL;

	return fd >= 0 && fd_read_dup(fd, FILE_MAX, &text, NULL) == 0 &&
	       strstr(text, "\noption tcp-established\n");
}

void netlock_release(int dirfd)
{
	autofd int fd = -1;
	autofree char *data = NULL;
	char run[NETLOCK_RUN];
	size_t len;

	if (!keeps_connections(dirfd))
		return;
	fd = openat(dirfd, INVENTORY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fd_read_dup(fd, FILE_MAX, &data, &len) == 0 && netlock_run(data, len, run))
		(void)!child_run(release, run, RELEASE_MS, NULL);
}

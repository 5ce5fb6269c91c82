/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tarhead.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "str.h"

/** struct ustar - the block, POSIX.1-2017 pax(1) */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type;
	char target[100], magic[6], version[2], user[32], group[32], major[8], minor[8];
	char prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == TARHEAD_BLOCK, "no padding");

static const uint64_t octal_max = 077777777777; /* what eleven digits hold */

/* Without a NUL where it is as long as the field. */
static int put(char *dst, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size)
		return -ENAMETOOLONG;
	memcpy(dst, text, len);
	return 0;
}

static int put_size(char dst[12], uint64_t size)
{
	if (size <= octal_max)
		return str_format(dst, 12, "%011llo", (unsigned long long)size);
	dst[0] = (char)0x80;
	for (int i = 11; i >= 4; i--, size >>= 8)
		dst[i] = (char)(size & 0xff);
	return 0;
}

/* Counted as if the sum itself were blanks. */
static int put_sum(struct ustar *u)
{
	const unsigned char *p = (const unsigned char *)u;
	unsigned int sum = 0;

	memset(u->sum, ' ', sizeof(u->sum));
	for (size_t i = 0; i < sizeof(*u); i++)
		sum += p[i];
	return str_format(u->sum, sizeof(u->sum) - 1, "%06o", sum); /* NUL, then the last blank */
}

int tarhead_format(const struct tarhead *h, unsigned char ret[TARHEAD_BLOCK])
{
	struct ustar u = {.mode = "0000600",
			  .uid = "0000000",
			  .gid = "0000000",
			  .mtime = "00000000000",
			  .type = h->type,
			  .magic = "ustar",
			  .version = {'0', '0'},
			  .user = "root",
			  .group = "root",
			  .major = "0000000",
			  .minor = "0000000"};
	int r = put(u.name, sizeof(u.name), h->path);

	if (h->type == '5')
		u.mode[4] = '7';
	if (r == 0)
		r = put(u.prefix, TARHEAD_PREFIX_MAX, h->prefix);
	if (r == 0)
		r = put(u.target, sizeof(u.target), h->target ? h->target : "");
	if (r == 0)
		r = put_size(u.size, h->size);
	if (r == 0)
		r = put_sum(&u);
	if (r == 0)
		memcpy(ret, &u, sizeof(u));
	return r;
}

int tarhead_peek(const unsigned char block[TARHEAD_BLOCK], char ret_prefix[TARHEAD_PREFIX_MAX + 1],
		 uint64_t *ret_size)
{
	struct ustar u;
	uint64_t size = 0;

	memcpy(&u, block, sizeof(u));
	for (size_t i = 0; i < 11; i++) {
		if (u.size[i] < '0' || u.size[i] > '7')
			return -EBADMSG;
		size = size * 8 + (uint64_t)(u.size[i] - '0');
	}
	if (u.size[11] || strnlen(u.prefix, sizeof(u.prefix)) > TARHEAD_PREFIX_MAX)
		return -EBADMSG;
	memcpy(ret_prefix, u.prefix, TARHEAD_PREFIX_MAX);
	ret_prefix[TARHEAD_PREFIX_MAX] = '\0';
	*ret_size = size;
	return 0;
}

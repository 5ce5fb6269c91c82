/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crimage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"

enum {
	IMAGE_MAX = 64 << 20,
	HEAD = 8,
	LENGTH = 4,
	VARINT = 0,
	FIXED64 = 1,
	BYTES = 2,
	FIXED32 = 5
};

#define COMMON_MAGIC  0x54564319u
#define SERVICE_MAGIC 0x55105940u

static bool take_varint(struct crview *v, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned int shift = 0; shift < 64 && v->p < v->end; shift += 7) {
		unsigned char byte = *v->p++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = n;
			return true;
		}
	}
	return false;
}

static bool take_bytes(struct crview *v, uint64_t len, struct crview *ret)
{
	if (len > (uint64_t)(v->end - v->p))
		return false;
	*ret = (struct crview){v->p, v->p + len};
	v->p += len;
	return true;
}

static bool take_rest(struct crview *v, unsigned int kind, struct crfield *f)
{
	uint64_t len;

	switch (kind) {
	case VARINT:
		return take_varint(v, &f->value);
	case BYTES:
		return take_varint(v, &len) && take_bytes(v, len, &f->bytes);
	case FIXED64:
		return take_bytes(v, 8, &f->bytes);
	case FIXED32:
		return take_bytes(v, 4, &f->bytes);
	default:
		return false;
	}
}

/* What is cut off is left in v, so that it shows. */
bool crimage_field(struct crview *v, struct crfield *ret)
{
	struct crview rest = *v;
	struct crfield f = {0};
	uint64_t key;

	if (!take_varint(&rest, &key) || !take_rest(&rest, key & 7, &f))
		return false;
	f.number = key >> 3;
	f.whole = (struct crview){v->p, rest.p};
	*v = rest;
	*ret = f;
	return true;
}

int crimage_get(struct crview message, uint64_t number, uint64_t *ret)
{
	struct crfield f;
	uint64_t value = 0;

	while (crimage_field(&message, &f))
		if (f.number == number)
			value = f.value;
	if (message.p < message.end)
		return -EBADMSG;
	*ret = value;
	return 0;
}

static uint32_t word(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n)); /* in the machine's order, as CRIU writes it */
	return n;
}

int crimage_open(const void *data, size_t len, uint32_t magic, struct crview *ret)
{
	const unsigned char *p = data;

	if (len < HEAD || (word(p) != COMMON_MAGIC && word(p) != SERVICE_MAGIC) ||
	    word(p + 4) != magic)
		return -EBADMSG;
	*ret = (struct crview){p + HEAD, p + len};
	return 0;
}

bool crimage_record(struct crview *v, struct crview *ret)
{
	struct crview rest = *v, size;

	if (!take_bytes(&rest, LENGTH, &size) || !take_bytes(&rest, word(size.p), ret))
		return false;
	*v = rest;
	return true;
}

int crimage_read_at(int dirfd, const char *name, char **data, size_t *len)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd_read_dup(fd, IMAGE_MAX, data, len);
}

void crimage_put(struct crout *o, const void *data, size_t len)
{
	if (len > 0)
		memcpy(o->data + o->len, data, len);
	o->len += len;
}

static void put_varint(struct crout *o, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		o->data[o->len++] = (unsigned char)(n | 0x80);
	o->data[o->len++] = (unsigned char)n;
}

void crimage_put_value(struct crout *o, uint64_t number, uint64_t value)
{
	put_varint(o, number << 3 | VARINT);
	put_varint(o, value);
}

void crimage_put_message(struct crout *o, uint64_t number, const struct crout *message)
{
	put_varint(o, number << 3 | BYTES);
	put_varint(o, message->len);
	crimage_put(o, message->data, message->len);
}

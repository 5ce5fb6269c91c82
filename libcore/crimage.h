/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRIMAGE_H
#define CRIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"

/*
 * What CRIU writes: files of records, each of them a protobuf message. Read by the numbers of their
 * fields, which CRIU never gives another meaning. Pure but for crimage_read_at().
 */

/** struct crview - bytes that are left to be read */
struct crview {
	const unsigned char *p, *end;
};

/** struct crfield - one field of a message */
struct crfield {
	uint64_t number, value; /* value of a varint; else 0 */
	struct crview bytes;	/* of a text, or of a message in it */
	struct crview whole;	/* with its number */
};

/** crimage_field - the next one; false at the end, and where it is cut off (v is not empty then) */
bool crimage_field(struct crview *v, struct crfield *ret) ATTR_WARN_UNUSED;

/** crimage_get - value of the last varint of that number; 0 when it has none. -EBADMSG */
int crimage_get(struct crview message, uint64_t number, uint64_t *ret) ATTR_WARN_UNUSED;

/** crimage_open - the records of an image; -EBADMSG when it is none of that magic number */
int crimage_open(const void *data, size_t len, uint32_t magic, struct crview *ret) ATTR_WARN_UNUSED;

/** crimage_record - the next record's message; false as crimage_field() */
bool crimage_record(struct crview *v, struct crview *ret) ATTR_WARN_UNUSED;

/** crimage_read_at - a whole image; data is the caller's to free. -ENOENT, -EFBIG over 64 MiB */
int crimage_read_at(int dirfd, const char *name, char **data, size_t *len) ATTR_WARN_UNUSED;

/** struct crout - a message in the making; the caller has made it large enough */
struct crout {
	unsigned char *data;
	size_t len;
};

/** crimage_put - append bytes */
void crimage_put(struct crout *o, const void *data, size_t len);

/** crimage_put_value - append a varint field; at most 16 bytes */
void crimage_put_value(struct crout *o, uint64_t number, uint64_t value);

/** crimage_put_message - append a field that is a message; at most 16 bytes and it */
void crimage_put_message(struct crout *o, uint64_t number, const struct crout *message);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crstats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"

enum { HEAD = 12, STATS_MAX = 65536, DUMP = 1, VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

#define SERVICE_MAGIC 0x55105940u
#define STATS_MAGIC   0x57093306u

/* Numbers of the fields of DumpStatsEntry */
static const struct {
	unsigned int field;
	const char *name;
} fields[CRSTATS_N] = {
    {1, "freezing_us"},	  {2, "frozen_us"},	{3, "memdump_us"},
    {4, "memwrite_us"},	  {5, "pages_scanned"}, {6, "pages_skipped_parent"},
    {7, "pages_written"},
};

const char *crstats_name(size_t i)
{
	return i < CRSTATS_N ? fields[i].name : NULL;
}

/** struct view - what is left to be read */
struct view {
	const unsigned char *p, *end;
};

/** struct field - one of a message */
struct field {
	uint64_t number, value; /* of a varint; else 0 */
	struct view bytes;	/* of a message in it */
};

static bool take_varint(struct view *v, uint64_t *ret)
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

static bool take_bytes(struct view *v, uint64_t len, struct view *ret)
{
	if (len > (uint64_t)(v->end - v->p))
		return false;
	*ret = (struct view){v->p, v->p + len};
	v->p += len;
	return true;
}

static bool take_field(struct view *v, struct field *ret)
{
	uint64_t key, len;

	*ret = (struct field){0};
	if (!take_varint(v, &key))
		return false;
	ret->number = key >> 3;
	switch (key & 7) {
	case VARINT:
		return take_varint(v, &ret->value);
	case BYTES:
		return take_varint(v, &len) && take_bytes(v, len, &ret->bytes);
	case FIXED64:
		return take_bytes(v, 8, &ret->bytes);
	case FIXED32:
		return take_bytes(v, 4, &ret->bytes);
	default:
		return false;
	}
}

static int take_dump(struct view v, struct crstats *ret)
{
	struct field f;

	while (v.p < v.end) {
		if (!take_field(&v, &f))
			return -EBADMSG;
		for (size_t i = 0; i < CRSTATS_N; i++)
			if (fields[i].field == f.number)
				ret->v[i] = f.value;
	}
	return 0;
}

static uint32_t word(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n)); /* in the machine's order, as CRIU writes it */
	return n;
}

int crstats_parse(const unsigned char *data, size_t len, struct crstats *ret)
{
	struct view v = {data + HEAD, data + len};
	struct crstats stats = {{0}};
	struct field f = {0};

	if (len < HEAD || word(data) != SERVICE_MAGIC || word(data + 4) != STATS_MAGIC ||
	    word(data + 8) != len - HEAD)
		return -EBADMSG;
	while (f.number != DUMP)
		if (v.p >= v.end || !take_field(&v, &f))
			return -EBADMSG;
	if (take_dump(f.bytes, &stats) < 0)
		return -EBADMSG;
	*ret = stats;
	return 0;
}

int crstats_read_at(int dirfd, struct crstats *ret)
{
	autofd int fd = openat(dirfd, "stats-dump", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *data = NULL;
	size_t len = 0;
	int r = fd < 0 ? -errno : fd_read_dup(fd, STATS_MAX, &data, &len);

	return r < 0 ? r : crstats_parse((const unsigned char *)data, len, ret);
}

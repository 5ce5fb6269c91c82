/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crstats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "crimage.h"
#include "fd.h"

enum { STATS_MAX = 65536, DUMP = 1 };

#define STATS_MAGIC 0x57093306u

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

static int take_dump(struct crview v, struct crstats *ret)
{
	for (size_t i = 0; i < CRSTATS_N; i++)
		if (crimage_get(v, fields[i].field, &ret->v[i]) < 0)
			return -EBADMSG;
	return 0;
}

int crstats_parse(const unsigned char *data, size_t len, struct crstats *ret)
{
	struct crstats stats = {{0}};
	struct crview records, v;
	struct crfield f = {0};

	if (crimage_open(data, len, STATS_MAGIC, &records) < 0 || !crimage_record(&records, &v) ||
	    records.p < records.end)
		return -EBADMSG;
	while (f.number != DUMP)
		if (!crimage_field(&v, &f))
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

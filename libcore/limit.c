/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "num.h"
#include "path.h"

enum { WEIGHT_MAX = 10000, DEVICE_NAME_MAX = 63, PAGE_MIN = 4096 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Each gives the line in new memory, or NULL with -EINVAL or -ENOMEM in *ret. */
typedef char *(*reader)(const struct strv *words, int *ret);

static char *line(char *text, int *ret)
{
	*ret = text ? 0 : -ENOMEM;
	return text;
}

static char *read_weight(const struct strv *words, int *ret)
{
	int n;

	if (words->n != 2 || !path_is_clean(words->v[0]) ||
	    num_int_in(words->v[1], 1, WEIGHT_MAX, &n) < 0)
		return NULL;
	return line(str_dup_format("%s %d", words->v[0], n), ret);
}

/* Page sizes as the files are named (mem_fmt() of mm/hugetlb_cgroup.c): 64KB, 2MB, 1GB */
static char *read_huge(const struct strv *words, int *ret)
{
	static const char units[] = "KMG";
	uint64_t page = 0, n = 0;
	size_t unit = 0;

	if (words->n != 2 || num_size(words->v[0], &page) < 0 || num_size(words->v[1], &n) < 0 ||
	    page < PAGE_MIN || page == UINT64_MAX || (page & (page - 1)))
		return NULL;
	for (page >>= 10; page >= 1024 && unit < sizeof(units) - 2; page >>= 10)
		unit++;
	if (n == UINT64_MAX)
		return line(str_dup_format("%" PRIu64 "%cB max", page, units[unit]), ret);
	return line(str_dup_format("%" PRIu64 "%cB %" PRIu64, page, units[unit], n), ret);
}

static bool is_rdma_word(const char *word)
{
	const char *n = NULL;
	int v;

	if (!str_has_prefix(word, "hca_handle=", &n) && !str_has_prefix(word, "hca_object=", &n))
		return false;
	return strcmp(n, "max") == 0 || num_int_in(n, 0, INT32_MAX, &v) == 0;
}

static char *read_rdma(const struct strv *words, int *ret)
{
	size_t len = words->n ? strlen(words->v[0]) : 0;

	if (words->n < 2 || words->n > 3 || len > DEVICE_NAME_MAX ||
	    strspn(words->v[0], letters) != len || !is_rdma_word(words->v[1]) ||
	    (words->n == 3 && (!is_rdma_word(words->v[2]) || words->v[1][4] == words->v[2][4])))
		return NULL;
	return line(str_dup_format("%s %s%s%s", words->v[0], words->v[1], words->n == 3 ? " " : "",
				   words->n == 3 ? words->v[2] : ""),
		    ret);
}

static char *read_priority(const struct strv *words, int *ret)
{
	uint64_t n;

	if (words->n != 2 || strlen(words->v[0]) >= IFNAMSIZ || strchr(words->v[0], '/') ||
	    num_u64(words->v[1], &n) < 0 || n > UINT32_MAX)
		return NULL;
	return line(str_dup_format("%s %" PRIu64, words->v[0], n), ret);
}

/*
 * The name of a file in the group and nothing else (MUST-5). What begins with "cgroup." moves
 * processes, kills or freezes: no limit, and ours alone.
 */
static bool is_file(const char *name, size_t len)
{
	bool dot = false;

	if (len == 0 || len > DEVICE_NAME_MAX || str_has_prefix(name, "cgroup.", NULL) ||
	    name[0] == '.' || name[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] != '.' && !strchr(letters, name[i]))
			return false;
		if (name[i] == '.' && name[i + 1] == '.')
			return false;
		dot |= name[i] == '.';
	}
	return dot;
}

static int read_unified(const char *value, struct strv *ret)
{
	size_t len = strcspn(value, "=");

	if (!is_file(value, len) || value[len] != '=' || !value[len + 1])
		return -EINVAL;
	return strv_add(ret, value);
}

static reader reader_of(int type)
{
	switch (type) {
	case PARSE_IO_WEIGHT:
		return read_weight;
	case PARSE_HUGETLB:
		return read_huge;
	case PARSE_RDMA:
		return read_rdma;
	case PARSE_NET_PRIORITY:
		return read_priority;
	default:
		return NULL;
	}
}

bool limit_is(int type)
{
	return reader_of(type) || type == PARSE_UNIFIED;
}

int limit_read(const struct parse_in *in, const char *what, struct strv *ret, struct ctr_error *err)
{
	reader read = reader_of(in->type);
	autostrv struct strv words = {0};
	autofree char *text = NULL;
	int r;

	if (!read) {
		r = read_unified(in->value, ret);
		return r == -EINVAL ? parse_bad(err, what, in->value, NULL) : r;
	}
	if (strv_split(&words, in->value, " \t") < 0)
		return -ENOMEM;
	r = -EINVAL;
	text = read(&words, &r);
	if (text)
		r = strv_add(ret, text);
	return r == -EINVAL ? parse_bad(err, what, in->value, NULL) : r;
}

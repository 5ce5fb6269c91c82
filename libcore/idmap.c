/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap.h"

#include <errno.h>
#include <string.h>

#include "num.h"
#include "str.h"

/* (uid_t)-1 is nobody's number: setresuid(2) takes it for "leave it" */
static const uint64_t end_of_ids = UINT32_MAX;

int idmap_parse_choice(const char *value, struct idmap_choice *ret)
{
	static const char *const words[] = {"no", "identity", "pick"};
	const char *colon = strchr(value, ':');
	uint32_t base, range;
	char number[16];
	int r;

	for (int i = 0; i < (int)ARRAY_SIZE(words); i++) {
		if (str_equal(words[i], value)) {
			*ret = (struct idmap_choice){.mode = i};
			return 0;
		}
	}
	if (!colon)
		return -EINVAL;
	r = str_format(number, sizeof(number), "%.*s", (int)(colon - value), value);
	if (r == 0)
		r = num_id(number, &base);
	if (r == 0)
		r = num_id(colon + 1, &range);
	if (r < 0)
		return -EINVAL;
	if (base < IDMAP_BASE_MIN || range < IDMAP_RANGE_MIN || (uint64_t)base + range > end_of_ids)
		return -ERANGE;
	*ret = (struct idmap_choice){IDMAP_FIXED, base, range};
	return 0;
}

static int add(struct idmap *m, uint64_t inside, uint64_t outside, uint64_t count)
{
	struct idmap_extent *last = m->n > 0 ? &m->e[m->n - 1] : NULL;

	if (count == 0)
		return 0;
	if (last && (uint64_t)last->inside + last->count == inside &&
	    (uint64_t)last->outside + last->count == outside) {
		last->count += (uint32_t)count;
		return 0;
	}
	if (m->n == IDMAP_EXTENTS)
		return -E2BIG;
	m->e[m->n++] = (struct idmap_extent){(uint32_t)inside, (uint32_t)outside, (uint32_t)count};
	return 0;
}

/* The lowest of own that is above `after`; 0: none. The lists are short. */
static uint32_t next_of(const uint32_t *own, size_t n, uint32_t after)
{
	uint32_t best = 0;

	for (size_t i = 0; i < n; i++)
		if (own[i] > after && (best == 0 || own[i] < best))
			best = own[i];
	return best;
}

int idmap_make(const struct idmap_choice *c, const uint32_t *own, size_t n, struct idmap *ret)
{
	struct idmap m = {.n = 0};
	uint64_t at = 0;
	int r = 0;

	if (!idmap_is_mapped(c)) {
		r = add(&m, 0, 0, end_of_ids);
		*ret = m;
		return r;
	}
	for (uint32_t id = next_of(own, n, 0); r == 0 && id != 0; id = next_of(own, n, id)) {
		uint64_t upto = id < c->range ? id : c->range;

		if (idmap_overlaps(c->base, c->range, id, 1))
			return -EEXIST;
		r = at < upto ? add(&m, at, c->base + at, upto - at) : 0;
		if (r == 0)
			r = add(&m, id, id, 1);
		at = (uint64_t)id + 1;
	}
	if (r == 0 && at < c->range)
		r = add(&m, at, c->base + at, c->range - at);
	if (r == 0)
		*ret = m;
	return r;
}

void idmap_make_hole(const struct idmap_choice *c, struct idmap *ret)
{
	uint64_t after = (uint64_t)c->base + c->range;

	ret->n = 0;
	(void)!add(ret, 0, 0, c->base); /* there is room for two */
	(void)!add(ret, after, after, end_of_ids - after);
}

int idmap_outside(const struct idmap *m, uint32_t inside, uint32_t *ret)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct idmap_extent *e = &m->e[i];

		if (inside >= e->inside && inside - e->inside < e->count) {
			*ret = e->outside + (inside - e->inside);
			return 0;
		}
	}
	return -ENOENT;
}

int idmap_format(const struct idmap *m, char ret[IDMAP_TEXT])
{
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < m->n; i++) {
		const struct idmap_extent *e = &m->e[i];

		/* user_namespaces(7): less than a page, so one byte less than a buffer holds */
		if (str_format(ret + len, IDMAP_TEXT - len, "%u %u %u\n", e->inside, e->outside,
			       e->count) < 0)
			return -E2BIG;
		len += strlen(ret + len);
	}
	return 0;
}

bool idmap_is(const struct idmap *m, const char *text)
{
	for (size_t i = 0; i < m->n; i++) {
		const uint32_t want[] = {m->e[i].inside, m->e[i].outside, m->e[i].count};

		for (size_t k = 0; k < ARRAY_SIZE(want); k++) {
			char number[16];
			uint64_t have;
			size_t len;

			text += strspn(text, " ");
			len = strcspn(text, " \n");
			if (str_format(number, sizeof(number), "%.*s", (int)len, text) < 0 ||
			    num_u64(number, &have) < 0 || have != want[k])
				return false;
			text += len;
		}
		if (*text++ != '\n')
			return false;
	}
	return *text == '\0';
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

enum { WHOLE = 10000 };

void samples_done(struct samples *s)
{
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

uint64_t sample_share(uint64_t part, uint64_t whole)
{
	if (part == UINT64_MAX || whole == UINT64_MAX || whole == 0)
		return UINT64_MAX;
	return (uint64_t)((__uint128_t)part * WHOLE / whole);
}

static struct sample *find(struct samples *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0)
			return &s->v[i];
	return NULL;
}

static void add(struct samples *s, const struct sample *now)
{
	struct sample *v = reallocarray(s->v, s->n + 1, sizeof(*v));

	if (!v)
		return; /* the next look is a first one again */
	s->v = v;
	v[s->n++] = *now;
}

uint64_t samples_take(struct samples *s, const struct sample *now)
{
	struct sample *last = find(s, now->id);
	uint64_t share = UINT64_MAX;

	if (!last) {
		add(s, now);
		return UINT64_MAX;
	}
	if (last->cpu_us != UINT64_MAX && now->cpu_us != UINT64_MAX &&
	    now->cpu_us >= last->cpu_us && now->at_us > last->at_us)
		share = sample_share(now->cpu_us - last->cpu_us, now->at_us - last->at_us);
	*last = *now;
	return share;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccompfilter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "sysabi.h"

/* One name; kept in the order of strcmp(3). */
struct entry {
	char *name;
	bool has_action;
	uint32_t action;
	struct seccompfilter_rule *rules;
	size_t n_rules;
};

struct seccompfilter {
	uint32_t known, unknown;
	struct entry *v;
	size_t n, allocated;
	uint32_t without; /* arch, 0: none */
};

struct seccompfilter *seccompfilter_new(uint32_t known, uint32_t unknown)
{
	struct seccompfilter *f = calloc(1, sizeof(*f));

	if (f) {
		f->known = known;
		f->unknown = unknown;
	}
	return f;
}

void seccompfilter_free(struct seccompfilter *f)
{
	for (size_t i = 0; f && i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].rules);
	}
	if (f)
		free(f->v);
	free(f);
}

/* Where the name is, or has to be put; *ret_found tells which. */
static size_t locate(const struct seccompfilter *f, const char *name, bool *ret_found)
{
	size_t lo = 0, hi = f->n;

	*ret_found = false;
	while (lo < hi && !*ret_found) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, f->v[mid].name);

		*ret_found = c == 0;
		if (c <= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return *ret_found ? hi : lo;
}

static const struct entry *find(const struct seccompfilter *f, const char *name)
{
	bool found;
	size_t at = locate(f, name, &found);

	return found ? &f->v[at] : NULL;
}

static struct entry *obtain(struct seccompfilter *f, const char *name)
{
	bool found;
	size_t at = locate(f, name, &found);
	autofree char *copy = NULL;

	if (found)
		return &f->v[at];
	if (f->n == f->allocated) {
		size_t more = f->allocated ? 2 * f->allocated : 128;
		struct entry *v = reallocarray(f->v, more, sizeof(*v));

		if (!v)
			return NULL;
		f->v = v;
		f->allocated = more;
	}
	copy = strdup(name);
	if (!copy)
		return NULL;
	memmove(&f->v[at + 1], &f->v[at], (f->n - at) * sizeof(*f->v));
	f->v[at] = (struct entry){.name = take_ptr(copy)};
	f->n++;
	return &f->v[at];
}

void seccompfilter_all(struct seccompfilter *f, uint32_t known)
{
	f->known = known;
	for (size_t i = 0; i < f->n; i++)
		f->v[i].has_action = false;
}

int seccompfilter_set(struct seccompfilter *f, const char *name, uint32_t action)
{
	struct entry *e = obtain(f, name);

	if (!e)
		return -ENOMEM;
	e->action = action;
	e->has_action = true;
	e->n_rules = 0;
	return 0;
}

int seccompfilter_when(struct seccompfilter *f, const char *name,
		       const struct seccompfilter_rule *rule)
{
	struct entry *e = obtain(f, name);
	struct seccompfilter_rule *rules;

	if (!e)
		return -ENOMEM;
	rules = reallocarray(e->rules, e->n_rules + 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	e->rules = rules;
	e->rules[e->n_rules++] = *rule;
	return 0;
}

uint32_t seccompfilter_verdict(const struct seccompfilter *f, const char *name)
{
	const struct entry *e = find(f, name);

	return e && e->has_action ? e->action : f->known;
}

bool seccompfilter_has(const struct seccompfilter *f, const char *name)
{
	const struct entry *e = find(f, name);

	return e && e->has_action;
}

void seccompfilter_without(struct seccompfilter *f, uint32_t arch)
{
	f->without = arch;
}

/* The ranges of an ABI as they grow; neighbours with one verdict are one. */
struct ranges {
	struct bpfprog_range v[SYSABI_NUMBERS + SYSABI_EXTRA + 4];
	size_t n;
	size_t skips[SYSABI_NUMBERS + SYSABI_EXTRA + 4];
};

static void add_range(struct ranges *r, uint32_t start, uint32_t action, const void *subject)
{
	const struct bpfprog_range *last = &r->v[r->n ? r->n - 1 : 0];

	if (r->n > 0 && !subject && !last->subject && last->action == action)
		return;
	r->v[r->n++] = (struct bpfprog_range){start, action, subject};
}

static void add_numbers(const struct seccompfilter *f, const struct sysabi *abi, uint32_t from,
			uint32_t to, struct ranges *r)
{
	char name[SYSABI_NAME_MAX];

	for (uint32_t nr = from; nr < to; nr++) {
		const struct entry *e = NULL;
		uint32_t action = f->unknown;

		if (sysabi_name(abi, (int)nr, name)) {
			e = find(f, name);
			action = e && e->has_action ? e->action : f->known;
		}
		add_range(r, nr, action, e && e->n_rules ? e : NULL);
	}
	add_range(r, to, f->unknown, NULL);
}

static int emit_abi(const struct seccompfilter *f, const struct sysabi *abi, struct bpfprog *p)
{
	autofree struct ranges *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	add_numbers(f, abi, 0, SYSABI_NUMBERS, r);
	if (abi->extra)
		add_numbers(f, abi, abi->extra, abi->extra + SYSABI_EXTRA, r);
	if (abi->others)
		add_range(r, abi->others, SECCOMP_RET_ERRNO | ENOSYS, NULL);
	bpfprog_load(p, offsetof(struct seccomp_data, nr));
	bpfprog_tree(p, r->v, r->n, r->skips);
	for (size_t i = 0; i < r->n && !p->full; i++) {
		const struct entry *e = r->v[i].subject;

		if (!e)
			continue;
		bpfprog_land(p, r->skips[i]);
		for (size_t k = 0; k < e->n_rules; k++)
			bpfprog_rule(p, e->rules[k].conds, e->rules[k].n, e->rules[k].action);
		bpfprog_return(p, r->v[i].action);
	}
	return 0;
}

int seccompfilter_emit(const struct seccompfilter *f, struct sock_filter *ret, size_t max,
		       struct ctr_error *err)
{
	struct bpfprog p = {.v = ret, .max = max};
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);

	bpfprog_load(&p, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n; i++) {
		size_t skip;

		if (abis[i].arch == f->without)
			continue;
		skip = bpfprog_unless_equal(&p, abis[i].arch);
		if (emit_abi(f, &abis[i], &p) < 0)
			return err_sys(err, ENOMEM, "compile", "write the system call filter");
		bpfprog_land(&p, skip);
	}
	bpfprog_return(&p, SECCOMP_RET_KILL_PROCESS);
	if (p.full)
		return err_set(err, CTR_E_CONFIG, E2BIG, "compile",
			       "the system call filter is over %zu instructions", max);
	return (int)p.n;
}

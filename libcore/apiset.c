/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "cleanup.h"
#include "load.h"
#include "record.h"

/* Placed once, when the groups are made */
static const char *const fixed[] = {"Cgroup", "Slice", "DeviceDeny"};

static int apply(struct spec *spec, const char *const *keys_values, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && keys_values[i]; i += 2) {
		const char *key = keys_values[i], *value = keys_values[i + 1];

		if (!value)
			return err_set(err, CTR_E_CONFIG, EINVAL, "set", "%.80s has no value", key);
		for (size_t k = 0; k < ARRAY_SIZE(fixed); k++)
			if (strcmp(key, fixed[k]) == 0)
				return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "set",
					       "%s cannot be changed while the container lives",
					       key);
		r = spec_set(spec, "Resources", key, value, err);
	}
	return r;
}

static const char *name_of(const struct state *st)
{
	return st->definition[0] ? st->definition : "api";
}

int api_definition(const struct state *st, struct spec **ret, struct ctr_error *err)
{
	return load_definition_text(name_of(st), st->text, NULL, ret, err);
}

/* The definition on record, and what it becomes: read anew, so that it is judged as a whole. */
static int change(const struct state *st, const char *const *keys_values, struct spec **ret,
		  struct ctr_error *err)
{
	autospec struct spec *spec = NULL;
	int r = api_definition(st, &spec, err);

	if (r == 0)
		r = apply(spec, keys_values, err);
	if (r == 0 && strlen(spec_text(spec)) >= sizeof(st->text))
		r = err_set(err, CTR_E_CONFIG, E2BIG, "set", "the definition is over %zu bytes",
			    sizeof(st->text) - 1);
	if (r == 0)
		r = load_definition_text(name_of(st), spec_text(spec), NULL, ret, err);
	return r;
}

static int write_text(const struct ctr_container *c, struct api_view *v, const struct spec *spec,
		      struct ctr_error *err)
{
	autofd int dir = state_open_dir(c->rootfd, c->id, err);
	int r;

	if (dir < 0)
		return dir;
	r = str_copy(v->st.text, sizeof(v->st.text), spec_text(spec));
	return r < 0 ? err_sys(err, r, "set", "record the definition of %s", c->id)
		     : record_write(dir, &v->st, err);
}

/* All or nothing: the kernel first, which may refuse; when the record cannot follow, back again. */
static int set_locked(const struct ctr_container *c, struct api_view *v,
		      const char *const *keys_values, struct ctr_error *err)
{
	autospec struct spec *before = NULL, *after = NULL;
	int r = change(&v->st, keys_values, &after, err);

	if (r == 0)
		r = change(&v->st, (const char *const[]){NULL}, &before, err);
	if (r == 0)
		r = cg_set(&v->cg, after, err);
	if (r < 0)
		return r;
	r = write_text(c, v, after, err);
	if (r < 0)
		(void)!cg_set(&v->cg, before, NULL); /* the first failure is told */
	return r;
}

int ctr_set(struct ctr_container *c, const char *const *keys_values, struct ctr_error *err)
{
	autolock struct api_lock lock = {0};
	struct api_view v;
	int r;

	if (!keys_values || !keys_values[0])
		return err_set(err, CTR_E_CONFIG, EINVAL, "set", "no key is given");
	r = api_lock_check(c, MACHINE_SET, &lock, &v, err);
	if (r == 0 && v.cg.inherit)
		r = err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "set",
			    "container %s has no control group of its own (Cgroup=inherit)", c->id);
	return r < 0 ? r : set_locked(c, &v, keys_values, err);
}

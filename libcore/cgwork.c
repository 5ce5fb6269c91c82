/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgwork.h"

#include <errno.h>
#include <sys/stat.h>

#include "cgapply.h"
#include "cggroup.h"
#include "cglib.h"
#include "child.h"

enum { WORK_MS = 4000 };

/** struct work - what the child is to do */
struct work {
	const struct cg *cg;
	const struct cgset *set;
	bool fresh;
};

typedef int (*each_fn)(const struct cg *cg, const struct cg_hierarchy *h);

/* Goes on after a failure, returns the first. */
static int each(const struct cg *cg, each_fn fn, const char *what, struct ctr_error *err)
{
	int first = 0;

	for (size_t i = 0; i < cg->facts->n; i++) {
		int r = fn(cg, &cg->facts->h[i]);

		if (r < 0 && first == 0)
			first = err_sys(err, r, "cgroup", "%s the group %s/%s", what,
					cg->facts->h[i].mount, cg->path);
	}
	return first;
}

/* On a hybrid machine the v2 group was made anew already, and may have its first process. */
static int remove_old(const struct cg *cg, const struct cg_hierarchy *h)
{
	return h->v2 && cg->facts->layout == CG_HYBRID ? 0 : cggroup_remove(h, cg->path);
}

static int make_here(const struct cg *cg, const struct cg_hierarchy *h)
{
	return cggroup_make(h, cg->path);
}

static int make(void *arg, struct ctr_error *err)
{
	const struct work *w = arg;
	autocglib struct cglib lib = {0};
	int r = cglib_open(&lib, err), made;

	(void)umask(022); /* it makes folders with all that the mask leaves */
	if (r == 0 && w->fresh)
		r = each(w->cg, remove_old, "make anew", err);
	if (r < 0)
		return r;
	/*
	 * Its codes do not tell a parent that another supervisor removed meanwhile from other
	 * reasons, nor which limit was refused: what it could not do is done by plain files, or
	 * said why not.
	 */
	made = cglib_make(&lib, w->cg->facts, w->cg->path, w->set);
	r = each(w->cg, make_here, "make", err);
	return r < 0 || made == 0 ? r : cgapply_write(NULL, w->cg->path, w->set, err);
}

static int fill(void *arg, struct ctr_error *err)
{
	const struct work *w = arg;
	autocglib struct cglib lib = {0};
	int r = cglib_open(&lib, err);

	return r < 0 ? r : cgapply_write(&lib, w->cg->path, w->set, err);
}

int cgwork_make(const struct cg *cg, const struct cgset *set, bool fresh, struct ctr_error *err)
{
	struct work w = {cg, set, fresh};

	return child_run(make, &w, WORK_MS, err);
}

int cgwork_start(const struct cg *cg, const struct cgset *set, struct child *ret,
		 struct ctr_error *err)
{
	struct work w = {cg, set, true};

	return child_start(make, &w, ret, err); /* it has its own copies */
}

int cgwork_finish(struct child *c, struct ctr_error *err)
{
	return child_finish(c, WORK_MS, err);
}

int cgwork_write(const struct cg *cg, const struct cgset *set, struct ctr_error *err)
{
	struct work w = {cg, set, false};

	return set->n > 0 ? child_run(fill, &w, WORK_MS, err) : 0;
}

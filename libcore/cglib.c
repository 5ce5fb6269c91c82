/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cglib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "cggroup.h"
#include "cgprobe.h"
#include "cleanup.h"
#include "dynlib.h"
#include "str.h"

/*
 * The one of the machine that this was built for comes first: for a name that is not there the
 * linker makes 88 calls, in the folders of all kinds of CPUs. Then Debian 13's and 12's.
 */
static const char *const names[] = {CTR_CGROUP_SONAME, "libcgroup.so.3", "libcgroup.so.2"};

static const struct dynlib_function functions[] = {
    {"cgroup_set_logger", offsetof(struct cglib, set_logger)},
    {"cgroup_init", offsetof(struct cglib, init)},
    {"cgroup_new_cgroup", offsetof(struct cglib, new_cgroup)},
    {"cgroup_free", offsetof(struct cglib, free)},
    {"cgroup_add_controller", offsetof(struct cglib, add_controller)},
    {"cgroup_get_controller", offsetof(struct cglib, get_controller)},
    {"cgroup_add_value_string", offsetof(struct cglib, add_value)},
    {"cgroup_create_cgroup", offsetof(struct cglib, create)},
    {"cgroup_modify_cgroup", offsetof(struct cglib, modify)},
    {"cgroup_get_last_errno", offsetof(struct cglib, last_errno)},
};

/* What a return value of libcgroup says in the house dialect. */
static int result(const struct cglib *l, int r)
{
	switch (r) {
	case 0:
		return 0;
	case ECGOTHER:
		return l->last_errno() > 0 ? -l->last_errno() : -EIO;
	case ECGROUPNOTEXIST:
	case ECGROUPSUBSYSNOTMOUNTED:
	case ECGROUPVALUENOTEXIST:
		return -ENOENT;
	default:
		return -EIO;
	}
}

/* Given before init, which otherwise (for NULL, too) takes a logger that writes to stdout. */
static void say_nothing(void *data, int level, const char *fmt, va_list ap)
{
	(void)data;
	(void)level;
	(void)fmt;
	(void)ap;
}

int cglib_open(struct cglib *ret, struct ctr_error *err)
{
	autocglib struct cglib l = {0};
	const char *missing;
	int r;

	for (size_t i = 0; !l.lib && i < ARRAY_SIZE(names); i++)
		l.lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!l.lib)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup", "%s", dlerror());
	missing = dynlib_find(l.lib, functions, ARRAY_SIZE(functions), &l);
	if (missing)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup", "libcgroup lacks %s",
			       missing);
	l.set_logger(say_nothing, CGROUP_LOG_ERROR, NULL);
	r = result(&l, l.init());
	if (r < 0)
		return err_sys(err, r, "cgroup", "initialise libcgroup");
	*ret = l;
	l.lib = NULL;
	return 0;
}

void cglib_close(struct cglib *l)
{
	if (l->lib)
		(void)dlclose(l->lib); /* it may stay loaded, as it pleases */
	l->lib = NULL;
}

/*
 * The controllers of a hierarchy that are named to libcgroup. On v2 it enables what is named in the
 * groups above, from the root on: only what containers use, and nothing in the tree that a hybrid
 * machine has beside v1, whose root is not ours to change.
 */
static int named(const struct cg_facts *facts, const struct cg_hierarchy *h, struct strv *ret)
{
	char missing[sizeof(h->controllers) * 2];
	int r;

	if (!h->v2)
		return strv_split(ret, h->controllers, ",");
	if (!cgprobe_holds(facts, h))
		return 0;
	r = cggroup_missing(h->controllers, "", missing, sizeof(missing));
	return r < 0 ? r : strv_split(ret, missing, "+ ");
}

/* A group object with the controllers of the facts. */
static struct cgroup *describe(const struct cglib *l, const struct cg_facts *facts,
			       const char *path)
{
	struct cgroup *g = l->new_cgroup(path);

	for (size_t i = 0; g && i < facts->n; i++) {
		autostrv struct strv words = {0};
		int r = named(facts, &facts->h[i], &words);

		for (size_t k = 0; r == 0 && k < words.n; k++)
			if (!l->add_controller(g, words.v[k]))
				r = -ENOMEM;
		if (r < 0)
			l->free(&g); /* sets it to NULL */
	}
	return g;
}

/* The values of one file are one value to it, a line for each; it writes them one by one. */
static int add_file(const struct cglib *l, struct cgroup *g, const struct cgset *set, size_t first)
{
	const char *file = set->v[first].file;
	struct cgroup_controller *c;
	char name[32], value[CGLIB_VALUE_MAX + 1];
	size_t len = 0;
	int r = str_format(name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);

	for (size_t i = first; r == 0 && i < set->n; i++) {
		if (strcmp(set->v[i].file, file) != 0)
			continue;
		r = str_format(value + len, sizeof(value) - len, "%s%s", len ? "\n" : "",
			       set->v[i].value);
		len += strlen(value + len);
	}
	c = r == 0 ? l->get_controller(g, name) : NULL;
	return c && l->add_value(c, file, value) == 0 ? 0 : -EINVAL;
}

static bool stands_before(const struct cgset *set, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(set->v[k].file, set->v[i].file) == 0)
			return true;
	return false;
}

int cglib_make(const struct cglib *l, const struct cg_facts *facts, const char *path,
	       const struct cgset *set)
{
	struct cgroup *g = describe(l, facts, path);
	int r = g ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < set->n; i++)
		if (!stands_before(set, i))
			r = add_file(l, g, set, i);
	if (r == 0)
		r = result(l, l->create(g, 1));
	l->free(&g);
	return r;
}

int cglib_write(const struct cglib *l, const char *path, const char *file, const char *value)
{
	struct cgroup *g = l->new_cgroup(path);
	struct cgroup_controller *c = NULL;
	char controller[32];
	int r = str_format(controller, sizeof(controller), "%.*s", (int)strcspn(file, "."), file);

	if (r == 0 && g)
		c = l->add_controller(g, controller);
	if (r == 0)
		r = c && l->add_value(c, file, value) == 0 ? result(l, l->modify(g)) : -ENOMEM;
	l->free(&g);
	return r;
}

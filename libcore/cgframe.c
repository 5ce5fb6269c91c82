/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgframe.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgpath.h"
#include "cgprobe.h"
#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { TIMEOUT_MS = 500, VALUE_MAX = 4096 };

/** struct lib - what is used of the library */
struct lib {
	__typeof__(&cgroup_set_logger) set_logger;
	__typeof__(&cgroup_init) init;
	__typeof__(&cgroup_new_cgroup) new_cgroup;
	__typeof__(&cgroup_add_controller) add_controller;
	__typeof__(&cgroup_add_value_string) add_value_string;
	__typeof__(&cgroup_create_cgroup) create_cgroup;
	__typeof__(&cgroup_free) free;
	__typeof__(&cgroup_strerror) strerror;
	__typeof__(&cgroup_get_last_errno) get_last_errno;
};

/* Debian 13 and 12. Opened at run time, so that logins which make no group do not load it. */
static const char *const sonames[] = {"libcgroup.so.3", "libcgroup.so.2"};

static int open_lib(struct lib *l, struct ctr_error *err)
{
	const struct {
		const char *name;
		void *fn; /* of struct lib */
	} names[] = {
	    {"cgroup_set_logger", &l->set_logger},
	    {"cgroup_init", &l->init},
	    {"cgroup_new_cgroup", &l->new_cgroup},
	    {"cgroup_add_controller", &l->add_controller},
	    {"cgroup_add_value_string", &l->add_value_string},
	    {"cgroup_create_cgroup", &l->create_cgroup},
	    {"cgroup_free", &l->free},
	    {"cgroup_strerror", &l->strerror},
	    {"cgroup_get_last_errno", &l->get_last_errno},
	};
	void *so = NULL;

	for (size_t i = 0; !so && i < ARRAY_SIZE(sonames); i++)
		so = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		void *fn = so ? dlsym(so, names[i].name) : NULL;

		if (!fn)
			return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
				       "libcgroup is not installed, or has no %s()", names[i].name);
		memcpy(names[i].fn, &fn, sizeof(fn)); /* as POSIX has it for dlsym(3) */
	}
	return 0;
}

/* The default one prints to stdout. */
static void say_nothing(void *data, int level, const char *fmt, va_list ap)
{
	(void)data;
	(void)level;
	(void)fmt;
	(void)ap;
}

static int fail(const struct lib *l, int code, const char *what, struct ctr_error *err)
{
	int errnum = code == ECGOTHER ? l->get_last_errno() : EIO;

	return err_set(err, CTR_E_SYSTEM, errnum, "cgroup", "libcgroup: %s: %s", what,
		       l->strerror(code));
}

/* cpuset of v1: CPUs and nodes of the root, and handed down to what is made below. */
static int add_cpuset(const struct lib *l, const struct cg_hierarchy *h,
		      struct cgroup_controller *c)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	autofd int dir = open(h->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char value[VALUE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (dir < 0 || fd_read_file_at(dir, files[i], value, sizeof(value)) < 0)
			return ECGFAIL;
		value[strcspn(value, "\n")] = '\0';
		if (l->add_value_string(c, files[i], value) != 0)
			return ECGFAIL;
	}
	return l->add_value_string(c, "cgroup.clone_children", "1");
}

/* Each controller by its name: libcgroup finds the mounts by itself. */
static int add_hierarchy(const struct lib *l, const struct cg_hierarchy *h, struct cgroup *g)
{
	const char *p = h->controllers;

	while (*p) {
		struct cgroup_controller *c;
		size_t n = strcspn(p, ",");
		char name[32];
		int r = str_format(name, sizeof(name), "%.*s", (int)n, p);

		c = r < 0 ? NULL : l->add_controller(g, name);
		if (!c)
			return ECGFAIL;
		if (!h->v2 && strcmp(name, "cpuset") == 0)
			r = add_cpuset(l, h, c);
		if (r != 0)
			return r;
		p += n + (p[n] == ',');
	}
	return 0;
}

static int make_group(const struct lib *l, const struct cg_facts *facts, struct ctr_error *err)
{
	struct cgroup *g = l->new_cgroup(CGFRAME_TOP);
	int r = g ? 0 : ECGFAIL;

	for (size_t i = 0; r == 0 && i < facts->n; i++)
		if (cgprobe_holds(facts, &facts->h[i]))
			r = add_hierarchy(l, &facts->h[i], g);
	if (r == 0)
		r = l->create_cgroup(g, 1); /* 1: leave owners and modes as mkdir made them */
	if (r != 0)
		r = fail(l, r, "make " CGFRAME_TOP, err);
	if (g)
		l->free(&g);
	return r;
}

static int make_frame(void *arg, struct ctr_error *err)
{
	struct lib l;
	int r = open_lib(&l, err);

	if (r < 0)
		return r;
	(void)umask(022); /* libcgroup makes groups 0775 */
	l.set_logger(say_nothing, CGROUP_LOG_ERROR, NULL);
	r = l.init();
	return r == 0 ? make_group(&l, arg, err) : fail(&l, r, "start", err);
}

bool cgframe_is_there(const struct cg_facts *facts)
{
	for (size_t i = 0; i < facts->n; i++) {
		char dir[CGPATH_SIZE];

		if (cgprobe_holds(facts, &facts->h[i]) &&
		    (cgpath_dir(&facts->h[i], CGFRAME_TOP, dir, sizeof(dir)) < 0 ||
		     access(dir, F_OK) < 0))
			return false;
	}
	return true;
}

int cgframe_make(const struct cg_facts *facts, struct ctr_error *err)
{
	return child_run(make_frame, (void *)facts, TIMEOUT_MS, err);
}

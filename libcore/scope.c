/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cghome.h"
#include "child.h"
#include "fd.h"
#include "scopetalk.h"

/* A colon is allowed in names of units and not in IDs: no container gets this name. */
#define SUPERVISORS	 "container:supervisors.scope"
#define SUPERVISORS_PATH "system.slice/" SUPERVISORS

enum { ATTEMPTS = 100, AGAIN_US = 10000 };

bool scope_is_wanted(const struct cg_facts *facts, const struct spec *spec)
{
	if (spec->cgroup == SPEC_CG_AUTO)
		return facts->systemd && facts->layout == CG_V2;
	return spec->cgroup == SPEC_CG_SCOPE;
}

int scope_check(const struct cg_facts *facts, struct ctr_error *err)
{
	if (facts->systemd && facts->layout == CG_V2)
		return 0;
	return err_set(
	    err, CTR_E_UNSUPPORTED, ENOTSUP, "scope",
	    "Cgroup=scope needs systemd and cgroup v2 alone; Cgroup=auto takes what is there");
}

int scope_unit(const char *id, char *dst, size_t size)
{
	return str_format(dst, size, "container-%s.scope", id);
}

const char *scope_of_path(const char *path)
{
	const char *base = strrchr(path, '/');
	size_t len = strlen(path);

	if (!base || str_has_prefix(path, "pam_container/", NULL))
		return NULL;
	return strlen(base) > 7 && strcmp(path + len - 6, ".scope") == 0 ? base + 1 : NULL;
}

/** struct order - what the child is to do */
struct order {
	int (*say)(const struct scopetalk *t, struct ctr_error *err);
	struct scopetalk t;
};

static int carry_out(void *arg, struct ctr_error *err)
{
	struct order *o = arg;
	struct sdbus api;
	int r = sdbus_load(&api, err);

	if (r < 0)
		return r;
	o->t.api = &api;
	r = o->say(&o->t, err);
	sdbus_unload(&api);
	return r;
}

/* The conversation's own deadline comes first, since it can say what it waited for. */
static int order(struct order *o, struct ctr_error *err)
{
	o->t.end_ms = child_now_ms() + SCOPE_MS;
	return child_run(carry_out, o, SCOPE_MS + 500, err);
}

/* MUST-1: where the process is now, not where it was asked to be put. */
static int read_back(const char *unit, pid_t pid, char ret_path[SCOPE_PATH], struct ctr_error *err)
{
	static const struct cg_hierarchy unified = {.v2 = true};
	char path[512];
	struct cghome home;
	const char *base;
	int r = cghome_read(pid, &home);

	if (r == 0)
		r = cghome_path(&home, &unified, path, sizeof(path));
	if (r < 0)
		return err_sys(err, r, "scope", "read the control group of process %d", pid);
	base = scope_of_path(path);
	if (!str_equal(base, unit))
		return err_set(err, CTR_E_SYSTEM, EPERM, "scope", "process %d is in %s, not in %s",
			       pid, path, unit);
	r = str_copy(ret_path, SCOPE_PATH, path + 1);
	return r < 0 ? err_sys(err, r, "scope", "control group %s", path) : 0;
}

int scope_start(const char *unit, const struct spec *spec, pid_t pid, char ret_path[SCOPE_PATH],
		struct ctr_error *err)
{
	struct scopeprops props;
	struct order o = {scopetalk_start,
			  {.unit = unit, .props = &props, .pid = pid, .once = !spec}};
	int r = scopeprop_start(spec, &props, err);

	if (r == 0)
		r = order(&o, err);
	return r < 0 ? r : read_back(unit, pid, ret_path, err);
}

int scope_set(const char *unit, const struct spec *spec, struct ctr_error *err)
{
	struct scopeprops props;
	struct order o = {scopetalk_set, {.unit = unit, .props = &props}};
	int r = scopeprop_limits(spec, &props, err);

	return r < 0 ? r : order(&o, err);
}

int scope_stop(const char *unit, struct ctr_error *err)
{
	struct order o = {scopetalk_stop, {.unit = unit}};

	return order(&o, err);
}

/*
 * Neither in the scope of the container, whose limits its user can reach at will and would slow
 * down every later login and command (MUST-4), nor in the caller's session, which logind would
 * hold open for as long as the container lives. It is delegated, so others may step in by file.
 */
int scope_attach_supervisor(const struct cg_facts *facts, struct ctr_error *err)
{
	char procs[256], path[SCOPE_PATH];
	struct ctr_error why;
	int r = -EEXIST;

	if (str_format(procs, sizeof(procs), "%s/%s/cgroup.procs", facts->h[0].mount,
		       SUPERVISORS_PATH) < 0)
		return err_sys(err, ENAMETOOLONG, "scope", "name the supervisors' group");
	for (int i = 0; r == -EEXIST && i < ATTEMPTS; i++) {
		if (i > 0)
			(void)usleep(AGAIN_US); /* another one makes it, or systemd forgets it */
		r = fd_write_file_at(AT_FDCWD, procs, "0");
		if (r != -ENOENT && r != -ENODEV)
			return r < 0 ? err_sys(err, r, "scope", "write %s", procs) : 0;
		r = scope_start(SUPERVISORS, NULL, getpid(), path, &why);
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgapply.h"
#include "cgdev.h"
#include "cggroup.h"
#include "cghome.h"
#include "cglive.h"
#include "cgpath.h"
#include "cgpids.h"
#include "cgprobe.h"
#include "cgset.h"
#include "cgwork.h"
#include "cleanup.h"
#include "fd.h"
#include "scope.h"
#include "str.h"

#define SUPERVISORS "pam_container/_supervisor"

static const struct cgset_options fresh = {.resolve = cgapply_device};
static const struct cgset_options live = {.resolve = cgapply_device, .live = true};

/* With Cgroup=inherit there is nothing to write a limit to; the walls must not be missed quietly */
static int refuse_limits(const struct spec *spec, struct ctr_error *err)
{
	static const struct cg_facts nothing = {.layout = CG_V2};
	autocgset struct cgset set = {0};
	int r = cgset_plan(&nothing, spec, &fresh, &set, err);

	if (r == -ENOTSUP)
		err_prefix(err, "Cgroup=inherit");
	return r;
}

/* Before anything is touched: an ID that is in use keeps all of its groups. */
static int refuse_busy(const struct cg *cg, struct ctr_error *err)
{
	autocgpids struct cgpids pids = {0};
	int r = cgpids_read(cg, true, &pids);

	if (r < 0)
		return err_sys(err, r, "cgroup", "look at the group %s", cg->path);
	return pids.n == 0 ? 0
			   : err_set(err, CTR_E_ID_IN_USE, EEXIST, "cgroup",
				     "the group %s has %zu processes", cg->path, pids.n);
}

/* v2 has no devices controller but takes a program. A hybrid machine has the v1 controller. */
static int filter_devices(const struct cg *cg, const struct spec *spec, struct ctr_error *err)
{
	autofd int fd = cg->facts->layout == CG_V2 ? cg_clone_fd(cg) : -1;

	if (cg->facts->layout != CG_V2)
		return 0;
	if (fd < 0)
		return err_sys(err, fd, "cgroup", "open the group %s", cg->path);
	return cgdev_attach(fd, spec, err);
}

/* The v2 tree of a hybrid machine is not libcgroup's, and a child is cloned into it. */
static int make_v2(const struct cg *cg, struct ctr_error *err)
{
	for (size_t i = 0; i < cg->facts->n; i++) {
		const struct cg_hierarchy *h = &cg->facts->h[i];
		int r = h->v2 ? cggroup_remove(h, cg->path) : 0;

		if (r == 0 && h->v2)
			r = cggroup_make(h, cg->path);
		if (r < 0)
			return err_sys(err, r, "cgroup", "make the group %s/%s", h->mount,
				       cg->path);
	}
	return 0;
}

/* With nothing but the v2 tree all is made at once, since the child is born in it. */
static int make_start(struct cg *cg, const struct spec *spec, struct child *ret,
		      struct ctr_error *err)
{
	autocgset struct cgset set = {0};
	int r = cgset_plan(cg->facts, spec, &fresh, &set, err);

	if (r == 0 && scope_is_wanted(cg->facts, spec))
		return scope_check(cg->facts, err); /* cg_adopt() makes it */
	if (r == 0)
		r = refuse_busy(cg, err);
	if (r < 0)
		return r;
	if (cg->facts->layout == CG_V2) {
		r = cgwork_make(cg, &set, true, err);
		if (r == 0)
			r = filter_devices(cg, spec, err);
	} else {
		r = make_v2(cg, err);
		if (r == 0)
			r = cgwork_start(cg, &set, ret, err);
	}
	if (r < 0)
		(void)!cg_remove(cg, NULL); /* the first failure is told */
	return r;
}

int cg_create_start(struct cg *cg, const struct spec *spec, struct child *ret,
		    struct ctr_error *err)
{
	ret->pid = 0;
	if (cg->inherit)
		return refuse_limits(spec, err);
	if (cg->facts->n == 0)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "cgroup",
			       "no cgroup file system is mounted; Cgroup=inherit does without");
	return make_start(cg, spec, ret, err);
}

int cg_create_finish(struct cg *cg, struct child *c, struct ctr_error *err)
{
	int r = c->pid ? cgwork_finish(c, err) : 0;

	if (r < 0)
		(void)!cg_remove(cg, NULL); /* the first failure is told */
	return r;
}

int cg_create(struct cg *cg, const struct spec *spec, struct ctr_error *err)
{
	struct child c;
	int r = cg_create_start(cg, spec, &c, err);

	return r < 0 ? r : cg_create_finish(cg, &c, err);
}

int cg_adopt(struct cg *cg, const struct spec *spec, pid_t pid, struct ctr_error *err)
{
	autocgset struct cgset set = {0};
	const char *id = strrchr(cg->path, '/');
	char unit[SCOPE_PATH];
	int r;

	if (cg->inherit || !id || !scope_is_wanted(cg->facts, spec))
		return 0;
	r = scope_unit(id + 1, unit, sizeof(unit));
	if (r < 0)
		return err_sys(err, r, "scope", "name the scope of %s", id + 1);
	r = scope_start(unit, spec, pid, cg->path, err);
	if (r == 0)
		r = cgset_plan(cg->facts, spec, &fresh, &set, err);
	if (r == 0) /* systemd only logs what the kernel refused, and the wall would be missing */
		r = cgapply_write(NULL, cg->path, &set, err);
	return r < 0 ? r : filter_devices(cg, spec, err);
}

int cg_set(const struct cg *cg, const struct spec *spec, struct ctr_error *err)
{
	autocgset struct cgset set = {0}, old = {0};
	const char *unit = scope_of_path(cg->path);
	int r;

	if (cg->inherit)
		return refuse_limits(spec, err);
	r = cgset_plan(cg->facts, spec, &live, &set, err);
	if (r == 0)
		r = cglive_add(cg, spec, &set, err);
	if (r == 0)
		r = cgapply_save(cg->path, &set, &old, err);
	if (r < 0)
		return r;
	/* a scope is systemd's, by whatever made it */
	r = unit ? cgapply_write(NULL, cg->path, &set, err) : cgwork_write(cg, &set, err);
	if (r == 0)
		r = filter_devices(cg, spec, err);
	if (r == 0 && unit) /* last: systemd takes all or none */
		r = scope_set(unit, spec, err);
	if (r < 0)
		(void)!cgapply_write(NULL, cg->path, &old,
				     NULL); /* what was there was accepted once */
	return r;
}

int cg_set_devices(const struct cg *cg, const struct spec *spec, struct ctr_error *err)
{
	autocgset struct cgset set = {0};
	int r = cg->inherit ? 0 : cglive_add_devices(cg, spec, &set, err);

	if (r < 0 || cg->inherit)
		return r;
	r = cgwork_write(cg, &set, err);
	return r < 0 ? r : filter_devices(cg, spec, err);
}

int cg_clone_fd(const struct cg *cg)
{
	for (size_t i = 0; !cg->inherit && i < cg->facts->n; i++)
		if (cg->facts->h[i].v2)
			return cgpath_open(&cg->facts->h[i], cg->path);
	return -1;
}

/* MUST-4: a process that enters a frozen group of v1 is stuck there, unkillable until the thaw. */
static int refuse_frozen(const struct cg *cg, struct ctr_error *err)
{
	int state = cg_frozen(cg);

	if (state < 0)
		return err_sys(err, state, "cgroup", "read whether %s is frozen", cg->path);
	return state == CG_THAWED
		   ? 0
		   : err_set(err, CTR_E_PAUSED, EBUSY, "cgroup",
			     "the group %s is frozen; resume the container first", cg->path);
}

/* "tasks" moves the writing thread alone, without the wait that struct cg_door tells of. */
static const char *door_file(const struct cg_hierarchy *h)
{
	return h->v2 ? "cgroup.procs" : "tasks";
}

static int open_door(const struct cg_facts *facts, const char *path, struct cg_door *ret,
		     struct ctr_error *err)
{
	struct cg_door door = {.n = 0};

	for (size_t i = 0; i < facts->n; i++) {
		char file[CGPATH_SIZE];
		int r, fd = -1;

		if (!cgprobe_holds(facts, &facts->h[i]))
			continue;
		r = str_format(file, sizeof(file), "%s/%s/%s", facts->h[i].mount, path,
			       door_file(&facts->h[i]));
		if (r == 0)
			fd = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0) {
			r = err_sys(err, r < 0 ? r : errno, "cgroup", "open %s", file);
			cg_door_close(&door);
			return r;
		}
		door.fd[door.n++] = fd;
	}
	*ret = door;
	return 0;
}

int cg_door_open(const struct cg *cg, struct cg_door *ret, struct ctr_error *err)
{
	int r = refuse_frozen(cg, err);

	if (r < 0)
		return r;
	if (cg->inherit) {
		ret->n = 0;
		return 0;
	}
	return open_door(cg->facts, cg->path, ret, err);
}

void cg_door_close(struct cg_door *door)
{
	while (door->n > 0)
		cleanup_fd(&door->fd[--door->n]);
}

int cg_attach(const struct cg *cg, pid_t pid, struct ctr_error *err)
{
	int r = refuse_frozen(cg, err);

	for (size_t i = 0; r == 0 && !cg->inherit && i < cg->facts->n; i++) {
		const struct cg_hierarchy *h = &cg->facts->h[i];
		char text[16];
		autofd int dir = -1;

		if (!cgprobe_holds(cg->facts, h))
			continue;
		r = str_format(text, sizeof(text), "%d", pid);
		dir = r < 0 ? r : cgpath_open(h, cg->path);
		r = dir < 0 ? dir : fd_write_file_at(dir, "cgroup.procs", text);
		if (r < 0)
			return err_sys(err, r, "cgroup", "put process %d into %s/%s", pid, h->mount,
				       cg->path);
	}
	return r;
}

int cg_has(const struct cg *cg, pid_t pid)
{
	struct cghome home;
	int r = cg->inherit ? 0 : cghome_read(pid, &home);

	for (size_t i = 0; r == 0 && !cg->inherit && i < cg->facts->n; i++) {
		char path[1024];
		const char *rest;

		if (!cgprobe_holds(cg->facts, &cg->facts->h[i]))
			continue;
		r = cghome_path(&home, &cg->facts->h[i], path, sizeof(path));
		if (r == 0 &&
		    (!str_has_prefix(path + 1, cg->path, &rest) || (*rest != '\0' && *rest != '/')))
			return 0;
	}
	return r < 0 ? r : 1;
}

int cg_attach_supervisor(const struct cg_facts *facts, struct ctr_error *err)
{
	static const struct cgset nothing = {0};
	const struct cg cg = {.facts = facts, .path = SUPERVISORS};
	struct cg_door door = {.n = 0};
	int r;

	if (facts->systemd && facts->layout == CG_V2)
		return scope_attach_supervisor(facts, err);
	r = open_door(facts, SUPERVISORS, &door, NULL);
	if (r == -ENOENT) { /* the first supervisor makes it */
		r = cgwork_make(&cg, &nothing, false, err);
		if (r == 0)
			r = open_door(facts, SUPERVISORS, &door, err);
	} else if (r < 0) {
		(void)err_sys(err, r, "cgroup", "open the group " SUPERVISORS);
	}
	for (size_t i = 0; r == 0 && i < door.n; i++)
		if (write(door.fd[i], "0", 1) < 0)
			r = err_sys(err, errno, "cgroup", "enter the group " SUPERVISORS);
	cg_door_close(&door);
	return r;
}

/* systemd takes the group away itself when the last process has left; that may take a while. */
static int remove_scope(const struct cg *cg, struct ctr_error *err)
{
	autofd int dir = cgpath_open(&cg->facts->h[0], cg->path);

	return dir == -ENOENT ? 0 : scope_stop(scope_of_path(cg->path), err);
}

/*
 * By rmdir(2), which leaves a group alone that has processes: libcgroup would move them to the
 * parent, out of their limits, knows neither groups below nor another try, and would have to be
 * opened first. Goes on after a failure, returns the first.
 */
static int remove_groups(const struct cg *cg, struct ctr_error *err)
{
	int first = 0;

	for (size_t i = 0; i < cg->facts->n; i++) {
		const struct cg_hierarchy *h = &cg->facts->h[i];
		int r = cggroup_remove(h, cg->path);

		if (r < 0 && first == 0)
			first =
			    err_sys(err, r, "cgroup", "remove the group %s/%s", h->mount, cg->path);
	}
	return first;
}

int cg_remove(const struct cg *cg, struct ctr_error *err)
{
	char parent[sizeof(cg->path)], *slash;
	int first = cg->inherit ? 0 : str_copy(parent, sizeof(parent), cg->path);

	if (!cg->inherit && scope_of_path(cg->path))
		return remove_scope(cg, err);
	if (first == 0 && !cg->inherit)
		first = remove_groups(cg, err);
	slash = first < 0 || cg->inherit ? NULL : strrchr(parent, '/');
	if (!slash)
		return first;
	*slash = '\0';
	for (size_t i = 0; i < cg->facts->n; i++) {
		char dir[CGPATH_SIZE];

		if (cgpath_dir(&cg->facts->h[i], parent, dir, sizeof(dir)) == 0)
			(void)rmdir(dir); /* others are still in it, mostly */
	}
	return 0;
}

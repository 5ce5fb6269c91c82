/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "cgdetail.h"
#include "cgstat.h"
#include "cleanup.h"
#include "netstat.h"
#include "num.h"

enum { DEPTH_MAX = 33 }; /* MAX_PID_NS_LEVEL 32 and the host's, kernel/pid_namespace.c */

/* ---- which processes ---- */

static uint64_t inode_of(const struct state *st, const char *name)
{
	for (size_t i = 0; i < st->nns; i++)
		if (strcmp(st->ns[i].name, name) == 0)
			return st->ns[i].inode;
	return 0;
}

bool api_is_inside(const struct api_view *v, pid_t pid)
{
	uint64_t inode;

	return proc_ns_inode(pid, "pid", &inode) == 0 && inode == inode_of(&v->st, "pid");
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* With Cgroup=inherit the group is the caller's: who is inside shows by the PID namespace alone. */
static int pids_by_namespace(const struct api_view *v, pid_t **ret, size_t *ret_n)
{
	autodir DIR *d = opendir("/proc");
	autofree pid_t *pids = NULL;
	size_t n = 0, size = 0;
	uint32_t pid;

	if (!d)
		return -errno;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (num_id(e->d_name, &pid) < 0 || !api_is_inside(v, (pid_t)pid))
			continue;
		if (n == size) {
			pid_t *more =
			    reallocarray(pids, size = size ? 2 * size : 32, sizeof(*more));

			if (!more)
				return -ENOMEM;
			pids = more;
		}
		pids[n++] = (pid_t)pid;
	}
	if (n > 0)
		qsort(pids, n, sizeof(*pids), by_number);
	*ret = take_ptr(pids);
	*ret_n = n;
	return 0;
}

int api_pids(const struct api_view *v, pid_t **ret, size_t *ret_n, struct ctr_error *err)
{
	int r;

	if (!v->cg.inherit)
		return cg_pids(&v->cg, ret, ret_n, err);
	r = pids_by_namespace(v, ret, ret_n);
	return r < 0 ? err_sys(err, r, "processes", "list the processes of %s", v->st.id) : 0;
}

/*
 * The pid as the container's PID 1 sees it: NSpid has a number for each namespace from ours down. A
 * process that has fewer than PID 1 stands outside (it joined); more, in a namespace below.
 */
static pid_t inner_pid(pid_t pid, int depth)
{
	pid_t pids[DEPTH_MAX];
	int n = proc_nspids(pid, pids, DEPTH_MAX);

	return depth > 0 && n >= depth ? pids[depth - 1] : 0;
}

static uint64_t ticks_us(uint64_t ticks)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	return ticks / hz * 1000000 + ticks % hz * 1000000 / hz;
}

/*
 * Of the command only the name: the arguments lie in the process's own memory, which it can map
 * from a file system that never answers, so that reading them hangs (MUST-4).
 */
static int describe(pid_t pid, int depth, struct ctr_proc_info *ret)
{
	struct ctr_proc_info info = {.pid = pid};
	struct proc_stat st;
	int r = proc_read_stat(pid, &st);

	if (r == 0)
		r = proc_uid(pid, &info.uid);
	if (r < 0)
		return r;
	info.inner_pid = inner_pid(pid, depth);
	info.ppid = st.ppid;
	info.state = st.state;
	info.cpu_us = ticks_us(st.utime_ticks + st.stime_ticks);
	info.rss_bytes = st.rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	info.start_us = ticks_us(st.start_ticks);
	r = str_copy(info.command, sizeof(info.command), st.comm); /* escaped by proc_read_stat */
	if (r == 0)
		*ret = info;
	return r;
}

int ctr_processes(struct ctr_container *c, struct ctr_proc_info **ret, size_t *ret_n,
		  struct ctr_error *err)
{
	autofree struct ctr_proc_info *list = NULL;
	autofree pid_t *pids = NULL;
	size_t npids = 0, n = 0;
	struct api_view v;
	pid_t ns[DEPTH_MAX];
	int depth, r = api_check(c, MACHINE_PROCESSES, &v, err);

	if (r == 0)
		r = api_pids(&v, &pids, &npids, err);
	if (r < 0)
		return api_why(c, MACHINE_PROCESSES, r, err);
	depth = inode_of(&v.st, "pid") ? proc_nspids(v.st.init.pid, ns, DEPTH_MAX) : 1;
	list = calloc(npids + 1, sizeof(*list));
	if (!list)
		return err_sys(err, ENOMEM, "processes", "list the processes of %s", c->id);
	for (size_t i = 0; i < npids; i++)
		if (describe(pids[i], depth, &list[n]) == 0) /* else it has ended since */
			n++;
	*ret = take_ptr(list);
	*ret_n = n;
	return 0;
}

/* ---- figures ---- */

int ctr_stats_read(struct ctr_container *c, struct ctr_stats *ret, struct ctr_error *err)
{
	autofree struct ctr_stats *s = calloc(1, sizeof(*s));
	autofd int dir = -1;
	struct api_view v;
	int r = api_check(c, MACHINE_STATS, &v, err);

	if (r < 0)
		return r;
	if (!s)
		return err_sys(err, ENOMEM, "stats", "read the statistics of %s", c->id);
	r = cgstat_read(&v.cg, s, err);
	/* without a network of its own the interfaces are the host's, and say nothing of it */
	if (r == 0 && inode_of(&v.st, "net"))
		r = cgstat_net(v.st.init.pid, s, err);
	if (r == 0 && inode_of(&v.st, "net")) {
		dir = state_open_dir(c->rootfd, c->id, err);
		r = dir < 0 ? dir : netstat_read(dir, s, err);
	}
	if (r == 0)
		*ret = *s;
	return api_why(c, MACHINE_STATS, r, err);
}

int ctr_stats_details(struct ctr_container *c, struct ctr_details *ret, struct ctr_error *err)
{
	autofree struct ctr_details *d = malloc(sizeof(*d));
	struct api_view v;
	int r = api_check(c, MACHINE_STATS, &v, err);

	if (r < 0)
		return r;
	if (!d)
		return err_sys(err, ENOMEM, "stats", "read the statistics of %s", c->id);
	r = cgdetail_read(&v.cg, d, err);
	if (r == 0)
		*ret = *d;
	return api_why(c, MACHINE_STATS, r, err);
}

int ctr_stats_memory(struct ctr_container *c, const char *key, uint64_t *ret, struct ctr_error *err)
{
	struct api_view v;
	int r = api_check(c, MACHINE_STATS, &v, err);

	return r < 0 ? r : api_why(c, MACHINE_STATS, cgdetail_memory(&v.cg, key, ret, err), err);
}

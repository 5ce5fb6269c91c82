/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgfreeze.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cgpath.h"
#include "cgpids.h"
#include "cgprobe.h"
#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

/* A group that is not frozen after so long is thawed and frozen again. */
enum { AGAIN_MS = 100, ROUND_MS = 200, WAIT_MIN_US = 100, WAIT_MAX_US = 5000 };

int cgfreeze_state_v1(const char *text)
{
	static const char *const names[] = {
	    [CG_THAWED] = "THAWED\n", [CG_FREEZING] = "FREEZING\n", [CG_FROZEN] = "FROZEN\n"};

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return -EBADMSG;
}

int cgfreeze_state_v2(const char *freeze, const char *events)
{
	const char *frozen = strstr(events, "frozen ");

	if (!frozen || (freeze[0] != '0' && freeze[0] != '1'))
		return -EBADMSG;
	if (frozen[7] == '1')
		return CG_FROZEN; /* by itself or by a group above */
	return freeze[0] == '1' ? CG_FREEZING : CG_THAWED;
}

static int read_state(const struct cg_hierarchy *h, int dir)
{
	char text[64], events[256];
	ssize_t n;

	if (!h->v2) {
		n = fd_read_file_at(dir, "freezer.state", text, sizeof(text));
		return n < 0 ? (int)n : cgfreeze_state_v1(text);
	}
	n = fd_read_file_at(dir, "cgroup.freeze", text, sizeof(text));
	if (n >= 0)
		n = fd_read_file_at(dir, "cgroup.events", events, sizeof(events));
	return n < 0 ? (int)n : cgfreeze_state_v2(text, events);
}

static int write_state(const struct cg_hierarchy *h, int dir, bool freeze)
{
	if (h->v2)
		return fd_write_file_at(dir, "cgroup.freeze", freeze ? "1" : "0");
	return fd_write_file_at(dir, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

/** struct wait - sleeps that grow, up to a deadline */
struct wait {
	uint64_t end_ms;
	unsigned int us;
};

static bool wait_more(struct wait *w)
{
	if (child_now_ms() >= w->end_ms)
		return false;
	(void)nanosleep(&(struct timespec){.tv_nsec = (long)w->us * 1000}, NULL);
	w->us = w->us * 2 > WAIT_MAX_US ? WAIT_MAX_US : w->us * 2;
	return true;
}

static int thaw_group(int dir, void *arg)
{
	int r = write_state(arg, dir, false);

	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/* Groups below that were frozen by themselves would stay frozen. */
static int thaw(const struct cg_hierarchy *h, int dir, unsigned int timeout_ms)
{
	struct wait w = {child_now_ms() + timeout_ms, WAIT_MIN_US};
	int r = cgpath_walk(dir, thaw_group, (void *)h), state;

	while (r == 0) {
		state = read_state(h, dir);
		if (state <= 0)
			return state;
		if (!wait_more(&w))
			return -ETIMEDOUT;
	}
	return r;
}

/*
 * The v1 freezer signals each task once. A task that forks or waits without a freeze point at that
 * moment can keep the group FREEZING for ever: thaw and freeze it again, as all runtimes do.
 */
static int freeze(const struct cg_hierarchy *h, int dir, unsigned int timeout_ms)
{
	struct wait w = {child_now_ms() + timeout_ms, WAIT_MIN_US};
	uint64_t again = child_now_ms() + AGAIN_MS;
	int r = write_state(h, dir, true), state;

	while (r == 0) {
		state = read_state(h, dir);
		if (state < 0 || state == CG_FROZEN)
			return state < 0 ? state : 0;
		if (!wait_more(&w))
			return -ETIMEDOUT;
		if (h->v2 || child_now_ms() < again)
			continue;
		again = child_now_ms() + AGAIN_MS;
		r = write_state(h, dir, false);
		if (r == 0)
			r = write_state(h, dir, true);
	}
	return r;
}

static int open_freezer(const struct cg *cg, const struct cg_hierarchy **ret, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgpath_freezer(cg->facts);
	int dir;

	if (cg->inherit)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "freeze",
			       "a container with Cgroup=inherit has no group of its own");
	if (!h)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "freeze",
			       "this machine has neither the freezer controller nor cgroup v2");
	dir = cgpath_open(h, cg->path);
	if (dir < 0)
		return err_sys(err, dir, "freeze", "open the group %s", cg->path);
	*ret = h;
	return dir;
}

int cg_freeze(const struct cg *cg, unsigned int timeout_ms, struct ctr_error *err)
{
	const struct cg_hierarchy *h = NULL;
	autofd int dir = open_freezer(cg, &h, err);
	int r;

	if (dir < 0)
		return dir;
	r = freeze(h, dir, timeout_ms);
	if (r == 0)
		return 0;
	(void)!thaw(h, dir, 0); /* half frozen helps nobody; the first failure is told */
	if (r == -ETIMEDOUT)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "freeze",
			       "%s does not freeze within %u ms; a process waits in the kernel",
			       cg->path, timeout_ms);
	return err_sys(err, r, "freeze", "freeze %s", cg->path);
}

/*
 * On a hybrid machine a group can be frozen by its v2 file as well. We do not use it there;
 * somebody else may, and who writes himself into such a group stops just so (MUST-4). -ENOENT: no
 * other.
 */
static int open_other(const struct cg *cg, const struct cg_hierarchy **ret)
{
	const struct cg_hierarchy *own = cgpath_freezer(cg->facts);

	for (size_t i = 0; i < cg->facts->n; i++) {
		*ret = &cg->facts->h[i];
		if ((*ret)->v2 && *ret != own)
			return cgpath_open(*ret, cg->path);
	}
	return -ENOENT;
}

int cg_thaw(const struct cg *cg, unsigned int timeout_ms, struct ctr_error *err)
{
	const struct cg_hierarchy *h = NULL, *second;
	autofd int dir = open_freezer(cg, &h, err), other = -1;
	int r;

	if (dir < 0)
		return dir;
	r = thaw(h, dir, timeout_ms);
	other = open_other(cg, &second);
	if (r == 0 && other >= 0)
		r = thaw(second, other, timeout_ms);
	if (r == -ETIMEDOUT)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "thaw",
			       "%s does not thaw within %u ms; is a group above it frozen?",
			       cg->path, timeout_ms);
	return r < 0 ? err_sys(err, r, "thaw", "thaw %s", cg->path) : 0;
}

int cg_frozen(const struct cg *cg)
{
	const struct cg_hierarchy *h = cgpath_freezer(cg->facts);
	autofd int dir = -1, other = -1;
	int state;

	if (cg->inherit || !h)
		return CG_THAWED;
	dir = cgpath_open(h, cg->path);
	state = dir < 0 ? dir : read_state(h, dir);
	if (state != CG_THAWED)
		return state;
	other = open_other(cg, &h);
	return other < 0 ? CG_THAWED : read_state(h, other);
}

/* cgroup.kill (Linux 5.14) reaches every process of a v2 tree at once, forking ones included. */
static int kill_by_file(const struct cg *cg)
{
	for (size_t i = 0; i < cg->facts->n; i++) {
		autofd int dir =
		    cg->facts->h[i].v2 ? cgpath_open(&cg->facts->h[i], cg->path) : -ENOENT;
		int r = dir < 0 ? dir : fd_write_file_at(dir, "cgroup.kill", "1");

		if (r < 0 && r != -ENOENT && r != -ENODEV) /* systemd may be faster */
			return r;
	}
	return 0;
}

static int kill_listed(const struct cg *cg, size_t *ret_n)
{
	autocgpids struct cgpids pids = {0};
	int r = cgpids_read(cg, true, &pids);

	for (size_t i = 0; i < pids.n; i++) {
		int one = cgpids_send(cg, pids.v[i], SIGKILL);

		r = r < 0 ? r : one;
	}
	*ret_n = pids.n;
	return r;
}

/* Dying takes CPU time, too: 300 processes that share CPUQuota=1% take seconds to it. */
static void lift_quota(const struct cg *cg)
{
	const struct cg_hierarchy *h = cgprobe_find(cg->facts, "cpu", "cpu");
	autofd int dir = h ? cgpath_open(h, cg->path) : -1;

	if (dir >= 0)
		(void)!fd_write_file_at(dir, h->v2 ? "cpu.max" : "cpu.cfs_quota_us",
					h->v2 ? "max" : "-1"); /* it only takes longer then */
}

/*
 * One round: nobody forks while frozen, so that each gets its SIGKILL; a frozen task of v1 dies
 * only when thawed. The first round goes without, since the death of PID 1 mostly is enough.
 */
static int kill_round(const struct cg *cg, const struct cg_hierarchy *h, bool hold, size_t *ret_n)
{
	autofd int dir = h ? cgpath_open(h, cg->path) : -ENOENT;
	int r;

	if (hold)
		lift_quota(cg);
	if (dir >= 0 && hold)
		(void)!freeze(h, dir, ROUND_MS); /* those that do not freeze are hit all the same */
	r = kill_by_file(cg);
	if (r == 0)
		r = kill_listed(cg, ret_n);
	if (dir >= 0 && (hold || read_state(h, dir) != CG_THAWED))
		(void)!thaw(h, dir, ROUND_MS); /* the next round tells */
	return r;
}

int cg_kill(const struct cg *cg, unsigned int timeout_ms, struct ctr_error *err)
{
	const struct cg_hierarchy *h = cgpath_freezer(cg->facts);
	uint64_t end = child_now_ms() + timeout_ms;
	bool hold = false;
	size_t n = 0;
	int r = 0;

	if (cg->inherit)
		return 0;
	do {
		uint64_t round_end = child_now_ms() + (hold ? ROUND_MS : ROUND_MS / 8);
		struct wait w = {round_end < end ? round_end : end, WAIT_MIN_US};

		r = kill_round(cg, h, hold, &n);
		while (r == 0 && n > 0 && wait_more(&w)) {
			autocgpids struct cgpids left = {0};

			r = cgpids_read(cg, true, &left);
			n = left.n;
		}
		hold = true;
	} while (r == 0 && n > 0 && child_now_ms() < end);
	if (r < 0)
		return err_sys(err, r, "kill", "kill the processes of %s", cg->path);
	return n == 0 ? 0
		      : err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "kill",
				"%zu processes of %s did not die within %u ms", n, cg->path,
				timeout_ms);
}

static int no_group(const char *stage, struct ctr_error *err)
{
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, stage,
		       "a container with Cgroup=inherit has no group that lists its processes");
}

int cg_signal(const struct cg *cg, int sig, pid_t except, struct ctr_error *err)
{
	autocgpids struct cgpids pids = {0};
	int r = cg->inherit ? no_group("signal", err) : 0;

	if (r < 0)
		return r;
	r = cgpids_read(cg, false, &pids);
	for (size_t i = 0; r == 0 && i < pids.n; i++)
		if (pids.v[i] != except)
			r = cgpids_send(cg, pids.v[i], sig);
	return r < 0 ? err_sys(err, r, "signal", "signal the processes of %s", cg->path) : 0;
}

int cg_pids(const struct cg *cg, pid_t **ret, size_t *ret_n, struct ctr_error *err)
{
	struct cgpids pids = {0};
	int r = cg->inherit ? no_group("processes", err) : 0;

	if (r < 0)
		return r;
	r = cgpids_read(cg, false, &pids);
	if (r < 0)
		return err_sys(err, r, "processes", "list the processes of %s", cg->path);
	*ret = pids.v;
	*ret_n = pids.n;
	return 0;
}

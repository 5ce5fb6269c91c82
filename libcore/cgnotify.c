/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgnotify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cgpath.h"
#include "cgprobe.h"
#include "cgstat.h"
#include "cleanup.h"
#include "fd.h"
#include "str.h"

static const char *const level_names[] = {[CTR_PRESSURE_LOW] = "low",
					  [CTR_PRESSURE_MEDIUM] = "medium",
					  [CTR_PRESSURE_CRITICAL] = "critical"};

/*
 * v1 counts pages that reclaim could not take (60 and 95 of 100, mm/vmpressure.c), PSI the time
 * that somebody waits for memory: a tenth of it, three tenths, and a tenth in which nobody got on.
 * Windows of another length than two seconds need CAP_SYS_RESOURCE (Linux 6.5,
 * psi_trigger_create()).
 */
static const char *const triggers[] = {[CTR_PRESSURE_LOW] = "some 200000 2000000",
				       [CTR_PRESSURE_MEDIUM] = "some 600000 2000000",
				       [CTR_PRESSURE_CRITICAL] = "full 200000 2000000"};

const char *cgnotify_trigger(enum ctr_pressure_level level)
{
	return triggers[level];
}

static void cleanup_notify(struct cgnotify *n)
{
	cleanup_fd(&n->fd);
	cleanup_fd(&n->event);
	cleanup_fd(&n->file);
}
#define autonotify __attribute__((cleanup(cleanup_notify)))

void cgnotify_close(struct cgnotify *n)
{
	cleanup_notify(n);
}

static int failed(int r, const char *file, struct ctr_error *err)
{
	return err_sys(err, r, "notify", "watch %s", file);
}

/* All kinds end in one that poll(2) takes as it takes a pipe. */
static int finish(struct cgnotify *n, uint32_t events, const char *file, struct cgnotify *ret,
		  struct ctr_error *err)
{
	struct epoll_event ev = {.events = events};

	n->fd = epoll_create1(EPOLL_CLOEXEC);
	if (n->fd < 0 ||
	    epoll_ctl(n->fd, EPOLL_CTL_ADD, n->event < 0 ? n->file : n->event, &ev) < 0)
		return failed(errno, file, err);
	*ret = *n;
	*n = (struct cgnotify)CGNOTIFY_NONE;
	return 0;
}

/* "EVENTFD FILE [LEVEL]" into cgroup.event_control (admin-guide/cgroup-v1/memory.rst) */
static int watch_v1(int dir, const char *file, const char *level, struct cgnotify *n)
{
	autofd int what = openat(dir, file, O_RDONLY | O_CLOEXEC);
	char line[64];
	int r;

	if (what < 0)
		return -errno;
	n->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	n->file = openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	if (n->event < 0 || n->file < 0)
		return -errno;
	r = str_format(line, sizeof(line), "%d %d %s", n->event, what, level);
	return r < 0 ? r : fd_write_file_at(dir, "cgroup.event_control", line);
}

/* A file of a group is never deleted but with the group. */
static int watch_v2(int dir, bool until_end, struct cgnotify *n)
{
	char path[64];
	int r;

	n->file = openat(dir, "memory.events", O_RDONLY | O_CLOEXEC);
	if (!until_end)
		return n->file < 0 ? -errno : 0;
	n->event = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (n->event < 0 || n->file < 0)
		return -errno;
	/* inotify_add_watch(2) takes no descriptor */
	r = str_format(path, sizeof(path), "/proc/self/fd/%d", n->file);
	if (r == 0 && inotify_add_watch(n->event, path, IN_MODIFY | IN_DELETE_SELF) < 0)
		r = -errno;
	return r;
}

static int no_group(const struct cg *cg, struct ctr_error *err)
{
	return cg->inherit ? err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "notify",
				     "a container with Cgroup=inherit has no group of its own")
			   : err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "notify",
				     "this machine has no memory controller");
}

static int watch_oom(const struct cg *cg, bool until_end, struct cgnotify *ret,
		     struct ctr_error *err)
{
	const struct cg_hierarchy *h =
	    cg->inherit ? NULL : cgprobe_find(cg->facts, "memory", "memory");
	autofd int dir = h ? cgpath_open(h, cg->path) : -1;
	autonotify struct cgnotify n = CGNOTIFY_NONE;
	int r;

	if (!h)
		return no_group(cg, err);
	n.kind = CTR_NOTICE_OOM;
	n.v2 = h->v2;
	r = dir < 0 ? dir
	    : h->v2 ? watch_v2(dir, until_end, &n)
		    : watch_v1(dir, "memory.oom_control", "", &n);
	if (r < 0)
		return failed(r, h->v2 ? "memory.events" : "memory.oom_control", err);
	return finish(&n, n.event < 0 ? EPOLLPRI : EPOLLIN, "memory.events", ret, err);
}

int cgnotify_oom(const struct cg *cg, struct cgnotify *ret, struct ctr_error *err)
{
	return watch_oom(cg, true, ret, err);
}

int cgnotify_kills(const struct cg *cg, struct cgnotify *ret, struct ctr_error *err)
{
	return watch_oom(cg, false, ret, err);
}

/* The file is written once and kept open: a trigger lasts as long as its descriptor. */
static int watch_psi(int dir, enum ctr_pressure_level level, struct cgnotify *n)
{
	size_t len = strlen(triggers[level]) + 1;

	n->event = openat(dir, "memory.pressure", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (n->event < 0)
		return -errno;
	return write(n->event, triggers[level], len) == (ssize_t)len ? 0 : -errno;
}

int cgnotify_pressure(const struct cg *cg, enum ctr_pressure_level level, struct cgnotify *ret,
		      struct ctr_error *err)
{
	const struct cg_hierarchy *h =
	    cg->inherit ? NULL : cgprobe_find(cg->facts, "memory", "memory");
	autofd int dir = -1;
	autonotify struct cgnotify n = CGNOTIFY_NONE;
	int r;

	/* PSI is there without the controller, too */
	for (size_t i = 0; !h && !cg->inherit && i < cg->facts->n; i++)
		h = cg->facts->h[i].v2 ? &cg->facts->h[i] : NULL;
	if (!h)
		return no_group(cg, err);
	dir = cgpath_open(h, cg->path);
	n.kind = CTR_NOTICE_PRESSURE;
	n.v2 = h->v2;
	r = dir < 0 ? dir
	    : h->v2 ? watch_psi(dir, level, &n)
		    : watch_v1(dir, "memory.pressure_level", level_names[level], &n);
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "notify",
			       "this kernel does not tell of memory pressure");
	if (r < 0)
		return failed(r, h->v2 ? "memory.pressure" : "memory.pressure_level", err);
	return finish(&n, h->v2 ? EPOLLPRI : EPOLLIN, "memory.pressure", ret, err);
}

/* A file that is open while its group goes says ENODEV (kernfs, Linux 3.14). */
static bool read_kills(const struct cgnotify *n, uint64_t *ret)
{
	char text[1024];
	ssize_t len = pread(n->file, text, sizeof(text) - 1, 0);

	if (len < 0)
		return false;
	text[len] = '\0';
	*ret = cgstat_value(text, "oom_kill");
	return true;
}

/* memory.events changes for other reasons, too: limits that were hit and did not kill. */
static enum ctr_notice read_v2(const struct cgnotify *n)
{
	char buf[1024] __attribute__((aligned(__alignof__(struct inotify_event))));
	enum ctr_notice kind = CTR_NOTICE_NONE;
	ssize_t len;

	while ((len = read(n->event, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < len; i += (ssize_t)sizeof(struct inotify_event)) {
			const struct inotify_event *e = (const void *)(buf + i); /* without name */

			if (e->mask & (IN_DELETE_SELF | IN_IGNORED))
				return CTR_NOTICE_GONE;
			kind = n->kind;
		}
	return kind;
}

enum ctr_notice cgnotify_read(struct cgnotify *n, uint64_t *ret_kills)
{
	enum ctr_notice kind = CTR_NOTICE_NONE;
	struct epoll_event ev;
	uint64_t count;

	*ret_kills = CTR_ABSENT;
	if (n->file < 0) { /* PSI: POLLERR when the group is gone, psi_trigger_poll() */
		if (epoll_wait(n->fd, &ev, 1, 0) != 1)
			return CTR_NOTICE_NONE;
		return ev.events & EPOLLERR ? CTR_NOTICE_GONE : n->kind;
	}
	if (n->event < 0) /* kernfs: a change wakes poll until the file is read */
		kind = epoll_wait(n->fd, &ev, 1, 0) == 1 ? n->kind : CTR_NOTICE_NONE;
	else if (n->v2)
		kind = read_v2(n);
	else if (read(n->event, &count, sizeof(count)) == (ssize_t)sizeof(count))
		kind = n->kind; /* also when the group goes: below */
	if (kind == CTR_NOTICE_GONE || !read_kills(n, ret_kills))
		return CTR_NOTICE_GONE;
	return kind;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tagwatch.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cleanup.h"
#include "str.h"

enum { EVENTS = 4096 };

int tagwatch_open(int dirfd, const char *folder, struct tagwatch *ret)
{
	char path[64 + TREE_PATH_MAX];
	autofd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int r =
	    fd < 0 ? -errno : str_format(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, folder);

	if (r == 0 && inotify_add_watch(fd, path, IN_CLOSE_WRITE | IN_ONLYDIR) < 0)
		r = -errno;
	if (r < 0)
		return r;
	*ret = (struct tagwatch){take_fd(&fd), folder};
	return 0;
}

void tagwatch_close(struct tagwatch *w)
{
	cleanup_fd(&w->fd);
}

/* make: its MACs; else what is known of it is out of date */
static void see(const struct tagwatch *w, const struct tag_context *c, const char *name, bool make,
		struct tag_known *known)
{
	char path[TREE_PATH_MAX + 1];

	if (!str_has_prefix(name, "pages-", NULL) ||
	    str_format(path, sizeof(path), "%s/%s", w->folder, name) < 0)
		return;
	if (make)
		(void)!tag_early(c, path, known); /* tag_tree() tries again, and says why not */
	else
		tag_forget(known, path);
}

/* 1: events were lost */
static int take_events(const struct tagwatch *w, const struct tag_context *c, bool make,
		       struct tag_known *known)
{
	char buf[EVENTS] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(w->fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(buf + at);

		if (e->mask & IN_Q_OVERFLOW)
			return 1;
		if (e->len)
			see(w, c, e->name, make, known);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	return 0;
}

int tagwatch_run(const struct tagwatch *w, const struct tag_context *c, int until,
		 struct tag_known *known)
{
	struct pollfd p[2] = {{.fd = w->fd, .events = POLLIN}, {.fd = until, .events = POLLIN}};
	int r = 0;

	while (r == 0 && !p[1].revents) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (p[0].revents)
			r = take_events(w, c, !p[1].revents, known);
	}
	while (r == 0 && poll(p, 1, 0) > 0)
		r = take_events(w, c, false, known);
	if (r == 1)
		tag_known_done(known);
	return r < 0 ? r : 0;
}

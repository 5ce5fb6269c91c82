/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "api.h"
#include "child.h"
#include "cleanup.h"

/* How far a checkpoint or a restore is: phases come from the supervisor, sizes from the folder. */

enum { TICK_MS = 250, DEPTH_MAX = 2 };

const char *ctr_phase_name(enum ctr_phase phase)
{
	static const char *const names[] = {
	    [CTR_PHASE_PREPARING] = "preparing",     [CTR_PHASE_WRITING] = "writing",
	    [CTR_PHASE_SIGNING] = "signing",	     [CTR_PHASE_ENDING] = "ending",
	    [CTR_PHASE_CHECKING] = "checking",	     [CTR_PHASE_RESTORING] = "restoring",
	    [CTR_PHASE_COMPRESSING] = "compressing",
	};

	return (unsigned int)phase < ARRAY_SIZE(names) ? names[phase] : "unknown";
}

/* Of the files in it and in its folders; what goes meanwhile counts nothing. */
static uint64_t size_of(int parent, const char *name, unsigned int depth)
{
	autofd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t sum = 0;

	if (!d)
		return 0;
	(void)take_fd(&fd); /* closedir owns it now */
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		struct stat st;

		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			sum += size_of(dirfd(d), e->d_name, depth + 1);
	}
	return sum;
}

int api_watch_open(struct api_watch *w, struct msg *m, struct ctr_error *err)
{
	int sv[2], r;

	w->begin_ms = child_now_ms();
	w->sock = w->theirs = -1;
	if (!w->fn)
		return 0;
	r = msg_pair(sv);
	if (r < 0)
		return err_sys(err, r, "progress", "socketpair");
	w->sock = sv[0];
	w->theirs = sv[1];
	m->fds[m->nfds++] = w->theirs;
	return 0;
}

void api_watch_close(struct api_watch *w)
{
	cleanup_fd(&w->sock);
	cleanup_fd(&w->theirs);
}

/* False: nobody tells any more. */
static bool hear(struct api_watch *w)
{
	struct msg m;
	uint64_t phase;
	int r = msg_recv(w->sock, &m, 0);

	if (r < 0)
		return r == -EAGAIN;
	if (msg_get_u64(&m, "phase", &phase) == 0)
		w->now.phase = (enum ctr_phase)phase;
	if (!msg_get(&m, "folder") || str_copy(w->folder, sizeof(w->folder), msg_get(&m, "folder")))
		w->folder[0] = '\0';
	msg_done(&m);
	return true;
}

static void tell(struct api_watch *w)
{
	w->now.elapsed_us = (child_now_ms() - w->begin_ms) * 1000;
	w->now.bytes = *w->folder ? size_of(AT_FDCWD, w->folder, 0) : 0;
	w->fn(w->arg, &w->now);
}

void api_watch_wait(struct api_watch *w, int sock, unsigned int timeout_ms)
{
	cleanup_fd(&w->theirs);
	while (w->fn && child_now_ms() - w->begin_ms < timeout_ms) {
		struct pollfd p[] = {{.fd = sock, .events = POLLIN},
				     {.fd = w->sock, .events = POLLIN}};
		int n = poll(p, ARRAY_SIZE(p), TICK_MS);

		if (n < 0 || p[0].revents)
			return; /* who receives from it sees what it is */
		if (n > 0 && p[1].revents && !hear(w))
			cleanup_fd(&w->sock); /* poll(2) ignores it then */
		if (n == 0)
			tell(w);
	}
}

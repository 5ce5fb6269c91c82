/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "init.h"
#include "ring.h"

/*
 * The keeper of a detached session reads its terminal into the ring, so that programs go on. It is
 * a child, since neither read(2), poll(2) nor write(2) on what a user holds too is safe to wait in:
 * he can take O_NONBLOCK off the open file that the master is, keep its line discipline busy while
 * another one is set (tty_ldisc_ref_wait()), and hold the memfd's inode lock by a write from a page
 * of a FUSE file. That holds up his own session, and nobody else (MUST-4).
 */

enum { CHUNK = 4096, NAP_NS = 100000000 };

static void keep(int master, struct ring *ring)
{
	struct pollfd p = {.fd = master, .events = POLLIN};
	char data[CHUNK];
	sigset_t none;

	sigemptyset(&none);
	for (;;) {
		const struct timespec nap = {.tv_nsec = NAP_NS};
		ssize_t n = 0;

		/* SIGTERM ends it here and nowhere else: what was read is in the ring */
		if (ppoll(&p, 1, NULL, &none) < 0)
			continue;
		if (p.revents & POLLIN)
			n = read(master, data, sizeof(data));
		if (n > 0)
			ring_add(ring, data, (size_t)n);
		else
			(void)nanosleep(&nap, NULL); /* EIO: no slave is open just now */
	}
}

pid_t init_keep(const struct session *s)
{
	const int fds[] = {s->master < s->ring ? s->master : s->ring,
			   s->master < s->ring ? s->ring : s->master};
	struct ring *ring;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_NAME, "ctr-keeper"); /* ps shall not show a second PID 1 */
	if (fd_close_except(fds, 2) < 0 || ring_map(s->ring, &ring) < 0)
		_exit(1);
	keep(s->master, ring);
	_exit(0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "child.h"
#include "cleanup.h"

enum { NAP_NS = 5000000 };

/* Its supervisor is still at it. PID 1 may look alive: it hangs up before it is a zombie. */
static bool is_ending(const struct api_view *v)
{
	return !v->st.stopped && proc_is_alive(&v->st.super);
}

void api_tell_end(const struct ctr_container *c, int wait_ms, struct ctr_error *err)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	uint64_t end = child_now_ms() + (uint64_t)wait_ms;
	struct api_view v;
	int r = api_look(c, &v, NULL);

	while (r == 0 && is_ending(&v) && child_now_ms() < end) {
		(void)nanosleep(&nap, NULL);
		r = api_look(c, &v, NULL);
	}
	if (r == 0 && v.st.stopped && v.st.oom_killed)
		err_prefix(err, "PID 1 was killed, out of memory (is MemoryMax= too low?)");
}

/* A process outlives the object that it was started by. */
static int copy(const struct ctr_container *c, struct ctr_container **ret)
{
	struct ctr_container *mine = malloc(sizeof(*mine));
	int r = -ENOMEM;

	if (!mine)
		return r;
	*mine = *c;
	mine->ckptfd = -1; /* found by its path */
	mine->disk = strdup(c->disk);
	mine->rootfd = fcntl(c->rootfd, F_DUPFD_CLOEXEC, 0);
	if (mine->rootfd < 0)
		r = -errno;
	if (mine->rootfd < 0 || !mine->disk) {
		ctr_container_free(mine);
		return r;
	}
	*ret = mine;
	return 0;
}

int api_process_new(const struct ctr_container *c, struct ctr_process **ret, struct ctr_error *err)
{
	struct ctr_process *p = calloc(1, sizeof(*p));
	int r = p ? copy(c, &p->of) : -ENOMEM;

	if (r < 0) {
		free(p);
		return err_sys(err, r, "start", "make a process object");
	}
	p->sock = -1;
	p->session = PROTO_SESSION_NONE;
	*ret = p;
	return 0;
}

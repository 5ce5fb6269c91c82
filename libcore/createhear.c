/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "createhear.h"

#include <errno.h>
#include <poll.h>

#include "cgnotify.h"
#include "createhook.h"
#include "msg.h"
#include "proc.h"
#include "str.h"
#include "sys.h"

/* Waits for the child's next word; a login that gave up ends the wait early (MUST-4). */
static int await_word(const struct create *c, uint64_t end, struct ctr_error *err)
{
	struct pollfd p[2] = {{.fd = c->sync, .events = POLLIN},
			      {.fd = c->abort_fd, .events = POLLRDHUP}};
	uint64_t now = child_now_ms();
	int r = 0;

	while (r == 0 && now < end) {
		r = poll(p, 2, (int)(end - now));
		if (r < 0 && errno == EINTR)
			r = 0;
		now = child_now_ms();
	}
	if (r < 0)
		return err_sys(err, errno, "child", "poll");
	if (p[1].revents)
		return err_set(err, CTR_E_TIMEOUT, ECANCELED, "child", "the login gave up");
	if (r == 0)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "child",
			       "set-up took longer than %u ms", c->timeout_ms);
	return 0;
}

/* PID 1 is there, stopped, a child of who ran CRIU; from here on it is st.init. */
static int take_over(struct create *c, const struct msg *m, struct ctr_error *err)
{
	struct proc_stat stat;
	struct proc_id id;
	uint64_t pid;
	int fd, r = msg_get_u64(m, "pid", &pid);

	if (r == 0)
		r = proc_identify((pid_t)pid, &id);
	if (r == 0)
		r = proc_read_stat(id.pid, &stat);
	if (r == 0 && stat.ppid != c->st.init.pid)
		r = -ECHILD;
	if (r < 0)
		return err_sys(err, r, "child", "look at the PID 1 that came back");
	fd = sys_pidfd_open(id.pid, 0);
	if (fd < 0)
		return err_sys(err, fd, "child", "hold the PID 1 that came back");
	c->maker = (struct child){.pid = c->st.init.pid, .pidfd = c->pidfd, .report = -1};
	c->pidfd = fd;
	c->st.init = id;
	return 0;
}

/* It can not say why itself; a limit below what PID 1 itself takes is not seen otherwise. */
static int died(const struct create *c, struct ctr_error *err)
{
	struct cgnotify n = CGNOTIFY_NONE;
	uint64_t kills = CTR_ABSENT;

	if (cgnotify_kills(&c->cg, &n, NULL) == 0)
		(void)cgnotify_read(&n, &kills);
	cgnotify_close(&n);
	if (kills != CTR_ABSENT && kills > 0)
		return err_set(err, CTR_E_SYSTEM, ENOMEM, "child",
			       "PID 1 was killed, out of memory: is MemoryMax= too low?");
	return err_set(err, CTR_E_SYSTEM, ECHILD, "child", "the set-up child died");
}

/* Waits for `ready` of PID 1, or for `restored`; 1: another word comes */
static int hear(struct create *c, uint64_t end, struct ctr_error *err)
{
	automsg struct msg m;
	int r = msg_recv(c->sync, &m, 0);

	if (r == 0 && str_equal(msg_verb(&m), "scratch")) {
		c->scratch = msg_take_fd(&m, 0);
		return 1;
	}
	if (r == 0 && str_equal(msg_verb(&m), "mounted"))
		return createhook_host(c, end, err) < 0 ? -ECANCELED : 1;
	if (r == 0 && !c->restore && str_equal(msg_verb(&m), "ready"))
		return 0;
	if (r == 0 && c->restore && str_equal(msg_verb(&m), "restored"))
		return take_over(c, &m, err);
	if (r == 0 && msg_get_error(&m, err) == 0)
		return err && err->errnum ? -err->errnum : -EIO;
	return died(c, err);
}

int createhear_ready(struct create *c, struct ctr_error *err)
{
	uint64_t end = child_now_ms() + c->timeout_ms;
	int r;

	do {
		r = await_word(c, end, err);
		if (r == 0)
			r = hear(c, end, err);
	} while (r == 1);
	return r;
}

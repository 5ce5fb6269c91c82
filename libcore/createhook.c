/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "createhook.h"

#include <errno.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "hookstate.h"
#include "record.h"

/** struct now - when hooks run: what the status is, and how long there is time */
struct now {
	const char *status;
	uint64_t end_ms;
	int abort_fd;
};

static int run(const struct create *c, int kind, const struct now *now, struct ctr_error *err)
{
	autofree char *json = NULL;
	char bundle[PATH_MAX];

	if (c->spec->hooks[kind].n == 0)
		return 0;
	hookstate_folder(c->dirfd, bundle, sizeof(bundle));
	json = hookstate_format(&c->st, c->spec, now->status, bundle);
	if (!json)
		return err_sys(err, ENOMEM, "hook", "describe container %s", c->st.id);
	return hook_run(&(struct hook_call){.spec = c->spec,
					    .kind = kind,
					    .id = c->st.id,
					    .state = json,
					    .end_ms = now->end_ms,
					    .abort_fd = now->abort_fd},
			err);
}

int createhook_host(struct create *c, uint64_t end, struct ctr_error *err)
{
	const struct now now = {"creating", end, c->abort_fd};
	struct msg m;
	int r = proc_identify(getpid(), &c->st.super);

	if (r < 0)
		return err_sys(err, r, "hook", "identify the supervisor");
	r = record_write(c->dirfd, &c->st, err);
	if (r < 0)
		return r;
	c->hooked = true;
	r = run(c, SPEC_HOOK_PRESTART, &now, err);
	if (r == 0)
		r = run(c, SPEC_HOOK_CREATE_RUNTIME, &now, err);
	if (r < 0)
		return r;
	msg_init(&m, "hooks");
	msg_add(&m, "pid", "%d", c->st.init.pid);
	r = msg_send(c->sync, &m, 1000);
	/* a child that has failed by now said why */
	return r < 0 && r != -EPIPE ? err_sys(err, r, "hook", "tell the set-up child to go on") : 0;
}

/* The groups may be ready before the hooks have run. */
static int await_hooks(int sync, struct msg *m, struct msg *ret_go)
{
	int r = msg_recv(sync, m, -1);

	if (r < 0 || !str_equal(msg_verb(m), "go"))
		return r;
	*ret_go = *m; /* its descriptors with it */
	return msg_recv(sync, m, -1);
}

int createhook_mounted(const struct create *c, int sync, struct msg *ret_go, struct ctr_error *err)
{
	/* no end: the supervisor ends this process, and what it has started, when its time is up */
	const struct now now = {"creating", 0, -1};
	struct create mine;
	automsg struct msg m;
	uint64_t pid = 0;
	int r;

	m.nfds = 0;
	if (!hook_any(c->spec))
		return 0;
	msg_init(&m, "mounted");
	r = msg_send(sync, &m, 1000);
	if (r == 0)
		r = await_hooks(sync, &m, ret_go);
	if (r == 0)
		r = msg_get_u64(&m, "pid", &pid);
	if (r < 0)
		return err_sys(err, r, "hook", "wait for the hooks of the host");
	if (c->restore)
		return 0; /* this is not where the container will be */
	mine = *c;
	mine.st.init.pid = (pid_t)pid; /* as the host counts */
	return run(&mine, SPEC_HOOK_CREATE_CONTAINER, &now, err);
}

int createhook_start(const struct create *c, struct ctr_error *err)
{
	const struct now now = {"created", 0, -1};
	struct create mine = *c;

	mine.st.init.pid = getpid(); /* nobody in there can use another number */
	return run(&mine, SPEC_HOOK_START_CONTAINER, &now, err);
}

int createhook_poststart(struct create *c, uint64_t end, struct ctr_error *err)
{
	const struct now now = {"running", end, c->abort_fd};

	return run(c, SPEC_HOOK_POSTSTART, &now, err);
}

int createhook_stage(void *ctx ATTR_UNUSED, struct ctr_error *err ATTR_UNUSED)
{
	return 0;
}

void createhook_undo(void *ctx)
{
	struct create *c = ctx;
	struct ctr_error why;

	if (!c->hooked)
		return;
	c->hooked = false;
	if (hookstate_poststop(&c->st, c->dirfd, &why) < 0 && c->tell)
		c->tell(c->tell_arg, &why);
}

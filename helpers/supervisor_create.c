/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "child.h"
#include "createhook.h"
#include "fd.h"
#include "load.h"
#include "nsconf.h"
#include "num.h"
#include "reap.h"
#include "record.h"
#include "supervisor.h"
#include "verdict.h"

enum { TEXT_MAX = sizeof(((struct state *)NULL)->text) - 1 };

static int fill(struct supervisor *s, const struct spec *spec, struct ctr_error *err)
{
	int r;

	if (spec->kernel_memory_max != SPEC_UNSET)
		log_event(s, "warning", NULL, "KernelMemoryMax= is ignored");
	if (!s->c.restore)
		s->c.st.created_us = state_now_us();
	r = str_copy(s->c.st.text, sizeof(s->c.st.text), spec_text(spec));
	if (r < 0)
		return err_set(err, CTR_E_CONFIG, E2BIG, "create", "definition %s is over %d bytes",
			       s->c.st.definition, TEXT_MAX);
	return cg_probe(&s->c.cg_facts, err);
}

static void tell(void *arg, const struct ctr_error *err)
{
	log_event(arg, "hook-failed", NULL, "error=\"%s\"", err->text);
}

/* A failure is logged and changes nothing; but who has no time left for it is refused (MUST-4). */
static int run_poststart(struct supervisor *s, uint64_t end, struct ctr_error *err)
{
	struct ctr_error why;
	int r = createhook_poststart(&s->c, end, &why);

	if (r == 0)
		return 0;
	tell(s, &why);
	if (s->c.restore) /* what came back can not come back again */
		return 0;
	if (r != -ECANCELED && child_now_ms() < end)
		return 0;
	if (err)
		*err = why;
	create_undo(&s->c, false);
	return r;
}

int supervisor_make(struct supervisor *s, struct spec *spec, struct ctr_error *err)
{
	uint64_t end = child_now_ms() + s->c.timeout_ms;
	int r = fill(s, spec, err);

	if (r < 0)
		return r;
	s->c.spec = spec;
	s->c.helper_dir = s->opt.helper_dir;
	s->c.fault = s->opt.fault.name ? &s->opt.fault : NULL;
	s->linger_us = spec->linger;
	s->stop_us = spec->timeout_stop;
	s->tcp_established = spec->tcp_established;
	s->file_locks = spec->file_locks;
	if (spec->directory)
		(void)!str_copy(s->store, sizeof(s->store),
				spec->directory); /* a path of keys.def */
	s->c.st.bare = spec->init == SPEC_INIT_NONE;
	s->save_on_logout = spec->on_logout;
	s->reattach = spec->reattach != SPEC_REATTACH_NO;
	s->save_on_disconnect = spec->on_disconnect == SPEC_DISCONNECT_CHECKPOINT;
	s->code_is_theirs = verdict_code_is_theirs(spec);
	s->c.tell = tell;
	s->c.tell_arg = s;
	s->net = spec->net;
	s->unsaved = nsconf_unsaved(spec) != 0;
	r = create_run(&s->c, err);
	if (r == 0)
		r = run_poststart(s, end, err);
	s->c.spec = NULL; /* the caller frees it; what lives on is in the record */
	return r;
}

static int read_request(struct supervisor *s, struct msg *m, struct spec **ret,
			struct ctr_error *err)
{
	const char *id = msg_get(m, "id"), *name = msg_get(m, "definition");
	autofd int fd = msg_take_fd(m, 0);
	autofree char *text = NULL;
	/* nobody logs in: the container is root's */
	const struct load_who who = {.user = "root", .home = "/root", .shell = "/bin/sh", .id = id};
	uint64_t keep = 0, ms = 5000;
	int r;

	if (strcmp(msg_verb(m), "create") != 0 || !id || fd < 0)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "create", "not a create request");
	r = state_check_id(id, err);
	if (r < 0)
		return r;
	(void)!str_copy(s->c.st.id, sizeof(s->c.st.id), id); /* fits: it was checked */
	if (name && str_copy(s->c.st.definition, sizeof(s->c.st.definition), name) < 0)
		return err_sys(err, ENAMETOOLONG, "create", "name of definition %.80s", name);
	(void)!msg_get_u64(m, "keep", &keep); /* absent: 0 */
	(void)!msg_get_u64(m, "timeout", &ms);
	s->keep = keep == 1;
	s->c.st.keep = s->keep;
	s->c.st.instance = -1;
	s->c.timeout_ms = ms > 60000 ? 60000 : (unsigned int)ms;
	r = fd_read_dup(fd, TEXT_MAX, &text, NULL);
	if (r < 0)
		return err_sys(err, r, "create", "read the definition");
	return load_definition_text(name ? name : "api", text, &who, ret, err);
}

/*
 * What a dead supervisor left of this ID goes first. A record that is there and damaged is not
 * believed and not taken away either: that is for an administrator to look at (MUST-8).
 */
int supervisor_make_room(struct supervisor *s, struct ctr_error *err)
{
	autofd int dir = state_open_dir(s->c.rootfd, s->c.st.id, NULL), control = -1;
	struct state st;
	int r;

	if (dir < 0)
		return 0; /* create_run() tells what is wrong */
	r = record_read(dir, s->c.st.id, &st, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT)
		control = msg_connect_at(dir, "control");
	if (control >= 0 || (r == 0 && (st.stopped || proc_is_alive(&st.super))))
		return err_set(err, CTR_E_ID_IN_USE, EEXIST, "create",
			       "container %s exists already", s->c.st.id);
	return reap_container(s->c.rootfd, s->c.st.id, err);
}

int supervisor_answer_created(struct supervisor *s, int sock, struct ctr_error *err)
{
	struct msg m;
	int r;

	log_event(s, "start", NULL, "init=%d", s->c.st.init.pid);
	msg_init(&m, "created");
	msg_add(&m, "init", "%d", s->c.st.init.pid);
	msg_add(&m, "supervisor", "%d", getpid());
	r = msg_send(sock, &m, 1000);
	return r < 0 ? err_sys(err, r, "create", "answer") : 0;
}

/* Who asked and went away before the answer got an error, or nothing: then nothing may stay. */
static int create_locked(struct supervisor *s, struct spec *spec, int sock, struct ctr_error *err)
{
	int r = supervisor_make_room(s, err);

	s->c.abort_fd = sock;
	if (r == 0)
		r = supervisor_make(s, spec, err);
	s->c.abort_fd = -1;
	if (r < 0)
		return r;
	r = supervisor_answer_created(s, sock, err);
	if (r < 0)
		create_undo(&s->c, false);
	return r;
}

static int create(struct supervisor *s, struct msg *m, int sock, struct ctr_error *err)
{
	autospec struct spec *spec = NULL;
	autofd int lock = -1;
	int r = read_request(s, m, &spec, err);

	if (r < 0)
		return r;
	s->c.rootfd = state_open_root(s->opt.state_root, err);
	if (s->c.rootfd < 0)
		return s->c.rootfd;
	lock = state_lock(s->c.rootfd, s->c.st.id, s->c.timeout_ms, err);
	if (lock < 0)
		return lock;
	r = create_locked(s, spec, sock, err);
	state_unlock(s->c.rootfd, s->c.st.id, &lock);
	return r;
}

bool supervisor_serve(struct supervisor *s, int sock, supervisor_order order)
{
	struct ctr_error err;
	automsg struct msg m;
	int r = msg_recv(sock, &m, 5000);

	if (r < 0)
		return false;
	r = order(s, &m, sock, &err);
	if (r < 0) {
		log_event(s, "failure", NULL, "stage=%s error=\"%s\"", err.stage, err.text);
		supervisor_deny(sock, &err);
		return false;
	}
	(void)close(sock);
	return true;
}

bool supervisor_create(struct supervisor *s, int sock)
{
	return supervisor_serve(s, sock, create);
}

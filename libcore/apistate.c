/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "cleanup.h"
#include "match.h"
#include "num.h"
#include "statejson.h"

int ctr_container_status(struct ctr_container *c, enum ctr_status *ret, struct ctr_error *err)
{
	struct api_view v;
	int r = api_look(c, &v, err);

	if (r < 0)
		return r;
	*ret = v.status;
	return 0;
}

static const char *instance_name(int instance)
{
	switch (instance) {
	case MATCH_SESSION:
		return "session";
	case MATCH_USER:
		return "user";
	case MATCH_SHARED:
		return "shared";
	default:
		return "api";
	}
}

/* MUST-11: what came from outside is escaped, so that who prints it need not think of it. */
static void describe(const struct api_view *v, struct ctr_info *info)
{
	const struct state *st = &v->st;

	memset(info, 0, sizeof(*info));
	str_escape(info->id, sizeof(info->id), st->id);
	str_escape(info->definition, sizeof(info->definition), st->definition);
	str_escape(info->rule, sizeof(info->rule), st->rule);
	str_escape(info->user, sizeof(info->user), st->user);
	str_escape(info->service, sizeof(info->service), st->service);
	str_escape(info->rhost, sizeof(info->rhost), st->rhost);
	str_escape(info->tty, sizeof(info->tty), st->tty);
	str_escape(info->instance, sizeof(info->instance), instance_name(st->instance));
	str_escape(info->cgroup, sizeof(info->cgroup), st->cgroup);
	info->status = v->status;
	info->uid = st->uid;
	info->created_us = st->created_us;
	if (v->status != CTR_STOPPED && v->status != CTR_CHECKPOINTED) {
		info->init_pid = st->init.pid;
		info->init_start_ticks = st->init.start_ticks;
		info->supervisor_pid = st->super.pid;
	}
	info->nns = st->nns;
	for (size_t i = 0; i < st->nns; i++) {
		str_escape(info->ns[i].name, sizeof(info->ns[i].name), st->ns[i].name);
		info->ns[i].inode = st->ns[i].inode;
	}
}

int ctr_state(struct ctr_container *c, struct ctr_info *ret, struct ctr_error *err)
{
	struct api_view v;
	int r = api_look(c, &v, err);

	if (r < 0)
		return r;
	describe(&v, ret);
	return 0;
}

/* It may end meanwhile: then they lead nowhere, and its status says so the next time. */
static void read_descriptors(pid_t pid, char fds[3][256])
{
	for (int i = 0; i < 3; i++) {
		char link[64];
		ssize_t n = -1;

		if (str_format(link, sizeof(link), "/proc/%d/fd/%d", pid, i) == 0)
			n = readlink(link, fds[i], sizeof(fds[i]) - 1);
		fds[i][n > 0 ? n : 0] = '\0';
	}
}

int ctr_state_json(struct ctr_container *c, char **ret, struct ctr_error *err)
{
	struct api_view v;
	struct statejson s = {.st = &v.st, .facts = &c->facts};
	char *text;
	int r = api_look(c, &v, err);

	if (r < 0)
		return r;
	s.status = ctr_status_name(v.status);
	s.alive = v.status != CTR_STOPPED && v.status != CTR_CHECKPOINTED;
	if (s.alive)
		read_descriptors(v.st.init.pid, s.fds);
	text = statejson_format(&s);
	if (!text)
		return err_sys(err, ENOMEM, "state", "describe container %s", c->id);
	*ret = text;
	return 0;
}

int ctr_definition_text(struct ctr_container *c, char **ret, struct ctr_error *err)
{
	struct api_view v;
	char *text;
	int r = api_look(c, &v, err);

	if (r < 0)
		return r;
	text = strdup(v.st.text);
	if (!text)
		return err_sys(err, ENOMEM, "state", "copy the definition of %s", c->id);
	*ret = text;
	return 0;
}

/* ---- sessions ---- */

/** struct sessions - the list while its pages come in */
struct sessions {
	struct ctr_session *v;
	size_t n, size;
};

static struct ctr_session *add_session(struct sessions *list)
{
	if (list->n == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		struct ctr_session *v = reallocarray(list->v, size, sizeof(*v));

		if (!v)
			return NULL;
		list->v = v;
		list->size = size;
	}
	memset(&list->v[list->n], 0, sizeof(*list->v));
	return &list->v[list->n++];
}

static bool key_is(const char *key, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(key, want, len) == 0;
}

/* One record of the answer; a session begins with `session`. 0, -EBADMSG, -ENOMEM */
static int take_record(struct sessions *list, const char *key, size_t len, const char *value)
{
	struct ctr_session *s = list->n > 0 ? &list->v[list->n - 1] : NULL;
	uint64_t n;

	if (key_is(key, len, "session")) {
		s = add_session(list);
		if (!s)
			return -ENOMEM;
		if (num_u64(value, &n) < 0 || n > INT32_MAX)
			return -EBADMSG;
		s->caller = (pid_t)n;
	} else if (!s) {
		return key_is(key, len, "total") ? 0 : -EBADMSG;
	} else if (key_is(key, len, "uid")) {
		return num_id(value, &s->uid) < 0 ? -EBADMSG : 0;
	} else if (key_is(key, len, "since")) {
		return num_u64(value, &s->since_us) < 0 ? -EBADMSG : 0;
	} else if (key_is(key, len, "user")) {
		str_escape(s->user, sizeof(s->user), value);
	} else if (key_is(key, len, "service")) {
		str_escape(s->service, sizeof(s->service), value);
	} else if (key_is(key, len, "rhost")) {
		str_escape(s->rhost, sizeof(s->rhost), value);
	} else if (key_is(key, len, "tty")) {
		str_escape(s->tty, sizeof(s->tty), value);
	}
	return 0;
}

/* Returns 1 when there is more, 0 at the end. */
static int next_page(int control, struct sessions *list, struct ctr_error *err)
{
	size_t pos = 0, len, before = list->n;
	const char *key, *value;
	uint64_t total = 0;
	struct msg m;
	int r;

	msg_init(&m, "sessions");
	msg_add(&m, "from", "%zu", list->n);
	r = api_ask(control, &m, err);
	if (r < 0)
		return r;
	msg_done(&m);
	if (msg_get_u64(&m, "total", &total) < 0)
		r = -EBADMSG;
	while (r == 0 && msg_next(&m, &pos, &key, &len, &value))
		r = take_record(list, key, len, value);
	if (r < 0)
		return err_sys(err, r, "sessions", "read the supervisor's answer");
	return list->n > before && list->n < total;
}

int ctr_sessions(struct ctr_container *c, struct ctr_session **ret, size_t *ret_n,
		 struct ctr_error *err)
{
	struct sessions list = {0};
	autofd int control = -1;
	struct api_view v;
	int r = api_look(c, &v, err);

	if (r < 0)
		return r;
	if (v.status != CTR_STOPPED && v.status != CTR_CHECKPOINTED) {
		control = api_control(c, err);
		r = control < 0 ? control : 1;
	}
	while (r == 1)
		r = next_page(control, &list, err);
	if (r < 0) {
		free(list.v);
		return r;
	}
	*ret = list.v;
	*ret_n = list.n;
	return 0;
}

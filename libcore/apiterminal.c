/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "cleanup.h"
#include "num.h"

/* Terminal sessions of a container: who has them, and how to get at one. */

/* "3" */
static int session_number(const char *name, unsigned int *ret, struct ctr_error *err)
{
	uint32_t n;

	if (num_id(name, &n) < 0 || n == 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "attach",
			       "'%.40s' is not the number of a session", name);
	*ret = n;
	return 0;
}

static int copy(const struct proto_list *list, struct ctr_terminal *dst)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct proto_row *row = &list->rows[i];

		dst[i] = (struct ctr_terminal){.uid = row->uid,
					       .inner_pid = row->pid,
					       .since_us = row->since_us,
					       .attached = row->attached};
		if (str_format(dst[i].name, sizeof(dst[i].name), "%u", row->name) < 0)
			return -ENAMETOOLONG;
	}
	return 0;
}

/** struct terminals - the list while its pages come in */
struct terminals {
	struct ctr_terminal *v;
	size_t n, total;
};

static int next_page(int sock, struct terminals *t, struct ctr_error *err)
{
	struct proto_list page;
	struct ctr_terminal *v;
	int r = proto_sessions(sock, t->n, &page, err);

	if (r < 0)
		return r;
	t->total = page.n > 0 ? page.total : t->n;
	v = reallocarray(t->v, t->n + page.n + 1, sizeof(*v));
	if (!v)
		return err_sys(err, ENOMEM, "sessions", "list terminal sessions");
	t->v = v;
	r = copy(&page, v + t->n);
	t->n += page.n;
	return r < 0 ? err_sys(err, r, "sessions", "list terminal sessions") : 0;
}

int ctr_terminals(struct ctr_container *c, struct ctr_terminal **ret, size_t *ret_n,
		  struct ctr_error *err)
{
	struct terminals t = {0};
	autofd int sock = -1;
	struct api_view v;
	int r = api_look(c, &v, err);

	if (r < 0)
		return r;
	if ((v.status == CTR_RUNNING || v.status == CTR_CREATED) && !v.st.bare) {
		sock = api_connect(c, err);
		r = sock < 0 ? sock : next_page(sock, &t, err);
		while (r == 0 && t.n < t.total)
			r = next_page(sock, &t, err);
	}
	if (r < 0) {
		free(t.v);
		return r;
	}
	*ret = t.v;
	*ret_n = t.n;
	return 0;
}

static int no_choice(const struct proto_list *list, int r, struct ctr_error *err)
{
	char text[200] = "";
	size_t len = 0;

	if (r == PROTO_NONE)
		return err_set(err, CTR_E_NO_PROCESS, ESRCH, "attach",
			       "no session is detached; give its number");
	for (size_t i = 0; i < list->n && len + 16 < sizeof(text); i++) {
		if (str_format(text + len, sizeof(text) - len, "%s%u", i > 0 ? ", " : "",
			       list->rows[i].name) < 0)
			break;
		len += strlen(text + len);
	}
	return err_set(err, CTR_E_CONFIG, EINVAL, "attach",
		       "more than one session is detached: %s; give the number of one", text);
}

int ctr_attach(struct ctr_container *c, const char *session, struct ctr_process **ret,
	       struct ctr_error *err)
{
	struct proto_list list = {0};
	struct ctr_process *p;
	struct api_view v;
	unsigned int name = 0;
	int r = session && *session ? session_number(session, &name, err) : 0;

	if (r == 0)
		r = api_check(c, MACHINE_START, &v, err);
	if (r < 0)
		return r;
	r = api_process_new(c, &p, err);
	if (r < 0)
		return r;
	p->sock = r = api_connect(c, err);
	if (r >= 0)
		r = proto_attach(p->sock, name, &p->session, &list, err);
	if (r == PROTO_CHOOSE || r == PROTO_NONE)
		r = no_choice(&list, r, err);
	if (r < 0) {
		ctr_process_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

/* Without a name: the only one that somebody is attached to. */
static int only_attached(int sock, unsigned int *ret, struct ctr_error *err)
{
	unsigned int found = 0;
	struct proto_list list = {0};
	size_t n = 0, from = 0;
	int r = 0;

	do {
		r = proto_sessions(sock, from, &list, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < list.n; i++) {
			n += list.rows[i].attached != 0;
			found = list.rows[i].attached ? list.rows[i].name : found;
		}
		from += list.n;
	} while (list.n > 0 && from < list.total);
	if (n == 0)
		return err_set(err, CTR_E_NO_PROCESS, ESRCH, "detach", "no session is attached");
	if (n > 1)
		return err_set(err, CTR_E_CONFIG, EINVAL, "detach",
			       "%zu sessions are attached; give the number of one", n);
	*ret = found;
	return 0;
}

int ctr_detach(struct ctr_container *c, const char *session, struct ctr_error *err)
{
	autofd int sock = -1;
	struct api_view v;
	unsigned int name = 0;
	int r = session && *session ? session_number(session, &name, err) : 0;

	if (r == 0)
		r = api_check(c, MACHINE_START, &v, err);
	if (r < 0)
		return r;
	sock = api_connect(c, err);
	if (sock < 0)
		return sock;
	r = name ? 0 : only_attached(sock, &name, err);
	return r < 0 ? r : proto_detach(sock, name, err);
}

/* ---- what an attached one is told ---- */

int ctr_process_hear(struct ctr_process *p, int timeout_ms, struct ctr_process_event *ret,
		     struct ctr_error *err)
{
	static const enum ctr_event kinds[] = {[PROTO_EXITED] = CTR_EVENT_EXITED,
					       [PROTO_DETACHED] = CTR_EVENT_DETACHED,
					       [PROTO_LEAD] = CTR_EVENT_LEAD};
	struct proto_news news = {.event = PROTO_EXITED, .status = p->status};
	int r = p->exited ? 0 : proto_hear(p->sock, timeout_ms, &news, err);

	if (r < 0)
		return r;
	if (news.event == PROTO_EXITED) {
		p->exited = true;
		p->status = news.status;
	}
	*ret = (struct ctr_process_event){
	    .kind = kinds[news.event], .status = news.status, .checkpoint = news.checkpoint};
	return 0;
}

unsigned int ctr_process_session(const struct ctr_process *p)
{
	return p->session.name;
}

int ctr_process_output(const struct ctr_process *p)
{
	return p->session.ring;
}

int ctr_process_leads(const struct ctr_process *p)
{
	return p->session.lead;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

static int tell(const struct monitor *m, const char *id, struct ctr_container *c,
		const struct ctr_error *err)
{
	return m->silent ? CTL_FAILED : ctl_failed(m->ctl, id, c, err);
}

static void row_done(struct monitor_row *row)
{
	free(row->id);
	ctr_container_free(row->container);
	*row = (struct monitor_row){0};
}

void monitor_kept_done(struct monitor_kept *kept)
{
	while (kept->n > 0)
		row_done(&kept->v[--kept->n]);
	free(kept->v);
	kept->v = NULL;
}

/* Takes the one of that ID out of what was kept: reading a record and the mounts is half of a look.
 */
static struct ctr_container *take_kept(const struct monitor *m, const char *id)
{
	for (size_t i = 0; m->kept && i < m->kept->n; i++) {
		struct ctr_container *c = m->kept->v[i].container;

		if (!m->kept->v[i].id || strcmp(m->kept->v[i].id, id) != 0)
			continue;
		m->kept->v[i].container = NULL;
		row_done(&m->kept->v[i]);
		return c;
	}
	return NULL;
}

static void keep(struct monitor_kept *next, struct monitor_row *row)
{
	struct monitor_row *v = reallocarray(next->v, next->n + 1, sizeof(*v));

	if (!v)
		return row_done(row); /* it is loaded again */
	next->v = v;
	next->v[next->n++] = *row;
}

static int look(const struct monitor *m, struct monitor_row *row, struct ctr_error *err)
{
	bool was_kept = row->container;
	int r = was_kept ? 0 : ctr_load(m->ctl->factory, row->id, &row->container, err);

	if (r == 0)
		r = m->add(m->arg, row, err);
	if (r == 0 || !was_kept || err->code != CTR_E_NOT_FOUND)
		return r;
	/* another one has its ID since */
	ctr_container_free(row->container);
	row->container = NULL;
	return look(m, row, err);
}

static int add(const struct monitor *m, const char *id, struct table *t, struct monitor_kept *next)
{
	struct monitor_row row = {.id = strdup(id), .table = t, .container = take_kept(m, id)};
	struct ctr_error err = {0};
	int r = row.id ? look(m, &row, &err) : err_sys(&err, ENOMEM, "monitor", "list containers");
	bool ended = err.code == CTR_E_NOT_FOUND || err.code == CTR_E_NOT_RUNNING ||
		     err.code == CTR_E_CHECKPOINTED;

	if (r == 0 && m->kept) {
		keep(next, &row);
		return CTL_OK;
	}
	r = r == 0 || (ended && !*m->ids) ? CTL_OK : tell(m, id, row.container, &err);
	row_done(&row);
	return r;
}

int monitor_each(const struct monitor *m, struct table *t)
{
	struct monitor_kept next = {0};
	struct ctr_error err;
	char **all = NULL;
	size_t n = 0;
	int code = CTL_OK;

	if (!*m->ids && ctr_list(m->ctl->factory, &all, &n, &err) < 0)
		return ctl_error(m->ctl, &err);
	for (char **id = m->ids; *id; id++)
		if (add(m, *id, t, &next) != CTL_OK)
			code = CTL_FAILED;
	for (size_t i = 0; i < n; i++)
		if (add(m, all[i], t, &next) != CTL_OK)
			code = CTL_FAILED;
	ctr_list_free(all, n);
	if (m->kept) {
		monitor_kept_done(m->kept);
		*m->kept = next;
	}
	return code;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include <string.h>

static int tell(const struct monitor *m, const char *id, struct ctr_container *c,
		const struct ctr_error *err)
{
	return m->silent ? CTL_FAILED : ctl_failed(m->ctl, id, c, err);
}

static int add_named(const struct monitor *m, const char *id, struct table *t)
{
	autocontainer struct ctr_container *c = NULL;
	struct monitor_row row = {.id = id, .table = t};
	struct ctr_error err;
	int r = ctr_load(m->ctl->factory, id, &c, &err);

	row.container = c;
	if (r == 0)
		r = m->add(m->arg, &row, &err);
	return r < 0 ? tell(m, id, c, &err) : CTL_OK;
}

static int add_if_running(const struct monitor *m, const char *id, struct table *t)
{
	autocontainer struct ctr_container *c = NULL;
	struct monitor_row row = {.id = id, .table = t};
	enum ctr_status status = CTR_STOPPED;
	struct ctr_error err;
	int r = ctr_load(m->ctl->factory, id, &c, &err);

	row.container = c;
	if (r == 0)
		r = ctr_container_status(c, &status, &err);
	if (r == 0 && status >= CTR_PAUSED)
		r = m->add(m->arg, &row, &err);
	if (r == 0 || err.code == CTR_E_NOT_FOUND || err.code == CTR_E_NOT_RUNNING)
		return CTL_OK;
	return tell(m, id, c, &err);
}

int monitor_each(const struct monitor *m, struct table *t)
{
	struct ctr_error err;
	char **all = NULL;
	size_t n = 0;
	int code = CTL_OK;

	for (char **id = m->ids; *id; id++)
		if (add_named(m, *id, t) != CTL_OK)
			code = CTL_FAILED;
	if (*m->ids)
		return code;
	if (ctr_list(m->ctl->factory, &all, &n, &err) < 0)
		return ctl_error(m->ctl, &err);
	for (size_t i = 0; i < n; i++)
		if (add_if_running(m, all[i], t) != CTL_OK)
			code = CTL_FAILED;
	ctr_list_free(all, n);
	return code;
}

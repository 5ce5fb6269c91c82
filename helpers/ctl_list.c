/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "overview.h"
#include "watch.h"

struct list {
	struct ctl *ctl;
	struct table_options o;
	struct watch watch;
	bool dead;
};

static const struct option_row rows[] = {
    {"all", 'a', OPTION_FLAG, offsetof(struct list, dead), NULL,
     "those that do not run, too: stopped, checkpointed, damaged, busy"},
};

static void add_one(const struct list *l, struct table *t, const char *id)
{
	autocontainer struct ctr_container *c = NULL;
	struct ctr_info info;
	struct ctr_error err;
	int r = ctr_load(l->ctl->factory, id, &c, &err);

	if (r == 0)
		r = ctr_state(c, &info, &err);
	if (r == 0 && (l->dead || info.status >= CTR_PAUSED))
		overview_add(t, c, &info);
	else if (r < 0 && err.code == CTR_E_NOT_FOUND)
		return; /* it ended while we read on */
	else if (r < 0 && l->dead)
		overview_add_unread(t, id, err.code == CTR_E_BUSY);
	else if (r < 0)
		(void)ctl_failed(l->ctl, id, NULL, &err);
}

static int list_once(void *arg)
{
	struct list *l = arg;
	autotable struct table *t = NULL;
	struct ctr_error err;
	char **ids = NULL;
	size_t n = 0;
	int r = table_new(&overview_model, &l->o, &t, &err);

	if (r == 0)
		r = ctr_list(l->ctl->factory, &ids, &n, &err);
	if (r < 0)
		return ctl_error(l->ctl, &err);
	for (size_t i = 0; i < n; i++)
		add_one(l, t, ids[i]);
	ctr_list_free(ids, n);
	if (table_rows(t) == 0 && isatty(STDOUT_FILENO) && !l->o.json && !l->o.quiet)
		ctl_say(l->ctl, "no container runs; 'list --all' shows others too");
	return ctl_print_table(l->ctl, t);
}

int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct list l = {.ctl = ctl};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &l},
					       table_option_group(&l.o),
					       watch_option_group(&l.watch)}};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, &overview_model, &argc, &argv);

	if (r == CTL_GO_ON && argc > 0)
		r = ctl_usage(ctl, "list takes no operand; try 'status %s'", argv[0]);
	if (r == CTL_GO_ON && watch_plan(&l.watch, isatty(STDOUT_FILENO), &err) < 0)
		r = ctl_error(ctl, &err);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON) {
		l.o.no_pager |= !l.watch.once;
		r = watch_run(&l.watch, list_once, &l);
	}
	table_options_done(&l.o);
	return r;
}

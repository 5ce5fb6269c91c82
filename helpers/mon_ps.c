/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "procs.h"
#include "watch.h"

/* ps: the processes of one container, or of all. */

struct ps {
	struct ctl *ctl;
	struct table_options o;
	struct watch watch;
	bool tree;
	char **ids;
};

static const struct option_row rows[] = {
    {"tree", 'T', OPTION_FLAG, offsetof(struct ps, tree), NULL, "draw who started whom"},
};

static int add(void *arg ATTR_UNUSED, const struct monitor_row *row, struct ctr_error *err)
{
	return procs_add(row->table, row->id, row->container, err);
}

static int ps_once(void *arg)
{
	struct ps *p = arg;
	autotable struct table *t = NULL;
	const struct monitor m = {.ctl = p->ctl, .ids = p->ids, .add = add};
	struct ctr_error err;
	int r, code;

	if (table_new(&procs_model, &p->o, &t, &err) < 0)
		return ctl_error(p->ctl, &err);
	if (p->tree)
		table_draw_tree(t);
	code = monitor_each(&m, t);
	r = ctl_print_table(p->ctl, t);
	return r != CTL_OK ? r : code;
}

int mon_ps(struct ctl *ctl, int argc, char **argv)
{
	struct ps p = {.ctl = ctl};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &p},
					       table_option_group(&p.o),
					       watch_option_group(&p.watch)}};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, &procs_model, &argc, &argv);

	if (r == CTL_GO_ON && watch_plan(&p.watch, isatty(STDOUT_FILENO), &err) < 0)
		r = ctl_error(ctl, &err);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON) {
		p.ids = argv;
		p.o.no_pager |= !p.watch.once;
		r = watch_run(&p.watch, ps_once, &p);
	}
	table_options_done(&p.o);
	return r;
}

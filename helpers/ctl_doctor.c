/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor.h"

enum { CHECK, STATUS, DETAIL, ADVICE };

static const struct table_column columns[] = {
    [CHECK] = {"CHECK", NULL, "check", TABLE_TEXT, TABLE_DEFAULT, "what was looked at"},
    [STATUS] = {"STATUS", NULL, "status", TABLE_TEXT, TABLE_DEFAULT | TABLE_COLOUR,
		"ok, warn or fail"},
    [DETAIL] = {"DETAIL", NULL, "detail", TABLE_TEXT, TABLE_DEFAULT | TABLE_WRAP, "what was found"},
    [ADVICE] = {"ADVICE", NULL, "advice", TABLE_TEXT, TABLE_DEFAULT | TABLE_WRAP, "the next step"},
};

static const char *colour(const char *text)
{
	return strcmp(text, "ok") == 0 ? "green" : strcmp(text, "warn") == 0 ? "brown" : "red";
}

static const struct table_model model = {"checks", columns, ARRAY_SIZE(columns), colour};

static void fill(struct table *t, const struct doctor_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct doctor_result *r = &report->results[i];

		table_row(t);
		table_text(t, CHECK, r->check);
		table_text(t, STATUS, doctor_status_name(r->status));
		table_text(t, DETAIL, r->detail);
		table_text(t, ADVICE, *r->advice ? r->advice : NULL);
	}
}

static int examine(struct ctl *ctl, struct table *t)
{
	autofree struct doctor_facts *facts = calloc(1, sizeof(*facts));
	autofree struct doctor_report *report = calloc(1, sizeof(*report));
	struct doctor_places places = {
	    .state_root = ctl->state_root ? ctl->state_root : CTR_STATEDIR,
	    .helper_dir = ctl->helper_dir ? ctl->helper_dir : CTR_LIBEXECDIR,
	    .checkpoint_root = ctl->checkpoint_root ? ctl->checkpoint_root : CTR_CHECKPOINTDIR,
	};
	struct load_paths paths;
	int r = ctl_paths(ctl, &paths);

	if (r != CTL_GO_ON)
		return r;
	places.paths = &paths;
	if (facts && report) {
		doctor_gather(&places, facts);
		doctor_decide(facts, report);
		fill(t, report);
		r = ctl_print_table(ctl, t);
		if (r == CTL_OK && report->failures)
			r = CTL_FAILED;
	} else {
		ctl_say(ctl, "out of memory");
		r = CTL_FAILED;
	}
	load_paths_done(&paths);
	return r;
}

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	struct table_options o = {0};
	struct options_line line = {.groups = {table_option_group(&o)}};
	autotable struct table *t = NULL;
	struct ctr_error err;
	int r = ctl_options(ctl, &line, &model, &argc, &argv);

	if (r == CTL_GO_ON && argc > 0)
		r = ctl_usage(ctl, "doctor takes no operand");
	if (r == CTL_GO_ON && table_new(&model, &o, &t, &err) < 0)
		r = ctl_error(ctl, &err);
	if (r == CTL_GO_ON)
		r = examine(ctl, t);
	table_options_done(&o);
	return r;
}

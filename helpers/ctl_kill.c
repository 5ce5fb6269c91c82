/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <signal.h>
#include <stdlib.h>

#include "cleanup.h"
#include "signals.h"

/* kill: a signal to processes; terminate: the end of a container. */

struct kill_options {
	const char *signal;
	bool all, yes;
	int number;
};

static const struct option_row kill_rows[] = {
    {"signal", 's', OPTION_TEXT, offsetof(struct kill_options, signal), "SIGNAL",
     "name or number; TERM when not given"},
    {"all", 'a', OPTION_FLAG, offsetof(struct kill_options, all), NULL,
     "every process, not only what PID 1 started"},
    {"yes", 'y', OPTION_FLAG, offsetof(struct kill_options, yes), NULL, "do not ask"},
};

struct end_options {
	uint64_t grace;
	const char *grace_text;
	bool yes;
};

static const struct option_row end_rows[] = {
    {"grace", 0, OPTION_TEXT, offsetof(struct end_options, grace_text), "TIME",
     "between SIGTERM and SIGKILL; TimeoutStopSec= when not given"},
    {"yes", 'y', OPTION_FLAG, offsetof(struct end_options, yes), NULL, "do not ask"},
};

/* One is what the user has named; several may be what a glob of the shell has found. */
static bool may_go_on(const struct ctl *ctl, int n, bool yes, const char *what)
{
	char question[80];

	if (n < 2 || yes)
		return true;
	return str_format(question, sizeof(question), "%s %d containers?", what, n) < 0 ||
	       ctl_confirm(ctl, question);
}

static int kill_one(struct ctr_container *c, void *arg, struct ctr_error *err)
{
	const struct kill_options *o = arg;

	return ctr_signal(c, o->number, o->all, err);
}

int ctl_kill(struct ctl *ctl, int argc, char **argv)
{
	struct kill_options o = {.number = SIGTERM};
	struct options_line line = {.groups = {{kill_rows, ARRAY_SIZE(kill_rows), &o}}};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "kill takes the ID of a container");
	if (r == CTL_GO_ON && o.signal && signals_find(o.signal, &o.number, &err) < 0)
		r = ctl_error(ctl, &err);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON && !may_go_on(ctl, argc, o.yes, "send the signal to"))
		r = CTL_FAILED;
	return r == CTL_GO_ON ? ctl_each(ctl, &(const struct ctl_each){kill_one, &o}, argv) : r;
}

/* What the definition says; its default when that cannot be read any more. */
static unsigned int usual_grace(struct ctr_container *c)
{
	autofree char *text = NULL;
	autospec struct spec *spec = NULL, *plain = spec_new();
	uint64_t us = plain ? plain->timeout_stop : 0;

	if (ctr_definition_text(c, &text, NULL) == 0 &&
	    load_definition_text("grace", text, NULL, &spec, NULL) == 0)
		us = spec->timeout_stop;
	return us / 1000 > UINT32_MAX ? UINT32_MAX : (unsigned int)(us / 1000);
}

static int end_one(struct ctr_container *c, void *arg, struct ctr_error *err)
{
	const struct end_options *o = arg;
	unsigned int ms = o->grace_text ? (unsigned int)(o->grace / 1000) : usual_grace(c);

	return ctr_destroy(c, 1, ms, err);
}

int ctl_terminate(struct ctl *ctl, int argc, char **argv)
{
	struct end_options o = {0};
	struct options_line line = {.groups = {{end_rows, ARRAY_SIZE(end_rows), &o}}};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "terminate takes the ID of a container");
	if (r == CTL_GO_ON && o.grace_text &&
	    (options_time(o.grace_text, &o.grace) < 0 || o.grace / 1000 > UINT32_MAX))
		r = ctl_usage(ctl, "bad value '%s' of --grace; it takes a time", o.grace_text);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON && !may_go_on(ctl, argc, o.yes, "terminate"))
		r = CTL_FAILED;
	return r == CTL_GO_ON ? ctl_each(ctl, &(const struct ctl_each){end_one, &o}, argv) : r;
}

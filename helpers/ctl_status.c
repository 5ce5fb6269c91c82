/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "human.h"
#include "procs.h"

/* status: what a person wants to know of a container. Programs take show. */

struct status {
	struct ctl *ctl;
	bool no_pager, more;
	struct table_options o;
	struct pager pager;
};

static const struct option_row rows[] = {
    {"no-pager", 0, OPTION_FLAG, offsetof(struct status, no_pager), NULL, "no pager on a terminal"},
};

static void line(const struct status *s, const char *label, const char *fmt, ...) ATTR_PRINTF(3, 4);

static void line(const struct status *s, const char *label, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(s->pager.out, "%12s: ", label);
	va_start(ap, fmt);
	(void)vfprintf(s->pager.out, fmt, ap);
	va_end(ap);
	(void)fputc('\n', s->pager.out);
}

static void print_age(const struct status *s, const struct ctr_info *i)
{
	char since[HUMAN_MAX], age[HUMAN_MAX];
	struct timespec now;
	uint64_t us;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	human_time(since, i->created_us);
	human_span(age, us > i->created_us ? us - i->created_us : 0);
	line(s, "State", "%s since %s (%s ago)", ctr_status_name(i->status), since, age);
}

static void print_head(const struct status *s, struct ctr_container *c, const struct ctr_info *i)
{
	autofree char *text = NULL;
	autospec struct spec *spec = NULL;
	char about[300] = "";

	if (ctr_definition_text(c, &text, NULL) == 0 &&
	    load_definition_text("status", text, NULL, &spec, NULL) == 0 && spec->description)
		human_text(about, sizeof(about), spec->description);
	(void)fprintf(s->pager.out, "%s%s%s%s\n", s->more ? "\n" : "", i->id, *about ? " - " : "",
		      about);
}

static void print_record(const struct status *s, const struct ctr_info *i)
{
	print_age(s, i);
	if (*i->user)
		line(s, "User", "%s (%u)", i->user, i->uid);
	line(s, "Container", "%s%s%s, instance per %s", *i->definition ? i->definition : "-",
	     *i->rule ? ", rule " : "", i->rule, i->instance);
	if (*i->service)
		line(s, "Made by", "%s%s%s%s%s", i->service, *i->rhost ? " from " : "", i->rhost,
		     *i->tty ? " on " : "", i->tty);
	if (i->init_pid > 0)
		line(s, "Leader", "%d (PID 1), supervisor %d", i->init_pid, i->supervisor_pid);
	line(s, "Cgroup", "%s", *i->cgroup ? i->cgroup : "-");
}

static void format_of(char *dst, size_t size, const char *used, const char *limit)
{
	if (*limit)
		(void)!str_format(dst, size, "%s of %s", used, limit); /* fits */
	else
		(void)!str_copy(dst, size, used);
}

static void size_or_nothing(char dst[HUMAN_MAX], uint64_t bytes)
{
	dst[0] = '\0';
	if (bytes != CTR_ABSENT)
		human_size(dst, bytes);
}

static void number_or_nothing(char dst[HUMAN_MAX], uint64_t n)
{
	dst[0] = '\0';
	if (n != CTR_ABSENT)
		(void)!str_format(dst, HUMAN_MAX, "%lu", (unsigned long)n); /* 20 digits */
}

static void print_figures(const struct status *s, struct ctr_container *c)
{
	autofree struct ctr_stats *f = malloc(sizeof(*f));
	char used[HUMAN_MAX], limit[HUMAN_MAX], text[2 * HUMAN_MAX + 8];

	if (!f || ctr_stats_read(c, f, NULL) < 0)
		return; /* it ended meanwhile */
	size_or_nothing(used, f->mem_usage);
	size_or_nothing(limit, f->mem_limit);
	format_of(text, sizeof(text), used, limit);
	if (*used)
		line(s, "Memory", "%s", text);
	number_or_nothing(used, f->pids_current);
	number_or_nothing(limit, f->pids_limit);
	format_of(text, sizeof(text), used, limit);
	if (*used)
		line(s, "Tasks", "%s", text);
	if (f->cpu_usage_us != CTR_ABSENT) {
		human_span(used, f->cpu_usage_us);
		line(s, "CPU", "%s", used);
	}
	if (f->oom_kills != CTR_ABSENT && f->oom_kills > 0)
		line(s, "Out of memory", "%lu killed", (unsigned long)f->oom_kills);
}

static void print_sessions(const struct status *s, struct ctr_container *c)
{
	autofree struct ctr_session *all = NULL;
	size_t n = 0;

	if (ctr_sessions(c, &all, &n, NULL) < 0)
		return; /* the supervisor is busy or gone */
	for (size_t i = 0; i < n; i++) {
		const struct ctr_session *e = &all[i];
		char since[HUMAN_MAX];

		human_time(since, e->since_us);
		line(s, i ? "" : "Sessions", "%s%s%s%s%s since %s (pid %d)", e->service,
		     *e->rhost ? " from " : "", e->rhost, *e->tty ? " on " : "", e->tty, since,
		     e->caller);
	}
}

static void print_terminals(const struct status *s, struct ctr_container *c)
{
	autofree struct ctr_terminal *all = NULL;
	size_t n = 0;

	if (ctr_terminals(c, &all, &n, NULL) < 0)
		return; /* it ended meanwhile */
	for (size_t i = 0; i < n; i++) {
		char since[HUMAN_MAX];

		human_time(since, all[i].since_us);
		line(s, i ? "" : "Terminals", "session %s of uid %u since %s, %s", all[i].name,
		     all[i].uid, since, all[i].attached ? "attached" : "detached");
	}
}

static int print_processes(struct status *s, const char *id, struct ctr_container *c,
			   struct ctr_error *err)
{
	autotable struct table *t = NULL;
	int r = table_new(&procs_model, &s->o, &t, err);

	if (r == 0) {
		table_draw_tree(t);
		r = procs_add(t, id, c, err);
	}
	if (r == 0)
		r = table_finish(t, err);
	if (r < 0)
		return r;
	line(s, "Processes", "%zu", table_rows(t));
	return table_print(t, s->pager.out, s->pager.terminal, err);
}

static int status_one(struct ctr_container *c, void *arg, struct ctr_error *err)
{
	struct status *s = arg;
	struct ctr_info info;
	int r = ctr_state(c, &info, err);

	if (r < 0)
		return r;
	print_head(s, c, &info);
	print_record(s, &info);
	s->more = true;
	if (info.status < CTR_PAUSED)
		return 0;
	print_figures(s, c);
	print_sessions(s, c);
	print_terminals(s, c);
	return print_processes(s, info.id, c, err);
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	struct status s = {.ctl = ctl, .o.output = "PID,HOSTPID,USER,STATE,CPU,MEM,COMMAND"};
	struct options_line opts = {.groups = {{rows, ARRAY_SIZE(rows), &s}}};
	int r = ctl_options(ctl, &opts, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "status takes the ID of a container");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	pager_open(&s.pager, !s.no_pager);
	r = ctl_each(ctl, &(const struct ctl_each){status_one, &s}, argv);
	if (pager_close(&s.pager) < 0 && r == CTL_OK) {
		ctl_say(ctl, "standard output: cannot write");
		r = CTL_FAILED;
	}
	return r;
}

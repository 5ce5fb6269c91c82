/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "metrics.h"
#include "monitor.h"
#include "totals.h"

/* metrics: figures for a monitoring system that keeps them. */

struct call {
	const char *textfile;
	bool per_container;
	struct metrics m;
};

static const struct option_row rows[] = {
    {"per-container", 0, OPTION_FLAG, offsetof(struct call, per_container), NULL,
     "a line for each, with its ID and user; counters too"},
    {"textfile", 0, OPTION_TEXT, offsetof(struct call, textfile), "FILE",
     "write to FILE at once, for the textfile collector of node_exporter"},
};

static void name(struct metrics_row *row, const struct ctr_info *info)
{
	row->status = info->status;
	memcpy(row->id, info->id, sizeof(row->id));
	memcpy(row->user, info->user, sizeof(row->user));
	memcpy(row->container, info->definition, sizeof(row->container));
	for (size_t i = 0; i < METRICS_FIGURES; i++)
		row->v[i] = CTR_ABSENT;
	row->v[METRICS_CREATED] = info->created_us;
}

static void fill(struct metrics_row *row, const struct ctr_stats *s)
{
	struct totals all;

	totals_of(s, &all);
	row->v[METRICS_MEMORY] = s->mem_usage;
	row->v[METRICS_SWAP] = s->mem_swap;
	row->v[METRICS_TASKS] = s->pids_current;
	row->v[METRICS_MEMORY_LIMIT] = s->mem_limit;
	row->v[METRICS_TASKS_LIMIT] = s->pids_limit;
	row->v[METRICS_CPU] = s->cpu_usage_us;
	row->v[METRICS_THROTTLED] = s->cpu_throttled_us;
	row->v[METRICS_OOM_KILLS] = s->oom_kills;
	row->v[METRICS_MEMORY_FAILURES] = s->mem_failures;
	row->v[METRICS_TASKS_FAILURES] = s->pids_failures;
	row->v[METRICS_READ] = all.io_read;
	row->v[METRICS_WRITTEN] = all.io_written;
	row->v[METRICS_RECEIVED] = all.received;
	row->v[METRICS_SENT] = all.sent;
}

/* On disk, ended, or in groups that are others' too: it is counted, without figures. */
static bool has_none(const struct ctr_error *err)
{
	return err->code == CTR_E_NOT_RUNNING || err->code == CTR_E_CHECKPOINTED ||
	       err->code == CTR_E_UNSUPPORTED;
}

static int add(void *arg, const struct monitor_row *row, struct ctr_error *err)
{
	struct call *call = arg;
	struct metrics *m = &call->m;
	autofree struct ctr_stats *s = malloc(sizeof(*s));
	struct metrics_row *v = reallocarray(m->v, m->n + 1, sizeof(*v));
	struct ctr_info info;
	int r;

	if (v)
		m->v = v;
	if (!v || !s)
		return err_sys(err, ENOMEM, "metrics", "read statistics");
	r = ctr_state(row->container, &info, err);
	if (r < 0)
		return r;
	name(&m->v[m->n], &info);
	r = ctr_stats_read(row->container, s, err);
	if (r == 0)
		fill(&m->v[m->n], s);
	else if (!has_none(err))
		return r;
	m->n++;
	return 0;
}

/*
 * Whoever reads the file sees the old figures or the new ones, and everybody may: 0644. Its folder
 * is the collector's: no link is followed, and what is no file is not replaced, /dev/null say.
 */
static int replace(const char *path, const char *text, size_t len, struct ctr_error *err)
{
	autofree char *one = strdup(path), *two = strdup(path);
	const char *file = two ? basename(two) : NULL;
	autofd int dir = -1;
	struct stat st;
	int r;

	if (!one || !two)
		return err_sys(err, ENOMEM, "metrics", "write %s", path);
	dir = open(dirname(one), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = dir < 0 ? -errno : 0;
	if (r == 0 && fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISLNK(st.st_mode))
		r = -EEXIST;
	if (r == 0)
		r = fd_replace_file_at(dir, file, text, len, 0644);
	return r < 0 ? err_sys(err, r, "metrics", "write %s", path) : 0;
}

static int put(const struct call *call, struct ctr_error *err)
{
	autofree char *text = NULL;
	size_t len;
	FILE *f = call->textfile ? open_memstream(&text, &len) : stdout;

	if (!f)
		return err_sys(err, ENOMEM, "metrics", "write %s", call->textfile);
	metrics_write(&call->m, call->per_container, f);
	if (f == stdout)
		return 0; /* ctl_main() looks at the end whether it was all written */
	if (fclose(f) != 0)
		return err_sys(err, ENOMEM, "metrics", "write %s", call->textfile);
	return replace(call->textfile, text, len, err);
}

int mon_metrics(struct ctl *ctl, int argc, char **argv)
{
	struct call call = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &call}}};
	char *all[] = {NULL};
	const struct monitor m = {.ctl = ctl, .ids = all, .add = add, .arg = &call};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc > 0)
		r = ctl_usage(ctl, "metrics takes no operand");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	r = monitor_each(&m, NULL);
	/* where the list was not to be had, the figures of before are better than none */
	if ((r == CTL_OK || call.m.n > 0 || !call.textfile) && put(&call, &err) < 0)
		r = ctl_error(ctl, &err);
	free(call.m.v);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "monitor.h"
#include "overview.h"
#include "proc.h"
#include "sample.h"
#include "totals.h"
#include "watch.h"

/* stats: what each container uses. */

enum {
	ID,
	USER,
	CONTAINER,
	CPU_SHARE,
	MEM,
	MEMMAX,
	MEM_SHARE,
	IO_R,
	IO_W,
	PIDS,
	TASKSMAX,
	PSI,
	NET_R,
	NET_W,
	STATE,
	CPU,
	CPU_USER,
	CPU_SYSTEM,
	THROTTLED,
	MEMPEAK,
	SWAP,
	MEMFAIL,
	OOM,
	PSI_CPU,
	PSI_MEM,
	PSI_IO,
	MEM_ANON,
	MEM_FILE,
	MEM_KERNEL,
	SWAPMAX,
	PERIODS,
	THROTTLES,
	PIDSFAIL,
	HUGE,
	IO_RN,
	IO_WN,
	BURSTS,
	SWAPPEAK,
	MEMSW,
	MEMSWPEAK,
	KERNELPEAK,
	COLUMNS
};

#define SHOWN TABLE_DEFAULT

static const struct table_column columns[COLUMNS] = {
    [ID] = {"ID", NULL, "id", TABLE_TEXT, SHOWN, "container"},
    [USER] = {"USER", NULL, "user", TABLE_TEXT, SHOWN, "whose it is"},
    [CONTAINER] = {"CONTAINER", NULL, "container", TABLE_TEXT, SHOWN, "its definition"},
    [CPU_SHARE] = {"CPU%", NULL, "cpu_centipercent", TABLE_PERCENT, SHOWN,
		   "of one CPU, since the last sample"},
    [MEM] = {"MEM", NULL, "mem_bytes", TABLE_SIZE, SHOWN, "memory in use"},
    [MEMMAX] = {"MEMMAX", "LIMIT", "mem_limit_bytes", TABLE_SIZE, SHOWN, "its limit"},
    [MEM_SHARE] = {"MEM%", NULL, "mem_centipercent", TABLE_PERCENT, SHOWN, "of the limit"},
    [IO_R] = {"IO-R", NULL, "io_read_bytes", TABLE_SIZE, SHOWN, "read from disks in all"},
    [IO_W] = {"IO-W", NULL, "io_write_bytes", TABLE_SIZE, SHOWN, "written to disks in all"},
    [PIDS] = {"PIDS", NULL, "pids", TABLE_NUMBER, SHOWN, "processes and threads"},
    [TASKSMAX] = {"TASKSMAX", "LIMIT", "pids_limit", TABLE_NUMBER, SHOWN, "their limit"},
    [PSI] = {"PSI", NULL, "psi_centipercent", TABLE_PERCENT, SHOWN,
	     "time that some process waited for CPU, memory or disk, last 10 s; the worst"},
    [NET_R] = {"NET-R", NULL, "net_rx_bytes", TABLE_SIZE, 0,
	       "received in all; with a network of its own"},
    [NET_W] = {"NET-W", NULL, "net_tx_bytes", TABLE_SIZE, 0, "sent in all"},
    [STATE] = {"STATE", NULL, "state", TABLE_TEXT, TABLE_COLOUR, "running, paused ..."},
    [CPU] = {"CPU", NULL, "cpu_us", TABLE_SPAN, 0, "CPU time in all"},
    [CPU_USER] = {"CPU-USER", NULL, "cpu_user_us", TABLE_SPAN, 0, "of it in user mode"},
    [CPU_SYSTEM] = {"CPU-SYS", NULL, "cpu_system_us", TABLE_SPAN, 0, "of it in the kernel"},
    [THROTTLED] = {"THROTTLED", NULL, "cpu_throttled_us", TABLE_SPAN, 0,
		   "time held back by CPUQuota="},
    [MEMPEAK] = {"MEMPEAK", NULL, "mem_peak_bytes", TABLE_SIZE, 0, "most memory ever in use"},
    [SWAP] = {"SWAP", NULL, "swap_bytes", TABLE_SIZE, 0, "swap in use"},
    [MEMFAIL] = {"MEMFAIL", NULL, "mem_failures", TABLE_NUMBER, 0, "times the limit was hit"},
    [OOM] = {"OOM", NULL, "oom_kills", TABLE_NUMBER, 0, "processes killed for memory"},
    [PSI_CPU] = {"PSI-CPU", NULL, "psi_cpu_centipercent", TABLE_PERCENT, 0, "as PSI, for CPU"},
    [PSI_MEM] = {"PSI-MEM", NULL, "psi_mem_centipercent", TABLE_PERCENT, 0, "as PSI, for memory"},
    [PSI_IO] = {"PSI-IO", NULL, "psi_io_centipercent", TABLE_PERCENT, 0, "as PSI, for disks"},
    [MEM_ANON] = {"ANON", NULL, "mem_anon_bytes", TABLE_SIZE, 0, "memory of no file"},
    [MEM_FILE] = {"FILE", NULL, "mem_file_bytes", TABLE_SIZE, 0, "page cache"},
    [MEM_KERNEL] = {"KERNEL", NULL, "mem_kernel_bytes", TABLE_SIZE, 0, "memory of the kernel"},
    [SWAPMAX] = {"SWAPMAX", NULL, "swap_limit_bytes", TABLE_SIZE, 0, "limit of swap"},
    [PERIODS] = {"PERIODS", NULL, "cpu_periods", TABLE_NUMBER, 0, "of CPUQuota="},
    [THROTTLES] = {"THROTTLES", NULL, "cpu_throttled_periods", TABLE_NUMBER, 0,
		   "of them those that it held back"},
    [PIDSFAIL] = {"PIDSFAIL", NULL, "pids_failures", TABLE_NUMBER, 0, "times TasksMax= was hit"},
    [HUGE] = {"HUGE", NULL, "huge_bytes", TABLE_SIZE, 0, "huge pages in use, all sizes"},
    [IO_RN] = {"IO-RN", NULL, "io_reads", TABLE_NUMBER, 0, "read operations in all"},
    [IO_WN] = {"IO-WN", NULL, "io_writes", TABLE_NUMBER, 0, "write operations in all"},
    [BURSTS] = {"BURST", NULL, "cpu_burst_us", TABLE_SPAN, 0,
		"with --details: time above CPUQuota="},
    [SWAPPEAK] = {"SWAPPEAK", NULL, "swap_peak_bytes", TABLE_SIZE, 0,
		  "with --details: most swap ever; cgroup v2"},
    [MEMSW] = {"MEMSW", NULL, "memsw_bytes", TABLE_SIZE, 0,
	       "with --details: memory and swap together; cgroup v1"},
    [MEMSWPEAK] = {"MEMSWPEAK", NULL, "memsw_peak_bytes", TABLE_SIZE, 0,
		   "with --details: the most of that ever"},
    [KERNELPEAK] = {"KERNELPEAK", NULL, "mem_kernel_peak_bytes", TABLE_SIZE, 0,
		    "with --details: most memory of the kernel ever; cgroup v1"},
};

static const struct table_model model = {"stats", columns, COLUMNS, overview_colour};

struct stats {
	struct ctl *ctl;
	struct table_options o;
	struct watch watch;
	struct samples samples;
	struct monitor_kept kept;
	char **ids;
	uint64_t host_net; /* inode of this network namespace; 0: not known */
	bool net;	   /* one of them has a network of its own */
	bool quietly;	   /* the first look, which only samples */
	bool details;	   /* what takes more reads */
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t worst(const struct ctr_stats *s)
{
	const uint64_t all[] = {s->cpu_pressure.some_avg10, s->mem_pressure.some_avg10,
				s->io_pressure.some_avg10};
	uint64_t most = TABLE_ABSENT;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] != CTR_ABSENT && (most == TABLE_ABSENT || all[i] > most))
			most = all[i];
	return most;
}

static int add_details(struct table *t, struct ctr_container *c, struct ctr_error *err)
{
	autofree struct ctr_details *d = malloc(sizeof(*d));
	int r = d ? ctr_stats_details(c, d, err) : err_sys(err, ENOMEM, "stats", "read statistics");

	if (r < 0)
		return r;
	table_number(t, BURSTS, d->cpu_burst_us);
	table_number(t, SWAPPEAK, d->swap_peak);
	table_number(t, MEMSW, d->memsw_usage);
	table_number(t, MEMSWPEAK, d->memsw_peak);
	table_number(t, KERNELPEAK, d->kernel_peak);
	return 0;
}

static bool has_own_net(const struct stats *st, const struct ctr_info *info)
{
	for (size_t i = 0; i < info->nns; i++)
		if (strcmp(info->ns[i].name, "net") == 0)
			return st->host_net && info->ns[i].inode != st->host_net;
	return false;
}

static void add_figures(struct table *t, const struct ctr_stats *s, const struct totals *sums)
{
	const struct {
		int column;
		uint64_t value;
	} all[] = {
	    {MEM, s->mem_usage},
	    {MEMMAX, s->mem_limit},
	    {MEM_SHARE, sample_share(s->mem_usage, s->mem_limit)},
	    {PIDS, s->pids_current},
	    {TASKSMAX, s->pids_limit},
	    {PSI, worst(s)},
	    {CPU, s->cpu_usage_us},
	    {CPU_USER, s->cpu_user_us},
	    {CPU_SYSTEM, s->cpu_system_us},
	    {THROTTLED, s->cpu_throttled_us},
	    {MEMPEAK, s->mem_peak},
	    {SWAP, s->mem_swap},
	    {MEMFAIL, s->mem_failures},
	    {OOM, s->oom_kills},
	    {PSI_CPU, s->cpu_pressure.some_avg10},
	    {PSI_MEM, s->mem_pressure.some_avg10},
	    {PSI_IO, s->io_pressure.some_avg10},
	    {MEM_ANON, s->mem_anon},
	    {MEM_FILE, s->mem_file},
	    {MEM_KERNEL, s->mem_kernel},
	    {SWAPMAX, s->mem_swap_limit},
	    {PERIODS, s->cpu_periods},
	    {THROTTLES, s->cpu_throttled},
	    {PIDSFAIL, s->pids_failures},
	    {IO_R, sums->io_read},
	    {IO_W, sums->io_written},
	    {IO_RN, sums->reads},
	    {IO_WN, sums->writes},
	    {HUGE, sums->huge},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		table_number(t, (size_t)all[i].column, all[i].value);
}

static uint64_t share_of(struct stats *st, const char *id, const struct ctr_stats *s)
{
	struct sample now = {.at_us = now_us(), .cpu_us = s->cpu_usage_us};

	(void)!str_copy(now.id, sizeof(now.id), id); /* 65 bytes both */
	return samples_take(&st->samples, &now);
}

static int add(void *arg, const struct monitor_row *row, struct ctr_error *err)
{
	struct stats *st = arg;
	autofree struct ctr_stats *s = malloc(sizeof(*s));
	struct ctr_info info;
	struct totals sums;
	uint64_t share;
	int r = s ? ctr_stats_read(row->container, s, err)
		  : err_sys(err, ENOMEM, "stats", "read statistics");

	if (r < 0)
		return r;
	share = share_of(st, row->id, s);
	r = st->quietly ? 0 : ctr_state(row->container, &info, err);
	if (r < 0 || st->quietly)
		return r;
	table_row(row->table);
	table_text(row->table, ID, info.id);
	table_text(row->table, USER, *info.user ? info.user : NULL);
	table_text(row->table, CONTAINER, *info.definition ? info.definition : NULL);
	table_text(row->table, STATE, ctr_status_name(info.status));
	table_number(row->table, CPU_SHARE, share);
	totals_of(s, &sums);
	add_figures(row->table, s, &sums);
	if (has_own_net(st, &info)) {
		st->net = true;
		table_number(row->table, NET_R, sums.received);
		table_number(row->table, NET_W, sums.sent);
	}
	return st->details ? add_details(row->table, row->container, err) : 0;
}

static int stats_once(void *arg)
{
	struct stats *st = arg;
	autotable struct table *t = NULL;
	const struct monitor m = {st->ctl, st->ids, add, st, st->quietly, &st->kept};
	struct ctr_error err;
	int r, code;

	if (table_new(&model, &st->o, &t, &err) < 0)
		return ctl_error(st->ctl, &err);
	code = monitor_each(&m, t);
	if (st->quietly)
		return CTL_OK;
	if (!st->o.output && !st->o.all && !st->o.quiet && (st->net || st->o.json)) {
		table_show(t, NET_R);
		table_show(t, NET_W);
	}
	r = ctl_print_table(st->ctl, t);
	return r != CTL_OK ? r : code;
}

/* A share of CPU time needs two looks: the first one is silent. */
static int run(struct stats *st)
{
	struct timespec nap = {.tv_nsec = 250000000};
	int r;

	if (st->watch.once && st->watch.delay) {
		nap.tv_sec = (time_t)(st->watch.delay / 1000000);
		nap.tv_nsec = (long)(st->watch.delay % 1000000) * 1000;
	}
	st->quietly = true;
	r = stats_once(st);
	st->quietly = false;
	if (r != CTL_OK)
		return r;
	(void)nanosleep(&nap, NULL);
	return watch_run(&st->watch, stats_once, st);
}

static const struct option_row rows[] = {
    {"details", 0, OPTION_FLAG, offsetof(struct stats, details), NULL,
     "read what the columns with this word tell, too"},
};

int mon_stats(struct ctl *ctl, int argc, char **argv)
{
	struct stats st = {.ctl = ctl};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &st},
					       table_option_group(&st.o),
					       watch_option_group(&st.watch)}};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, &model, &argc, &argv);

	if (r == CTL_GO_ON && watch_plan(&st.watch, isatty(STDOUT_FILENO), &err) < 0)
		r = ctl_error(ctl, &err);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON) {
		st.ids = argv;
		(void)!proc_ns_inode(getpid(), "net", &st.host_net);
		st.o.no_pager |= !st.watch.once;
		r = run(&st);
	}
	samples_done(&st.samples);
	monitor_kept_done(&st.kept);
	table_options_done(&st.o);
	return r;
}

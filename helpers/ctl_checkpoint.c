/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include "image.h"
#include "meter.h"
#include "str.h"

/* checkpoint, restore */

/** struct flags - as options are read */
struct flags {
	bool leave_running, kill_plain, tcp_established, file_locks, print_stats;
	bool pre, auto_dedup, ext_unix, compress;
	const char *directory;
};

static const struct option_row rows[] = {
    {"leave-running", 'R', OPTION_FLAG, offsetof(struct flags, leave_running), NULL,
     "the container goes on"},
    {"kill-plain", 0, OPTION_FLAG, offsetof(struct flags, kill_plain), NULL,
     "end commands without a terminal, which can not be saved"},
    {"tcp-established", 0, OPTION_FLAG, offsetof(struct flags, tcp_established), NULL,
     "keep connections to the outside"},
    {"file-locks", 0, OPTION_FLAG, offsetof(struct flags, file_locks), NULL, "keep locks of files"},
    {"pre", 0, OPTION_FLAG, offsetof(struct flags, pre), NULL,
     "write memory only, all goes on; the checkpoint afterwards is quicker"},
    {"ext-unix-sk", 0, OPTION_FLAG, offsetof(struct flags, ext_unix), NULL,
     "keep datagram sockets that are connected to the outside"},
    {"auto-dedup", 0, OPTION_FLAG, offsetof(struct flags, auto_dedup), NULL,
     "take out of earlier images what is written anew"},
    {"compress", 0, OPTION_FLAG, offsetof(struct flags, compress), NULL,
     "compress it, once nothing stands still for it any more"},
    {"output", 'o', OPTION_TEXT, offsetof(struct flags, directory), "DIR",
     "write it to that folder"},
    {"print-stats", 0, OPTION_FLAG, offsetof(struct flags, print_stats), NULL,
     "print times and pages of CRIU as JSON"},
};

/* One object a line and container, as `containerctl show` has one. */
static void print_stats(const char *id, const struct ctr_checkpoint_stats *s)
{
	(void)printf("{\"version\":1,\"id\":\"%s\",\"freezing_us\":%llu,\"frozen_us\":%llu,"
		     "\"memdump_us\":%llu,\"memwrite_us\":%llu,\"pages_scanned\":%llu,"
		     "\"pages_skipped_parent\":%llu,\"pages_written\":%llu}\n",
		     id, (unsigned long long)s->freezing_us, (unsigned long long)s->frozen_us,
		     (unsigned long long)s->memdump_us, (unsigned long long)s->memwrite_us,
		     (unsigned long long)s->pages_scanned,
		     (unsigned long long)s->pages_skipped_parent,
		     (unsigned long long)s->pages_written);
}

/** struct wish - what to do with each container */
struct wish {
	struct ctr_checkpoint_options opt;
	bool pre;
};

static int checkpoint_one(struct ctr_container *c, void *arg, struct ctr_error *err)
{
	const struct wish *wish = arg;
	struct ctr_checkpoint_options copy = wish->opt, *opt = &copy;
	struct ctr_info info;
	struct meter meter = {.name = info.id};
	int compressed = 0;
	int r = ctr_state(c, &info, err); /* the ID, which has no character that JSON escapes */

	opt->progress = meter_show;
	opt->progress_arg = &meter;
	opt->compressed = &compressed;
	if (r == 0)
		r = wish->pre ? ctr_pre_dump(c, opt, err) : ctr_checkpoint(c, opt, err);
	meter_end(&meter);
	if (r == 0 && opt->compress && !compressed)
		(void)fprintf(stderr,
			      "containerctl: the checkpoint of %s is not compressed: there is "
			      "little in it, or the system's log says why\n",
			      info.id);
	if (r == 0 && opt->stats)
		print_stats(info.id, opt->stats);
	return r;
}

static bool is_final(const struct flags *f)
{
	return f->leave_running || f->kill_plain || f->tcp_established || f->file_locks ||
	       f->auto_dedup || f->ext_unix || f->compress;
}

int ctl_checkpoint(struct ctl *ctl, int argc, char **argv)
{
	struct flags f = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &f}}};
	struct ctr_checkpoint_stats stats;
	struct wish wish;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "checkpoint takes the ID of a container");
	if (r == CTL_GO_ON && f.pre && is_final(&f))
		r = ctl_usage(ctl,
			      "--pre takes no option of a checkpoint but -o and --print-stats");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	wish = (struct wish){.pre = f.pre,
			     .opt = {.leave_running = f.leave_running,
				     .kill_plain = f.kill_plain,
				     .tcp_established = f.tcp_established,
				     .file_locks = f.file_locks,
				     .auto_dedup = f.auto_dedup,
				     .ext_unix = f.ext_unix,
				     .compress = f.compress,
				     .directory = f.directory,
				     .stats = f.print_stats ? &stats : NULL}};
	return r == CTL_GO_ON ? ctl_each(ctl, &(const struct ctl_each){checkpoint_one, &wish}, argv)
			      : r;
}

static const struct option_row restore_rows[] = {
    {"output", 'o', OPTION_TEXT, offsetof(struct ctr_restore_options, directory), "DIR",
     "restore those of that folder"},
};

/* An ID has no slash: what has one is a folder with one checkpoint. */
static int restore_one(struct ctl *ctl, const struct ctr_restore_options *opt, const char *what)
{
	char name[80];
	struct meter meter = {.name = name};
	bool folder = *what == '/';
	const struct ctr_restore_options with = {.directory = folder ? what : opt->directory,
						 .progress = meter_show,
						 .progress_arg = &meter};
	struct ctr_error err;
	int r;

	str_escape(name, sizeof(name), what);
	r = ctr_restore_with(ctl->factory, folder ? NULL : what, &with, NULL, &err);
	meter_end(&meter);
	if (r == 0)
		return CTL_OK;
	return folder || *image_hint(&err) ? image_failed(ctl, what, &err)
					   : ctl_failed(ctl, what, NULL, &err);
}

int ctl_restore(struct ctl *ctl, int argc, char **argv)
{
	struct ctr_restore_options opt = {0};
	struct options_line line = {.groups = {{restore_rows, ARRAY_SIZE(restore_rows), &opt}}};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv), worst = CTL_OK;

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "restore takes the ID of a checkpointed container");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	for (int i = 0; i < argc; i++) {
		int code = restore_one(ctl, &opt, argv[i]);

		worst = code == CTL_OK ? worst : code;
	}
	return worst;
}

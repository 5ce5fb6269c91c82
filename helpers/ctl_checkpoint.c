/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

/* checkpoint, restore */

/** struct flags - as options are read */
struct flags {
	bool leave_running, kill_plain, tcp_established, file_locks;
};

static const struct option_row rows[] = {
    {"leave-running", 'R', OPTION_FLAG, offsetof(struct flags, leave_running), NULL,
     "the container goes on"},
    {"kill-plain", 0, OPTION_FLAG, offsetof(struct flags, kill_plain), NULL,
     "end commands without a terminal, which can not be saved"},
    {"tcp-established", 0, OPTION_FLAG, offsetof(struct flags, tcp_established), NULL,
     "keep connections to the outside"},
    {"file-locks", 0, OPTION_FLAG, offsetof(struct flags, file_locks), NULL, "keep locks of files"},
};

static int checkpoint_one(struct ctr_container *c, void *arg, struct ctr_error *err)
{
	return ctr_checkpoint(c, arg, err);
}

int ctl_checkpoint(struct ctl *ctl, int argc, char **argv)
{
	struct flags f = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &f}}};
	struct ctr_checkpoint_options opt = {0};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "checkpoint takes the ID of a container");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	opt.leave_running = f.leave_running;
	opt.kill_plain = f.kill_plain;
	opt.tcp_established = f.tcp_established;
	opt.file_locks = f.file_locks;
	return r == CTL_GO_ON ? ctl_each(ctl, &(const struct ctl_each){checkpoint_one, &opt}, argv)
			      : r;
}

int ctl_restore(struct ctl *ctl, int argc, char **argv)
{
	struct options_line line = {0};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv), worst = CTL_OK;

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "restore takes the ID of a checkpointed container");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	for (int i = 0; i < argc; i++)
		if (ctr_restore(ctl->factory, argv[i], NULL, &err) < 0)
			worst = ctl_failed(ctl, argv[i], NULL, &err);
	return worst;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

/* pause, resume */

static int pause_one(struct ctr_container *c, void *arg ATTR_UNUSED, struct ctr_error *err)
{
	return ctr_pause(c, err);
}

static int resume_one(struct ctr_container *c, void *arg ATTR_UNUSED, struct ctr_error *err)
{
	return ctr_resume(c, err);
}

static int run(struct ctl *ctl, const struct ctl_each *each, int argc, char **argv)
{
	struct options_line line = {0};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "%s takes the ID of a container", ctl->verb->name);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	return r == CTL_GO_ON ? ctl_each(ctl, each, argv) : r;
}

int ctl_pause(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, &(const struct ctl_each){pause_one, NULL}, argc, argv);
}

int ctl_resume(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, &(const struct ctl_each){resume_one, NULL}, argc, argv);
}

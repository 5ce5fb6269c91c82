/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "image.h"

/* checkpoints: what there is on disk; checkpoints rm: remove some of it. */

struct checkpoints {
	struct table_options o;
	bool yes;
};

static const struct option_row rows[] = {
    {"yes", 'y', OPTION_FLAG, offsetof(struct checkpoints, yes), NULL, "of rm: do not ask"},
};

static int list(struct ctl *ctl, const struct table_options *o)
{
	autofree struct ctr_image *images = NULL;
	autotable struct table *t = NULL;
	struct ctr_error err;
	size_t n = 0;

	if (table_new(&image_model, o, &t, &err) < 0)
		return ctl_error(ctl, &err);
	if (ctr_image_list(ctl->factory, &images, &n, &err) < 0)
		return image_failed(ctl, NULL, &err);
	for (size_t i = 0; i < n; i++)
		image_add(t, &images[i]);
	if (n == 0 && isatty(STDOUT_FILENO) && !o->json && !o->quiet)
		ctl_say(ctl, "there is no checkpoint");
	return ctl_print_table(ctl, t);
}

/* What was written in an editor may be in there and nowhere else: several are asked about. */
static int remove_each(struct ctl *ctl, bool yes, int n, char **ids)
{
	char question[80];
	int code = CTL_OK;

	if (n == 0)
		return ctl_usage(ctl, "rm takes the ID of a container");
	if (n > 1 && !yes &&
	    str_format(question, sizeof(question), "remove %d checkpoints?", n) == 0 &&
	    !ctl_confirm(ctl, question))
		return CTL_FAILED;
	for (; *ids; ids++) {
		struct ctr_error err;

		if (ctr_image_remove(ctl->factory, *ids, &err) < 0)
			code = image_failed(ctl, NULL, &err);
	}
	return code;
}

int ctl_checkpoints(struct ctl *ctl, int argc, char **argv)
{
	struct checkpoints c = {0};
	struct options_line line = {
	    .groups = {{rows, ARRAY_SIZE(rows), &c}, table_option_group(&c.o)}};
	int r = ctl_options(ctl, &line, &image_model, &argc, &argv);
	bool rm = r == CTL_GO_ON && argc > 0 && strcmp(argv[0], "rm") == 0;

	if (r == CTL_GO_ON && argc > 0 && !rm)
		r = ctl_usage(ctl, "checkpoints takes no operand but 'rm ID...'");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON)
		r = rm ? remove_each(ctl, c.yes, argc - 1, argv + 1) : list(ctl, &c.o);
	table_options_done(&c.o);
	return r;
}

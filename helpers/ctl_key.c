/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "image.h"

/* checkpoint-key: the key that this machine's checkpoints are signed with; shown by its ID only. */

struct key_options {
	bool replace, yes;
};

static const struct option_row rows[] = {
    {"replace", 0, OPTION_FLAG, offsetof(struct key_options, replace), NULL,
     "in the place of the present key"},
    {"yes", 'y', OPTION_FLAG, offsetof(struct key_options, yes), NULL, "do not ask"},
};

static int show(struct ctl *ctl)
{
	struct ctr_error err;
	char id[17];

	if (ctr_image_key(ctl->factory, id, &err) < 0)
		return image_failed(ctl, NULL, &err);
	(void)puts(id);
	return CTL_OK;
}

/* The sessions in them would be lost. */
static bool may_replace(const struct ctl *ctl, const struct key_options *o)
{
	autofree struct ctr_image *images = NULL;
	char question[120];
	size_t n = 0;

	if (!o->replace || o->yes || ctr_image_list(ctl->factory, &images, &n, NULL) < 0 || n == 0)
		return true;
	return str_format(question, sizeof(question),
			  "replace the key? %zu checkpoint(s) could not be restored any more",
			  n) < 0 ||
	       ctl_confirm(ctl, question);
}

static int set(struct ctl *ctl, const struct key_options *o, const char *path)
{
	autofree char *whole = path ? realpath(path, NULL) : NULL;
	struct ctr_error err;
	char id[17];

	if (path && !whole) {
		err_sys(&err, errno, "key", "open %s", path);
		return image_failed(ctl, NULL, &err);
	}
	if (!may_replace(ctl, o))
		return CTL_FAILED;
	if (ctr_image_key_set(ctl->factory, whole, o->replace, id, &err) < 0)
		return image_failed(ctl, NULL, &err);
	(void)puts(id);
	return CTL_OK;
}

int ctl_key(struct ctl *ctl, int argc, char **argv)
{
	struct key_options o = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &o}}};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);
	const char *verb = argc > 0 ? argv[0] : "";
	bool import = strcmp(verb, "import") == 0, create = strcmp(verb, "create") == 0;

	if (r != CTL_GO_ON)
		return r;
	if (!import && !create && strcmp(verb, "show") != 0)
		return ctl_usage(ctl, "checkpoint-key takes create, show or import FILE");
	if (argc != 1 + import)
		return ctl_usage(ctl, "checkpoint-key %s takes %s", verb,
				 import ? "one file" : "no operand");
	if (!import && !create && o.replace)
		return ctl_usage(ctl, "--replace is for create and import");
	r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	if (!import && !create)
		return show(ctl);
	return set(ctl, &o, import ? argv[1] : NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* set: change limits of a living container. */

static int set_all(struct ctl *ctl, const char *id, char **settings, size_t n)
{
	autofree const char **words = calloc(2 * n + 1, sizeof(*words));
	autocontainer struct ctr_container *c = NULL;
	struct ctr_error err;
	int r = ctl_load(ctl, id, &c);

	if (r != CTL_GO_ON)
		return r;
	if (!words) {
		ctl_say(ctl, "out of memory");
		return CTL_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		char *equals = strchr(settings[i], '=');

		*equals = '\0';
		words[2 * i] = settings[i];
		words[2 * i + 1] = equals + 1;
	}
	return ctr_set(c, words, &err) < 0 ? ctl_failed(ctl, id, c, &err) : CTL_OK;
}

int ctl_set(struct ctl *ctl, int argc, char **argv)
{
	struct options_line line = {0};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc < 2)
		r = ctl_usage(ctl, "set takes the ID of a container and KEY=VALUE");
	for (int i = 1; r == CTL_GO_ON && i < argc; i++)
		if (!strchr(argv[i], '=') || argv[i][0] == '=')
			r = ctl_usage(ctl, "'%s' is not KEY=VALUE, as MemoryMax=512M", argv[i]);
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	return r == CTL_GO_ON ? set_all(ctl, argv[0], argv + 1, (size_t)argc - 1) : r;
}

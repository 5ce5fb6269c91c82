/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

/* containermon: watch the processes and resources of containers. */

static const struct ctl_verb verbs[] = {
    {"events", NULL, "[ID...]", "tell what happens to containers", mon_events},
    {"metrics", NULL, "", "write figures for Prometheus", mon_metrics},
    {"ps", NULL, "[ID...]", "list processes of containers", mon_ps},
    {"stats", NULL, "[ID...]", "show what containers use", mon_stats},
};

int main(int argc, char **argv)
{
	static const struct ctl_program program = {"containermon", "Watches containers of logins.",
						   verbs, ARRAY_SIZE(verbs)};

	return ctl_main(&program, argc, argv);
}

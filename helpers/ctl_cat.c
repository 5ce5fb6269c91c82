/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <string.h>

#include "cleanup.h"
#include "human.h"

/* cat-config: the files that make up the policy or a definition, one after the other. */

struct cat {
	bool no_pager;
};

static const struct option_row rows[] = {
    {"no-pager", 0, OPTION_FLAG, offsetof(struct cat, no_pager), NULL, "no pager on a terminal"},
};

/* For a terminal: tabs and line feeds stay, other control bytes are escaped (MUST-11). */
static void print_escaped(const char *text, FILE *out)
{
	char line[1024], shown[4 * sizeof(line) + 4];

	while (*text) {
		size_t n = strcspn(text, "\n\t"), len = n < sizeof(line) ? n : sizeof(line) - 1;

		memcpy(line, text, len);
		line[len] = '\0';
		human_text(shown, sizeof(shown), line);
		(void)fputs(shown, out);
		text += len;
		if (len == n && *text)
			(void)fputc(*text++, out);
	}
}

int ctl_cat_config(struct ctl *ctl, int argc, char **argv)
{
	struct cat k = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &k}}};
	autofree char *text = NULL;
	struct load_paths paths;
	struct ctr_error err;
	struct pager pager;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc > 1)
		r = ctl_usage(ctl, "cat-config takes one name of a definition, or none");
	if (r == CTL_GO_ON)
		r = ctl_paths(ctl, &paths);
	if (r != CTL_GO_ON)
		return r;
	r = load_cat(&paths, argc ? argv[0] : NULL, &text, &err);
	load_paths_done(&paths);
	if (r < 0)
		return ctl_error(ctl, &err);
	pager_open(&pager, !k.no_pager);
	if (pager.terminal)
		print_escaped(text, pager.out);
	else
		(void)fputs(text, pager.out);
	r = pager_close(&pager);
	if (r < 0) {
		ctl_say(ctl, "standard output: cannot write");
		return CTL_FAILED;
	}
	return CTL_OK;
}

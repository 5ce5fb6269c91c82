/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include "jsontext.h"

/* gc: remove what supervisors that died have left. */

struct gc {
	bool dry, json;
};

static const struct option_row rows[] = {
    {"dry-run", 0, OPTION_FLAG, offsetof(struct gc, dry), NULL, "only say what would be done"},
    {"json", 'J', OPTION_FLAG, offsetof(struct gc, json), NULL, "JSON output"},
};

static void print(const struct gc *g, char **lines, size_t n)
{
	struct json_object *top, *list;

	for (size_t i = 0; !g->json && i < n; i++)
		(void)puts(lines[i]);
	if (!g->json)
		return;
	top = json_top();
	json_add_flag(top, "dry_run", g->dry);
	list = json_array(top, "findings");
	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(list, json_object_new_string(lines[i]));
	json_print(top, stdout);
}

int ctl_gc(struct ctl *ctl, int argc, char **argv)
{
	struct gc g = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &g}}};
	struct ctr_error err;
	char **lines = NULL;
	size_t n = 0;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc > 0)
		r = ctl_usage(ctl, "gc takes no operand");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	r = ctr_gc(ctl->factory, g.dry, &lines, &n, &err);
	if (r < 0)
		return ctl_error(ctl, &err);
	print(&g, lines, n);
	ctr_list_free(lines, n);
	return CTL_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "overview.h"

/* show: key=value for programs. The keys are those of JSON. */

struct show {
	struct ctl *ctl;
	struct table_options o;
	struct strv properties;
	bool json, value, no_pager, definition, state;
};

static const struct option_row rows[] = {
    {"property", 'p', OPTION_LIST, offsetof(struct show, properties), "KEY",
     "only this one; may be given again"},
    {"value", 0, OPTION_FLAG, offsetof(struct show, value), NULL, "values without their keys"},
    {"definition", 0, OPTION_FLAG, offsetof(struct show, definition), NULL,
     "the definition that it was made of, with what was set since"},
    {"state", 0, OPTION_FLAG, offsetof(struct show, state), NULL,
     "a line of JSON each, with paths of namespaces and control groups"},
    {"json", 'J', OPTION_FLAG, offsetof(struct show, json), NULL, "JSON output"},
    {"no-pager", 0, OPTION_FLAG, offsetof(struct show, no_pager), NULL, "no pager on a terminal"},
};

static int add_one(struct ctr_container *c, void *arg, struct ctr_error *err)
{
	struct table *t = arg;
	struct ctr_info info;
	int r = ctr_state(c, &info, err);

	if (r == 0)
		overview_add(t, c, &info);
	return r;
}

static bool is_wanted(const struct show *s, size_t column)
{
	const struct table_model *m = &overview_model;

	for (size_t i = 0; i < s->properties.n; i++) {
		size_t c;

		if (table_column_find(m, s->properties.v[i], &c, NULL) == 0 && c == column)
			return true;
	}
	return s->properties.n == 0;
}

static void print_values(const struct show *s, const struct table *t, FILE *out)
{
	for (size_t i = 0; i < t->n; i++) {
		if (i > 0)
			(void)fputc('\n', out);
		for (size_t k = 0; k < t->model->n; k++) {
			const struct table_column *c = &t->model->columns[k];
			char text[1024];

			if (!is_wanted(s, k))
				continue;
			table_format_raw(c, &t->lines[i].cells[k], text, sizeof(text));
			if (s->value)
				(void)fprintf(out, "%s\n", text);
			else
				(void)fprintf(out, "%s=%s\n", c->key, text);
		}
	}
}

static int print_definition(struct ctr_container *c, void *arg ATTR_UNUSED, struct ctr_error *err)
{
	autofree char *text = NULL;
	int r = ctr_definition_text(c, &text, err);

	if (r == 0)
		(void)fputs(text, stdout);
	return r;
}

static int print_state(struct ctr_container *c, void *arg ATTR_UNUSED, struct ctr_error *err)
{
	autofree char *text = NULL;
	int r = ctr_state_json(c, &text, err);

	if (r == 0)
		(void)printf("%s\n", text);
	return r;
}

static int print(struct show *s, struct table *t)
{
	struct pager p;

	if (s->json)
		return ctl_print_table(s->ctl, t);
	pager_open(&p, !s->no_pager && t->n > 0);
	print_values(s, t, p.out);
	if (pager_close(&p) == 0)
		return CTL_OK;
	ctl_say(s->ctl, "standard output: cannot write");
	return CTL_FAILED;
}

/* In JSON the columns are chosen as -o would. */
static int choose(struct show *s, char **ret_list, struct ctr_error *err)
{
	char *list = strdup("");

	for (size_t i = 0; i < s->properties.n && list; i++) {
		size_t c;
		char *more;

		if (table_column_find(&overview_model, s->properties.v[i], &c, err) < 0) {
			free(list);
			return -EINVAL;
		}
		more = str_dup_format("%s%s%s", list, i ? "," : "", overview_model.columns[c].name);
		free(list);
		list = more;
	}
	if (!list)
		return err_sys(err, ENOMEM, "show", "read properties");
	*ret_list = list;
	return 0;
}

static int show(struct show *s, char **ids)
{
	autotable struct table *t = NULL;
	autofree char *list = NULL;
	struct ctr_error err;
	int r = choose(s, &list, &err), code;

	if (r == 0) {
		s->o = (struct table_options){.json = s->json, .no_pager = s->no_pager};
		s->o.all = s->properties.n == 0;
		s->o.output = s->properties.n ? list : NULL;
		r = table_new(&overview_model, &s->o, &t, &err);
	}
	if (r < 0)
		return ctl_error(s->ctl, &err);
	r = ctl_each(s->ctl, &(const struct ctl_each){add_one, t}, ids);
	code = print(s, t);
	return code != CTL_OK ? code : r;
}

int ctl_show(struct ctl *ctl, int argc, char **argv)
{
	struct show s = {.ctl = ctl};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &s}}};
	int r = ctl_options(ctl, &line, &overview_model, &argc, &argv);

	if (r == CTL_GO_ON && argc == 0)
		r = ctl_usage(ctl, "show takes the ID of a container");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON && s.definition)
		r = ctl_each(ctl, &(const struct ctl_each){print_definition, NULL}, argv);
	else if (r == CTL_GO_ON && s.state)
		r = ctl_each(ctl, &(const struct ctl_each){print_state, NULL}, argv);
	else if (r == CTL_GO_ON)
		r = show(&s, argv);
	strv_done(&s.properties);
	return r;
}

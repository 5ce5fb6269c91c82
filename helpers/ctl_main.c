/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl.h"

#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "parse.h"

enum { VERBS_MAX = 32 };

static const struct option_row common_rows[] = {
    {"conf", 0, OPTION_TEXT, offsetof(struct ctl, conf), "FILE",
     "policy file; definitions in containers/ beside it"},
    {"state-root", 0, OPTION_TEXT, offsetof(struct ctl, state_root), "DIR",
     "where containers are recorded"},
    {"helper-dir", 0, OPTION_TEXT, offsetof(struct ctl, helper_dir), "DIR",
     "where container-supervisor is"},
    {"checkpoint-root", 0, OPTION_TEXT, offsetof(struct ctl, checkpoint_root), "DIR",
     "where checkpoints and their key are"},
    {"criu", 0, OPTION_TEXT, offsetof(struct ctl, criu), "PROGRAM",
     "what checkpoints are made with"},
};
static const struct option_row version_row[] = {
    {"version", 0, OPTION_FLAG, offsetof(struct ctl, version), NULL, "print the version"},
};

static bool is_alias(const char *aliases, const char *name)
{
	autostrv struct strv words = {0};

	return aliases && strv_split(&words, aliases, " ") == 0 && strv_has(&words, name);
}

/* The verb of that name or alias, or NULL with the one probably meant. */
static const struct ctl_verb *find_verb(const struct ctl_program *program, const char *name,
					const char **ret_near)
{
	const char *names[VERBS_MAX + 1] = {NULL};

	for (size_t i = 0; i < program->n && i < VERBS_MAX; i++) {
		const struct ctl_verb *v = &program->verbs[i];

		if (strcmp(v->name, name) == 0 || is_alias(v->alias, name))
			return v;
		names[i] = v->name;
	}
	*ret_near = parse_suggest(name, names);
	return NULL;
}

static void print_verb_help(const struct ctl *ctl, const struct options_line *line,
			    const struct table_model *model)
{
	const struct ctl_verb *v = ctl->verb;

	(void)printf("usage: %s %s [options]%s%s\n%s\n", ctl->program->name, v->name,
		     *v->synopsis ? " " : "", v->synopsis, v->help);
	if (v->alias)
		(void)printf("Also known as: %s\n", v->alias);
	(void)puts("");
	options_help(line, stdout);
	if (model && strcmp(v->name, "show") == 0)
		table_keys_help(model, stdout);
	else if (model)
		table_columns_help(model, stdout);
}

static void print_help(const struct ctl *ctl, const struct options_line *line)
{
	const struct ctl_program *p = ctl->program;

	(void)printf("usage: %s [options] VERB ...\n%s\n\nVerbs:\n", p->name, p->purpose);
	for (size_t i = 0; i < p->n; i++) {
		const struct ctl_verb *v = &p->verbs[i];
		char left[64];

		if (str_format(left, sizeof(left), "%s %s", v->name, v->synopsis) == 0)
			(void)printf("  %-34s %s\n", left, v->help);
	}
	(void)puts("\nOptions:");
	options_help(line, stdout);
	(void)printf("\n'%s VERB --help' tells more.\n", p->name);
}

int ctl_options(struct ctl *ctl, struct options_line *line, const struct table_model *model,
		int *argc, char ***argv)
{
	struct ctr_error err;
	size_t g = 0;
	int rest, r;

	while (line->groups[g].n > 0)
		g++;
	line->groups[g] = (struct option_group){common_rows, ARRAY_SIZE(common_rows), ctl};
	r = options_parse(line, *argc, *argv, &rest, &err);
	if (r == OPTIONS_HELP) {
		print_verb_help(ctl, line, model);
		return CTL_OK;
	}
	if (r < 0)
		return ctl_error(ctl, &err);
	*argc -= rest;
	*argv += rest;
	return CTL_GO_ON;
}

static int run(struct ctl *ctl, const struct options_line *line, int argc, char **argv)
{
	const char *near = NULL;
	bool help;

	if (ctl->version) {
		(void)printf("%s %s\n", ctl->program->name, PACKAGE_VERSION);
		return CTL_OK;
	}
	if (argc == 0)
		return ctl_usage(ctl, "which verb?");
	help = strcmp(argv[0], "help") == 0;
	if (help && argc == 1) {
		print_help(ctl, line);
		return CTL_OK;
	}
	ctl->verb = find_verb(ctl->program, argv[help], &near);
	if (!ctl->verb && near)
		return ctl_usage(ctl, "unknown verb '%s'; did you mean '%s'?", argv[help], near);
	if (!ctl->verb)
		return ctl_usage(ctl, "unknown verb '%s'", argv[help]);
	if (help) {
		char *ask[] = {argv[1], (char[]){"--help"}, NULL};

		return ctl->verb->run(ctl, 2, ask);
	}
	return ctl->verb->run(ctl, argc, argv);
}

/* An answer that nobody got is a failure; a last flush alone does not see an earlier write fail. */
static int flushed(const struct ctl *ctl, int r)
{
	bool lost = fflush(stdout) != 0 || ferror(stdout);

	if (!lost)
		return r;
	ctl_say(ctl, "standard output: cannot write");
	return r == CTL_OK ? CTL_FAILED : r;
}

int ctl_main(const struct ctl_program *program, int argc, char **argv)
{
	struct ctl ctl = {.program = program};
	struct options_line line = {
	    .groups = {{common_rows, ARRAY_SIZE(common_rows), &ctl},
		       {version_row, ARRAY_SIZE(version_row), &ctl}},
	    .stop_early = true,
	};
	struct ctr_error err;
	int rest, r;

	if (argc < 1 || fd_std_safe() < 0)
		return CTL_FAILED;
	r = options_parse(&line, argc, argv, &rest, &err);
	if (r == OPTIONS_HELP)
		print_help(&ctl, &line);
	if (r != 0)
		return r < 0 ? ctl_error(&ctl, &err) : flushed(&ctl, CTL_OK);
	r = run(&ctl, &line, argc - rest, argv + rest);
	ctr_factory_free(ctl.factory);
	return flushed(&ctl, r);
}

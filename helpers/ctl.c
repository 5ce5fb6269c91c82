/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "explain.h"
#include "human.h"
#include "parse.h"

enum { TEXT_MAX = 2048, IDS_MAX = 512 };

static void say(const struct ctl *ctl, const char *escaped)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s: %s\n", ctl->program->name, escaped);
}

static void say_formatted(const struct ctl *ctl, const char *fmt, va_list ap)
{
	char raw[TEXT_MAX], text[TEXT_MAX];

	str_vformat_cut(raw, sizeof(raw), fmt, ap);
	human_text(text, sizeof(text), raw);
	say(ctl, text);
}

void ctl_say(const struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_formatted(ctl, fmt, ap);
	va_end(ap);
}

static int hint(const struct ctl *ctl)
{
	(void)fprintf(stderr, "try '%s%s%s --help'\n", ctl->program->name, ctl->verb ? " " : "",
		      ctl->verb ? ctl->verb->name : "");
	return CTL_USAGE;
}

int ctl_usage(const struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_formatted(ctl, fmt, ap);
	va_end(ap);
	return hint(ctl);
}

int ctl_error(const struct ctl *ctl, const struct ctr_error *err)
{
	say(ctl, err->text);
	/* the table layer's word for a bad option */
	return str_equal(err->stage, "usage") ? hint(ctl) : CTL_FAILED;
}

/* The ID that was probably meant, among those that are there. */
static void nearest_id(struct ctl *ctl, const char *id, char dst[65])
{
	const char *near = NULL;
	char **ids = NULL;
	size_t n = 0;

	dst[0] = '\0';
	if (!ctl->factory || ctr_list(ctl->factory, &ids, &n, NULL) < 0)
		return;
	if (n < IDS_MAX) {
		const char *words[IDS_MAX + 1] = {NULL};

		for (size_t i = 0; i < n; i++)
			words[i] = ids[i];
		near = parse_suggest(id, words);
	}
	if (near)
		(void)!str_copy(dst, 65, near); /* an ID has at most 64 bytes */
	ctr_list_free(ids, n);
}

int ctl_failed(struct ctl *ctl, const char *id, struct ctr_container *c,
	       const struct ctr_error *err)
{
	struct explain_facts f = {.err = err, .root = geteuid() == 0, .status = CTR_STOPPED};
	char text[EXPLAIN_MAX], shown[300], near[65] = "";

	str_escape(shown, sizeof(shown), id);
	f.id = shown;
	if (c)
		(void)!ctr_container_status(c, &f.status, NULL); /* gone meanwhile: stopped */
	if (err->code == CTR_E_NOT_FOUND)
		nearest_id(ctl, id, near);
	f.near = *near ? near : NULL;
	explain(&f, text);
	say(ctl, text);
	return CTL_FAILED;
}

static int set_option(struct ctl *ctl, const char *option, const char *value, struct ctr_error *err)
{
	return value ? ctr_factory_set(ctl->factory, option, value, err) : 0;
}

int ctl_open(struct ctl *ctl)
{
	struct ctr_error err;
	int r;

	if (geteuid() != 0) {
		ctl_say(ctl, "%s: containers belong to root; try 'sudo %s %s'", ctl->verb->name,
			ctl->program->name, ctl->verb->name);
		return CTL_FAILED;
	}
	r = ctr_factory_new(&ctl->factory, &err);
	if (r == 0)
		r = set_option(ctl, "state-root", ctl->state_root, &err);
	if (r == 0)
		r = set_option(ctl, "helper-dir", ctl->helper_dir, &err);
	if (r == 0)
		r = set_option(ctl, "checkpoint-root", ctl->checkpoint_root, &err);
	if (r == 0)
		r = set_option(ctl, "criu", ctl->criu, &err);
	if (r == 0)
		r = set_option(ctl, "conf", ctl->conf, &err);
	return r < 0 ? ctl_error(ctl, &err) : CTL_GO_ON;
}

int ctl_paths(struct ctl *ctl, struct load_paths *ret)
{
	struct ctr_error err;

	return load_default_paths(ctl->conf, ret, &err) < 0 ? ctl_error(ctl, &err) : CTL_GO_ON;
}

int ctl_load(struct ctl *ctl, const char *id, struct ctr_container **ret)
{
	struct ctr_error err;

	return ctr_load(ctl->factory, id, ret, &err) < 0 ? ctl_failed(ctl, id, NULL, &err)
							 : CTL_GO_ON;
}

int ctl_each(struct ctl *ctl, const struct ctl_each *each, char **argv)
{
	int code = CTL_OK;

	for (; *argv; argv++) {
		autocontainer struct ctr_container *c = NULL;
		struct ctr_error err;

		if (ctl_load(ctl, *argv, &c) != CTL_GO_ON)
			code = CTL_FAILED;
		else if (each->run(c, each->arg, &err) < 0)
			code = ctl_failed(ctl, *argv, c, &err);
	}
	return code;
}

bool ctl_confirm(const struct ctl *ctl, const char *question)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	(void)fprintf(stderr, "%s: %s [y/N] ", ctl->program->name, question);
	if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return true;
	say(ctl, "nothing was done");
	return false;
}

int ctl_print_table(const struct ctl *ctl, struct table *t)
{
	struct ctr_error err;
	struct pager p;
	int r = table_finish(t, &err);

	if (r < 0)
		return ctl_error(ctl, &err);
	pager_open(&p, !t->o->no_pager && !t->o->json && table_rows(t) > 0);
	r = table_print(t, p.out, p.terminal, &err);
	if (pager_close(&p) < 0 && r == 0)
		r = err_sys(&err, EIO, "output", "write to standard output");
	return r < 0 ? ctl_error(ctl, &err) : CTL_OK;
}

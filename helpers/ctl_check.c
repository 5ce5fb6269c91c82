/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "confkind.h"
#include "file.h"
#include "jsontext.h"
#include "parse.h"
#include "problem.h"

/* check: every file of the configuration, or the ones named, without doing anything. */

struct check {
	struct ctl *ctl;
	bool json, quiet;
	struct load_report report; /* of all files; a line that comes twice is kept once */
};

static const struct option_row rows[] = {
    {"json", 'J', OPTION_FLAG, offsetof(struct check, json), NULL, "JSON output"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct check, quiet), NULL, "only the exit code"},
};

/* Bases of several definitions are read again for each: their problems count once. */
static void merge(struct check *k, struct load_report *more)
{
	for (size_t i = 0; i < more->lines.n; i++)
		if (!strv_has(&k->report.lines, more->lines.v[i]))
			load_report_add(&k->report, !problem_is_warning(more->lines.v[i]),
					strdup(more->lines.v[i]));
	/* errors without a line: out of memory */
	if (more->errors + more->warnings > more->lines.n)
		load_report_add(&k->report, true, NULL);
	load_report_done(more);
}

/* What the definition names on this machine; paths with specifiers are known at login only. */
static void check_paths(const struct spec *s, const char *where, struct load_report *report)
{
	const struct {
		const char *key, *path;
	} named[] = {{"RootDirectory", s->root_directory}, {"SeccompProfile", s->seccomp_profile}};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		const char *path = named[i].path;

		if (!path || strchr(path, '%') || stat(path, &st) == 0 || errno != ENOENT)
			continue;
		load_report_add(
		    report, true,
		    str_dup_format("%s: error: %s=%s does not exist", where, named[i].key, path));
	}
}

static void check_definition(struct check *k, const struct load_paths *paths, const char *name,
			     const char *file)
{
	struct load_report report = {0};
	const struct load_request rq = {paths, name, NULL, &report, file};
	autospec struct spec *spec = NULL;
	int r = load_definition_for(&rq, &spec, NULL);

	if (r == 0)
		check_paths(spec, file ? file : name, &report);
	if (r == -ERFKILL) /* masked on purpose */
		load_report_done(&report);
	else
		merge(k, &report);
}

static void check_policy(struct check *k, const struct load_paths *paths)
{
	struct load_report report = {0};
	autopolicy struct policy *policy = NULL;

	(void)!load_policy(paths, &policy, &report, NULL); /* the report has it */
	merge(k, &report);
}

static int add_names(const char *dir, struct strv *names)
{
	autodir DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n <= 5 || e->d_name[0] == '.' || strcmp(e->d_name + n - 5, ".conf") != 0)
			continue;
		e->d_name[n - 5] = '\0';
		if (!strv_has(names, e->d_name) && strv_add(names, e->d_name) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_all(struct check *k, const struct load_paths *paths)
{
	autostrv struct strv names = {0};

	check_policy(k, paths);
	if (add_names(paths->defs, &names) < 0 || add_names(paths->vendor, &names) < 0)
		load_report_add(&k->report, true, NULL);
	if (names.n > 1)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	for (size_t i = 0; i < names.n; i++)
		check_definition(k, paths, names.v[i], NULL);
}

/* A name for a definition that stands in any file, as an editor's or Ansible's temporary one. */
static void name_of(const char *file, char dst[33])
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t n = strlen(base);

	if (n > 5 && strcmp(base + n - 5, ".conf") == 0)
		n -= 5;
	if (str_format(dst, 33, "%.*s", (int)n, base) < 0 || !parse_name_is_valid(dst) ||
	    strcmp(dst, "host") == 0 || strcmp(dst, "deny") == 0)
		memcpy(dst, "checked", sizeof("checked"));
}

/*
 * One file: what it refers to is looked for beside it, where it would be installed, else in the
 * usual places.
 */
static void check_file(struct check *k, const struct load_paths *usual, const char *file,
		       enum confkind kind)
{
	const char *slash = strrchr(file, '/');
	int len = slash ? (int)(slash - file) : 1;
	autofree char *beside = str_dup_format("%.*s%s", len, slash ? file : ".",
					       kind == CONFKIND_POLICY ? "/containers" : "");
	struct load_paths paths = *usual;
	char name[33];

	if (!beside)
		return load_report_add(&k->report, true, NULL);
	paths.untrusted = true; /* not in place yet: its owner and mode say nothing */
	if (kind == CONFKIND_DEFINITION || access(beside, F_OK) == 0)
		paths.defs = beside;
	paths.policy = file;
	name_of(file, name);
	if (kind == CONFKIND_POLICY)
		check_policy(k, &paths);
	else
		check_definition(k, &paths, name, file);
}

static void check_named(struct check *k, const struct load_paths *usual, const char *file)
{
	autofileset struct file_set set = {.untrusted = true};
	struct ctr_error err;

	if (file_add(&set, file, &err) < 0)
		load_report_add(&k->report, true, str_dup_format("%s: error: %s", file, err.text));
	else
		check_file(k, usual, file, confkind_of(set.v[0].text, set.v[0].len));
}

static void print_json(const struct load_report *report)
{
	struct json_object *top = json_top(), *list = json_array(top, "problems");

	for (size_t i = 0; i < report->lines.n; i++) {
		struct json_object *o = json_element(list);
		struct problem p;

		problem_parse(report->lines.v[i], &p);
		json_add_text(o, "file", *p.file ? p.file : NULL, false);
		json_add_number(o, "line", p.line ? p.line : UINT64_MAX);
		json_add_text(o, "severity", p.warning ? "warning" : "error", false);
		json_add_text(o, "message", p.message, false);
	}
	json_add_number(top, "errors", report->errors);
	json_add_number(top, "warnings", report->warnings);
	json_print(top, stdout);
}

static void print(const struct load_report *report)
{
	for (size_t i = 0; i < report->lines.n; i++) {
		char line[2200];
		struct problem p;

		problem_parse(report->lines.v[i], &p);
		problem_format(&p, line, sizeof(line));
		(void)puts(line);
	}
	(void)printf("%u error%s, %u warning%s\n", report->errors, report->errors == 1 ? "" : "s",
		     report->warnings, report->warnings == 1 ? "" : "s");
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	struct check k = {.ctl = ctl};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &k}}};
	struct load_paths paths;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON)
		r = ctl_paths(ctl, &paths);
	if (r != CTL_GO_ON)
		return r;
	if (argc == 0)
		check_all(&k, &paths);
	for (int i = 0; i < argc; i++)
		check_named(&k, &paths, argv[i]);
	if (k.json)
		print_json(&k.report);
	else if (!k.quiet)
		print(&k.report);
	r = k.report.errors ? CTL_FAILED : CTL_OK;
	load_report_done(&k.report);
	load_paths_done(&paths);
	return r;
}

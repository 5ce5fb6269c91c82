/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"
#include "inifile.h"
#include "keys.h"
#include "nsconf.h"
#include "path.h"
#include "refer.h"
#include "verdict.h"

enum { EXTENDS_MAX = 8 };

/* One reading of configuration: where problems go, and what is being filled. */
struct load {
	const struct load_paths *paths;
	struct load_report *report;
	const char *file; /* that is being parsed */
	const char *main; /* to read as the definition's main file; NULL: search by name */
	const char *home; /* the main file, for problems that belong to no line; NULL: unknown */
	struct policy *policy;
	struct spec *spec;
	const struct load_who *who;
	const char *stack[EXTENDS_MAX]; /* definitions that extend each other */
	size_t depth;
	char base[33]; /* Extends= of the files being parsed, or empty */
	bool ignore;   /* a section that is none of ours (X-...) */
};

void load_report_done(struct load_report *r)
{
	strv_done(&r->lines);
	r->errors = r->warnings = 0;
}

int load_default_paths(const char *conf, struct load_paths *ret, struct ctr_error *err)
{
	struct load_paths paths = {
	    .policy = CTR_SYSCONFDIR "/security/container.conf",
	    .defs = CTR_SYSCONFDIR "/security/containers",
	    .vendor = CTR_VENDORDIR "/containers",
	};

	if (conf) {
		if (!path_is_clean(conf) || !conf[1])
			return err_set(err, CTR_E_CONFIG, EINVAL, "config",
				       "conf=%s: not a clean absolute path", conf);
		paths.owned =
		    str_dup_format("%.*s/containers", (int)(strrchr(conf, '/') - conf), conf);
		if (!paths.owned)
			return err_sys(err, ENOMEM, "config", "find configuration");
		paths.policy = conf;
		paths.defs = paths.owned;
	}
	*ret = paths;
	return 0;
}

void load_paths_done(struct load_paths *paths)
{
	free(paths->owned);
	*paths = (struct load_paths){0};
}

void load_report_add(struct load_report *report, bool error, char *line)
{
	if (error)
		report->errors++;
	else
		report->warnings++;
	if (line && strv_add(&report->lines, line) < 0)
		report->errors++; /* out of memory: not silently fine */
	free(line);
}

static bool on_problem(void *ctx, unsigned int line, const struct ctr_error *why)
{
	struct load *ld = ctx;

	if (!ld->report)
		return false;
	load_report_add(ld->report, true,
			str_dup_format("%s:%u: error: %s", ld->file, line, why->text));
	return ld->report->errors < 100;
}

static int on_section(void *ctx, const char *section, unsigned int line, struct ctr_error *err)
{
	struct load *ld = ctx;
	const char *name = NULL;
	bool policy = ld->policy != NULL;

	(void)line;
	ld->ignore = str_has_prefix(section, "X-", NULL);
	if (ld->ignore)
		return 0;
	if (policy && str_has_prefix(section, "Match ", &name))
		return verdict_new_rule(ld->policy, name, ld->file, line, err);
	if (policy && strcmp(section, "Match") == 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "[Match] needs a name: [Match NAME]");
	if (!keys_section_is(section, policy))
		return parse_bad(err, "section", section, keys_suggest_section(section, policy));
	return ld->spec ? spec_add_section(ld->spec, section, err) : 0;
}

/* "  NoNewPrivileges=yes" below Environment= would be a variable of that name, and no wall. */
static int check_continued(const struct keys_row *row, const char *value, struct ctr_error *err)
{
	size_t n, len = strcspn(value, "= \t");
	const struct keys_row *rows = keys_table(&n);

	if (!parse_is_list(row->type))
		return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s is no list: one line only",
			       row->name);
	for (size_t i = 0; i < n && strchr(value + len, '='); i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, value, len) == 0)
			return err_set(err, CTR_E_CONFIG, EINVAL, "config",
				       "%s= is indented: that goes on with %s=", rows[i].name,
				       row->name);
	return 0;
}

static int on_item(void *ctx, const struct inifile_item *it, struct ctr_error *err)
{
	struct load *ld = ctx;
	bool rule = ld->policy && str_has_prefix(it->section, "Match ", NULL);
	const struct keys_row *row;
	struct spec_key key = {0};
	void *base = ld->policy;
	int r;

	if (ld->ignore || str_has_prefix(it->key, "X-", NULL))
		return 0;
	if (ld->spec)
		r = spec_find_key(it->section, it->key, &key, err);
	else
		r = keys_find(rule ? "Match" : it->section, it->key, &key.row, err);
	row = key.row;
	if (r < 0)
		return r;
	r = it->continued ? check_continued(row, it->value, err) : 0;
	if (r < 0)
		return r;
	if (row->type == PARSE_EXTENDS)
		return ld->depth ? 0
				 : err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "config",
					   "Extends= works in files only");
	if (ld->spec)
		return spec_apply(ld->spec, &key, it->value, ld->who, err);
	if (rule && ld->policy->n > 0)
		base = &ld->policy->rules[ld->policy->n - 1];
	return keys_apply(row, base, it->value, NULL, err);
}

static int parse(struct load *ld, const char *name, const char *text, size_t len,
		 struct ctr_error *err)
{
	const struct inifile ini = {text, len, ld, on_section, on_item, on_problem};
	unsigned int line = 0;
	int r;

	ld->file = name;
	ld->ignore = false;
	r = inifile_parse(&ini, &line, err);
	if (r < 0)
		err_prefix(err, "%s:%u: error", name, line);
	return r;
}

static int parse_set(struct load *ld, const struct file_set *set, struct ctr_error *err)
{
	int first = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct ctr_error *e = first == 0 ? err : NULL;
		int r = parse(ld, set->v[i].path, set->v[i].text, set->v[i].len, e);

		if (first == 0)
			first = r;
		if (first < 0 && !ld->report)
			break;
	}
	return first;
}

/* A failure that belongs to no line: into the report too. */
static int whole(struct load_report *report, const char *file, int r, const struct ctr_error *err)
{
	bool placed = strstr(err->text, ": error: "); /* says file and line itself */

	if (r < 0 && report && report->errors == 0)
		load_report_add(report, true,
				str_dup_format("%s%s%s%s", !placed && file ? file : "",
					       !placed && file ? ": " : "",
					       placed ? "" : "error: ", err->text));
	return r;
}

static int policy_files(const struct load_paths *paths, struct file_set *set, struct ctr_error *err)
{
	size_t n = strlen(paths->policy);
	autofree char *dir = NULL;
	const char *dirs[1];
	int r;

	set->untrusted = paths->untrusted;
	r = file_add(set, paths->policy, err);
	if (r < 0)
		return r;
	if (n > 5 && strcmp(paths->policy + n - 5, ".conf") == 0)
		n -= 5;
	dir = str_dup_format("%.*s.d", (int)n, paths->policy);
	if (!dir)
		return err_sys(err, ENOMEM, "config", "read %s", paths->policy);
	dirs[0] = dir;
	return file_add_dropins(set, dirs, 1, err);
}

int load_policy(const struct load_paths *paths, struct policy **ret, struct load_report *report,
		struct ctr_error *err)
{
	autofileset struct file_set set = {0};
	autopolicy struct policy *p = calloc(1, sizeof(*p));
	struct load ld = {.paths = paths, .report = report, .policy = p};
	struct ctr_error mine;
	struct ctr_error *e = err ? err : &mine;
	int r = p ? policy_files(paths, &set, e) : err_sys(e, ENOMEM, "config", "load policy");

	if (r == 0)
		r = keys_defaults("Global", p);
	if (r == 0)
		r = parse_set(&ld, &set, e);
	if (r == 0)
		r = verdict_check_policy(p, e);
	if (r == 0 && report)
		r = refer_check(paths, p, report, e);
	if (r < 0)
		return whole(report, NULL, r, e);
	*ret = take_ptr(p);
	return 0;
}

static int always_item(void *ctx, const struct inifile_item *it, struct ctr_error *err)
{
	const struct keys_row *row;

	if (strcmp(it->section, "Global") != 0 || strcmp(it->key, "AlwaysHost") != 0)
		return 0;
	return keys_find("Global", "AlwaysHost", &row, err) < 0
		   ? -EINVAL
		   : keys_apply(row, (char *)ctx - row->offset, it->value, NULL, err);
}

static bool go_on(void *ctx ATTR_UNUSED, unsigned int line ATTR_UNUSED,
		  const struct ctr_error *why ATTR_UNUSED)
{
	return true;
}

int load_always_host(const struct load_paths *paths, struct strv *ret, struct ctr_error *err)
{
	autofileset struct file_set set = {.untrusted = paths->untrusted};
	struct strv names = {0};
	struct inifile ini = {.ctx = &names, .item = always_item, .problem = go_on};
	int r = file_add(&set, paths->policy, err);

	if (r < 0)
		return r;
	ini.text = set.v[0].text;
	ini.len = set.v[0].len;
	(void)inifile_parse(&ini, NULL, NULL); /* MUST-2: what is broken is not asked for here */
	strv_done(ret);
	*ret = names;
	return 0;
}

/* Main file: DEFS/NAME.conf, else VENDOR/NAME.conf. Then the drop-ins of both. */
static int definition_files(const struct load *ld, const char *name, struct file_set *set,
			    struct ctr_error *err)
{
	const char *tops[2] = {ld->paths->defs, ld->paths->vendor};
	char *dirs[2] = {NULL, NULL};
	int r = -ENOENT;

	set->untrusted = ld->paths->untrusted;
	if (ld->main && ld->depth == 0)
		return file_add(set, ld->main, err);
	for (size_t i = 0; i < 2 && r == -ENOENT; i++) {
		autofree char *path = tops[i] ? str_dup_format("%s/%s.conf", tops[i], name) : NULL;

		if (path)
			r = file_add(set, path, err);
		else if (tops[i])
			r = err_sys(err, ENOMEM, "config", "read %s", name);
	}
	if (r == -ENOENT)
		return err_set(err, CTR_E_CONFIG, ENOENT, "config",
			       "no definition '%s': no %s.conf in %s%s%s", name, name, tops[0],
			       tops[1] ? " or " : "", tops[1] ? tops[1] : "");
	for (size_t i = 0; i < 2 && r == 0; i++) {
		dirs[i] = tops[i] ? str_dup_format("%s/%s.conf.d", tops[i], name) : NULL;
		if (tops[i] && !dirs[i])
			r = err_sys(err, ENOMEM, "config", "read %s", name);
	}
	if (r == 0)
		r = file_add_dropins(set, (const char *const *)dirs, 2, err);
	free(dirs[0]);
	free(dirs[1]);
	return r;
}

static int extends_item(void *ctx, const struct inifile_item *it, struct ctr_error *err)
{
	struct load *ld = ctx;

	if (strcmp(it->section, "Container") != 0 || strcmp(it->key, "Extends") != 0)
		return 0;
	if (!parse_name_is_valid(it->value))
		return parse_bad(err, "name of a definition", it->value, NULL);
	return str_copy(ld->base, sizeof(ld->base), it->value);
}

/* The last Extends= of the files; other problems are for the reading proper to tell. */
static void find_base(struct load *ld, const struct file_set *set)
{
	ld->base[0] = '\0';
	for (size_t i = 0; i < set->n; i++) {
		struct inifile ini = {.text = set->v[i].text,
				      .len = set->v[i].len,
				      .ctx = ld,
				      .item = extends_item,
				      .problem = go_on};

		if (strstr(ini.text, "Extends"))
			(void)inifile_parse(&ini, NULL, NULL); /* see above */
	}
}

static int check_loop(const struct load *ld, const char *name, struct ctr_error *err)
{
	for (size_t i = 0; i < ld->depth; i++)
		if (strcmp(ld->stack[i], name) == 0)
			return err_set(err, CTR_E_CONFIG, ELOOP, "config",
				       "Extends= goes round: '%s' extends '%s'",
				       ld->stack[ld->depth - 1], name);
	if (ld->depth == EXTENDS_MAX)
		return err_set(err, CTR_E_CONFIG, ELOOP, "config",
			       "Extends= over more than %d files", EXTENDS_MAX);
	return 0;
}

/* Files of each level, the definition first and its bases after it. */
static int chain(struct load *ld, const char *name, struct file_set levels[EXTENDS_MAX],
		 struct ctr_error *err)
{
	char next[sizeof(ld->base)];
	int r = str_copy(next, sizeof(next), name);

	while (r == 0 && next[0]) {
		r = check_loop(ld, next, err);
		if (r == 0)
			r = definition_files(ld, next, &levels[ld->depth], err);
		if (r < 0)
			return r;
		ld->stack[ld->depth] = strdup(next);
		if (!ld->stack[ld->depth])
			return err_sys(err, ENOMEM, "config", "read %s", next);
		find_base(ld, &levels[ld->depth++]);
		r = str_copy(next, sizeof(next), ld->base);
	}
	return r;
}

static void chain_done(struct load *ld, struct file_set levels[EXTENDS_MAX])
{
	for (size_t i = 0; i < EXTENDS_MAX; i++)
		file_set_done(&levels[i]);
	while (ld->depth > 0)
		free((void *)(uintptr_t)ld->stack[--ld->depth]);
}

static int finish(struct load *ld, const char *name, struct ctr_error *err)
{
	struct spec *s = ld->spec;
	autostrv struct strv warnings = {0};
	int r;

	s->name = strdup(name);
	if (!s->name || spec_update_text(s) < 0)
		return err_sys(err, ENOMEM, "config", "load '%s'", name);
	if (s->net == SPEC_NET_LOOPBACK || s->net == SPEC_NET_VETH)
		s->namespaces |= CLONE_NEWNET;
	if (s->users.mode != IDMAP_NO)
		s->namespaces |= CLONE_NEWUSER;
	s->namespaces |= nsconf_joined(s);
	r = verdict_check_spec(s, ld->report ? &warnings : NULL, err);
	for (size_t i = 0; i < warnings.n; i++)
		load_report_add(
		    ld->report, false,
		    str_dup_format("%s: warning: %s", ld->home ? ld->home : name, warnings.v[i]));
	return r;
}

static int check_name(const char *name, struct ctr_error *err)
{
	if (!parse_name_is_valid(name) || strcmp(name, "host") == 0 || strcmp(name, "deny") == 0)
		return parse_bad(err, "name of a definition", name, NULL);
	return 0;
}

int load_definition_for(const struct load_request *rq, struct spec **ret, struct ctr_error *err)
{
	autospec struct spec *s = spec_new();
	struct load ld = {
	    .paths = rq->paths, .report = rq->report, .spec = s, .who = rq->who, .main = rq->file};
	struct file_set levels[EXTENDS_MAX] = {{0}};
	struct ctr_error mine;
	struct ctr_error *e = err ? err : &mine;
	int r = check_name(rq->name, e);

	if (r == 0 && !s)
		r = err_sys(e, ENOMEM, "config", "load '%s'", rq->name);
	if (r == 0)
		r = chain(&ld, rq->name, levels, e);
	ld.home = levels[0].n ? levels[0].v[0].path : NULL;
	for (size_t i = ld.depth; i-- > 0 && r == 0;)
		r = parse_set(&ld, &levels[i], e);
	if (r == 0)
		r = finish(&ld, rq->name, e);
	r = whole(rq->report, ld.home, r, e);
	chain_done(&ld, levels);
	if (r < 0)
		return r;
	*ret = take_ptr(s);
	return 0;
}

int load_definition_text(const char *name, const char *text, const struct load_who *who,
			 struct spec **ret, struct ctr_error *err)
{
	autospec struct spec *s = spec_new();
	struct load ld = {.spec = s, .who = who};
	int r = check_name(name, err);

	if (r == 0 && !s)
		r = err_sys(err, ENOMEM, "config", "load '%s'", name);
	if (r == 0)
		r = parse(&ld, name, text, strlen(text), err);
	if (r == 0)
		r = finish(&ld, name, err);
	if (r < 0)
		return r;
	*ret = take_ptr(s);
	return 0;
}

static void cat(const struct file_set *set, FILE *f)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct file_text *t = &set->v[i];
		bool ends = t->len == 0 || t->text[t->len - 1] == '\n';

		(void)fprintf(f, "# from %s\n%s%s\n", t->path, t->text, ends ? "" : "\n");
	}
}

int load_cat(const struct load_paths *paths, const char *name, char **ret, struct ctr_error *err)
{
	struct load ld = {.paths = paths};
	struct file_set levels[EXTENDS_MAX] = {{0}};
	char *text = NULL;
	size_t len;
	FILE *f;
	int r = name ? check_name(name, err) : 0;

	if (r == 0)
		r = name ? chain(&ld, name, levels, err) : policy_files(paths, &levels[0], err);
	f = r == 0 ? open_memstream(&text, &len) : NULL;
	for (size_t i = name ? ld.depth : 1; f && i-- > 0;)
		cat(&levels[i], f);
	chain_done(&ld, levels);
	if (r < 0)
		return r;
	if (!f || fclose(f) != 0) {
		free(text);
		return err_sys(err, ENOMEM, "config", "write text");
	}
	*ret = text;
	return 0;
}

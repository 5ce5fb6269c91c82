/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "refer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

enum { NSS_BUFFER = 256 * 1024 };

/* A word that names one user or group: no glob, no number. */
static bool is_literal(const char *word)
{
	return !strpbrk(word, "*?[") && word[0] != '#';
}

/* MUST-7: asked of the host's NSS. Only a clear "no such name" is a no. */
static bool is_unknown(const char *name, bool group, char *buffer)
{
	struct passwd pw, *user = NULL;
	struct group gr, *entry = NULL;
	int r;

	if (group) {
		r = getgrnam_r(name, &gr, buffer, NSS_BUFFER, &entry);
		return r == 0 && !entry;
	}
	r = getpwnam_r(name, &pw, buffer, NSS_BUFFER, &user);
	return r == 0 && !user;
}

static void check_words(const struct strv *words, bool group, const char *where,
			struct load_report *report)
{
	autofree char *buffer = malloc(NSS_BUFFER);

	if (!buffer)
		return load_report_add(report, true, NULL);
	for (size_t i = 0; i < words->n; i++) {
		const char *name = words->v[i] + (words->v[i][0] == '!');
		bool at = name[0] == '@';

		if (!is_literal(name + at) || !is_unknown(name + at, group || at, buffer))
			continue;
		load_report_add(report, true,
				str_dup_format("%s: error: unknown %s '%s'", where,
					       group || at ? "group" : "user", name + at));
	}
}

static bool is_there(const char *dir, const char *name)
{
	autofree char *path = dir ? str_dup_format("%s/%s.conf", dir, name) : NULL;

	return path && access(path, F_OK) == 0;
}

static void check_container(const struct load_paths *paths, const struct match_rule *r,
			    struct load_report *report)
{
	if (strcmp(r->container, "host") == 0 || strcmp(r->container, "deny") == 0)
		return;
	if (is_there(paths->defs, r->container) || is_there(paths->vendor, r->container))
		return;
	load_report_add(report, true,
			str_dup_format("%s: error: no definition '%s' in %s%s%s", r->origin,
				       r->container, paths->defs, paths->vendor ? " or " : "",
				       paths->vendor ? paths->vendor : ""));
}

int refer_check(const struct load_paths *paths, const struct policy *p, struct load_report *report,
		struct ctr_error *err)
{
	unsigned int before = report->errors;

	check_words(&p->always_host, false, paths->policy, report);
	for (size_t i = 0; i < p->n; i++) {
		check_words(&p->rules[i].user, false, p->rules[i].origin, report);
		check_words(&p->rules[i].group, true, p->rules[i].origin, report);
		check_container(paths, &p->rules[i], report);
	}
	if (report->errors == before)
		return 0;
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s",
		       report->lines.n ? report->lines.v[report->lines.n - 1] : "out of memory");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <string.h>

#include "jsontext.h"
#include "match.h"
#include "which.h"
#include "who.h"

/* which: the policy's decision for a login that is only described. */

struct asked {
	const char *service, *address, *host, *tty, *remote_user;
	bool json;
	struct who who;
};

static const struct option_row rows[] = {
    {"service", 's', OPTION_TEXT, offsetof(struct asked, service), "NAME",
     "PAM service; sshd when not given"},
    {"address", 'a', OPTION_TEXT, offsetof(struct asked, address), "ADDRESS",
     "where the login comes from"},
    {"host", 'H', OPTION_TEXT, offsetof(struct asked, host), "NAME",
     "the same, where the service tells a name"},
    {"tty", 't', OPTION_TEXT, offsetof(struct asked, tty), "TTY", "terminal, as tty1 or ssh"},
    {"remote-user", 0, OPTION_TEXT, offsetof(struct asked, remote_user), "NAME",
     "who asks: the caller of su"},
    {"json", 'J', OPTION_FLAG, offsetof(struct asked, json), NULL, "JSON output"},
};

static struct match_facts facts_of(const struct asked *a)
{
	return (struct match_facts){
	    .user = a->who.user,
	    .service = a->service ? a->service : "sshd",
	    .tty = a->tty,
	    .rhost = a->address ? a->address : a->host,
	    .ruser = a->remote_user,
	    .uid = a->who.uid,
	    .gid = a->who.gid,
	    .gids = a->who.gids,
	    .ngids = a->who.ngids,
	    .groups = a->who.groups,
	};
}

/* A definition that cannot be loaded for this user is a login that fails. */
static int check_definition(const struct load_paths *paths, const struct match_decision *d,
			    const struct who *who, struct ctr_error *err)
{
	const struct load_who whom = {
	    .user = who->user,
	    .group = who->groups.n ? who->groups.v[0] : "",
	    .home = who->home,
	    .shell = who->shell,
	    .id = "example-1",
	    .uid = who->uid,
	    .gid = who->gid,
	};
	autospec struct spec *spec = NULL;

	if (d->verdict != MATCH_CONTAIN)
		return 0;
	return load_definition(paths, d->rule->container, &whom, &spec, NULL, err);
}

static void print_json(const struct match_decision *d, const struct strv *trace,
		       const struct ctr_error *broken)
{
	static const char *const instances[] = {"session", "user", "shared"};
	struct json_object *top = json_top(), *lines;
	bool contain = d->verdict == MATCH_CONTAIN;

	json_add_text(top, "decision", which_word(d), false);
	json_add_text(top, "why", d->why, true);
	json_add_text(top, "rule", d->rule ? d->rule->name : NULL, true);
	json_add_text(top, "origin", d->rule ? d->rule->origin : NULL, true);
	json_add_text(top, "container", contain ? d->rule->container : NULL, true);
	json_add_text(top, "instance", contain ? instances[d->instance] : NULL, false);
	json_add_flag(top, "permissive", d->permissive);
	json_add_text(top, "error", broken ? broken->text : NULL, false);
	lines = json_array(top, "trace");
	for (size_t i = 0; i < trace->n; i++)
		(void)json_object_array_add(lines, json_object_new_string(trace->v[i]));
	json_print(top, stdout);
}

/* The lines of match_trace(), fit for a terminal (MUST-11). */
static int trace_of(const struct policy *policy, const struct match_facts *facts, struct strv *ret)
{
	autostrv struct strv raw = {0};
	int r = match_trace(policy, facts, &raw);

	for (size_t i = 0; r == 0 && i < raw.n; i++) {
		char line[4096];

		str_escape(line, sizeof(line), raw.v[i]);
		r = strv_add(ret, line);
	}
	return r;
}

static int answer(struct ctl *ctl, const struct asked *a, const struct load_paths *paths)
{
	const struct match_facts facts = facts_of(a);
	autopolicy struct policy *policy = NULL;
	autostrv struct strv trace = {0};
	struct match_decision d;
	struct ctr_error err;
	int r = load_policy(paths, &policy, NULL, &err);

	if (r == 0 && trace_of(policy, &facts, &trace) < 0)
		r = err_sys(&err, ENOMEM, "which", "trace the rules");
	if (r == -ENOENT) {
		ctl_say(ctl, "%s: no policy is there; see container.conf(5)", paths->policy);
		return CTL_FAILED;
	}
	if (r < 0)
		return ctl_error(ctl, &err);
	match_decide(policy, &facts, &d);
	r = check_definition(paths, &d, &a->who, &err);
	if (a->json)
		print_json(&d, &trace, r < 0 ? &err : NULL);
	for (size_t i = 0; !a->json && i < trace.n; i++)
		(void)puts(trace.v[i]);
	if (r < 0)
		return ctl_error(ctl, &err);
	return which_exit(&d);
}

int ctl_which(struct ctl *ctl, int argc, char **argv)
{
	struct asked a = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &a}}};
	struct load_paths paths;
	struct ctr_error err;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r != CTL_GO_ON)
		return r;
	if (argc != 1)
		return ctl_usage(ctl, "which takes one user");
	if (a.address && a.host)
		return ctl_usage(ctl, "--address and --host are one fact (PAM_RHOST): a service "
				      "tells either an address or a name");
	r = ctl_paths(ctl, &paths);
	if (r != CTL_GO_ON)
		return r;
	if (who_find(argv[0], &a.who, &err) < 0) {
		r = ctl_error(ctl, &err);
	} else {
		r = answer(ctl, &a, &paths);
		who_done(&a.who);
	}
	load_paths_done(&paths);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "doctor.h"
#include "str.h"

/*
 * A login is in a container, and systemd runs what its user has as unit files on the host: the rule
 * holds for sshd and not for systemd-user, the service of his manager (user@.service).
 */

static const char manager[] = "systemd-user";

/* Whose sessions are registered by pam_systemd(8), which starts the manager */
static const char *const logins[] = {"sshd",	     "login",	"remote", "su-l",
				     "gdm-password", "lightdm", "sddm",	  "xrdp-sesman"};

static bool is_wall(const struct match_rule *r)
{
	return strcmp(r->container, "host") != 0;
}

/* Of whoever it is that the rule is for. The manager comes from nowhere and has no terminal. */
static bool holds(const struct match_rule *r, const char *service)
{
	bool is_login = strcmp(service, manager) != 0;
	struct match_rule rule = {
	    .name = r->name, .container = r->container, .service = r->service};
	const struct policy one = {.mode = MATCH_ENFORCE, .rules = &rule, .n = 1};
	const struct match_facts f = {.user = "x", .uid = 1, .gid = 1, .service = service};
	struct match_decision d;

	if (!is_login) {
		rule.address = r->address;
		rule.host = r->host;
		rule.tty = r->tty;
		rule.remote_user = r->remote_user;
	}
	match_decide(&one, &f, &d);
	return d.rule != NULL;
}

static bool is_same(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

/* Is it the rule of everybody, or of the same users in the same words? */
static bool is_for_all_of(const struct match_rule *r, const struct match_rule *users)
{
	return (r->user.n == 0 || is_same(&r->user, &users->user)) &&
	       (r->group.n == 0 || is_same(&r->group, &users->group));
}

static bool is_covered(const struct policy *p, const struct match_rule *users)
{
	for (size_t i = 0; i < p->n; i++)
		if (is_wall(&p->rules[i]) && holds(&p->rules[i], manager) &&
		    is_for_all_of(&p->rules[i], users))
			return true;
	return false;
}

const struct match_rule *doctor_manager(const struct policy *p, const char **ret_service)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; is_wall(&p->rules[i]) && k < ARRAY_SIZE(logins); k++)
			if (holds(&p->rules[i], logins[k]) && !is_covered(p, &p->rules[i])) {
				*ret_service = logins[k];
				return &p->rules[i];
			}
	return NULL;
}

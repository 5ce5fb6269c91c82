/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "str.h"

/* Policy: which login gets which container. The decision is a pure function on facts. */

enum match_mode { MATCH_ENFORCE, MATCH_PERMISSIVE, MATCH_OFF };
enum match_on_error { MATCH_ERROR_DENY, MATCH_ERROR_HOST };
enum match_instance { MATCH_SESSION, MATCH_USER, MATCH_SHARED };
enum match_entry { MATCH_ENTRY_AUTO, MATCH_ENTRY_LATE, MATCH_ENTRY_JOIN };
enum match_attach { MATCH_ATTACH_AUTO, MATCH_ATTACH_YES, MATCH_ATTACH_NO };

/** struct match_rule - one [Match NAME]; empty lists match all; "!x" negates; all keys must hold */
struct match_rule {
	char *name;
	char *origin; /* "file:line" */
	struct strv service, user, group, address, host, tty, remote_user;
	char *container; /* definition, or "host", or "deny" */
	int instance, entry, attach;
};

/** struct policy - immutable once loaded */
struct policy {
	int mode, on_error;
	struct strv always_host; /* users and @groups */
	struct match_rule *rules;
	size_t n;
};

void policy_free(struct policy *p);

static inline void cleanup_policy(struct policy **p)
{
	policy_free(*p);
}
#define autopolicy __attribute__((cleanup(cleanup_policy)))

/**
 * struct match_facts - a login. Strings may be NULL or empty where not known
 *
 * groups holds the names of all groups of the user, from the host's NSS (MUST-7); also "#GID" words
 * match by number.
 */
struct match_facts {
	const char *user, *service, *tty, *rhost, *ruser;
	uid_t uid;
	gid_t gid;
	const gid_t *gids;
	size_t ngids;
	struct strv groups;
};

enum match_verdict { MATCH_HOST, MATCH_DENY, MATCH_CONTAIN };

/** struct match_decision - what policy says; pointers borrow from the policy */
struct match_decision {
	int verdict;		       /* enum match_verdict */
	const struct match_rule *rule; /* NULL: no rule, exemption or Mode=off */
	const char
	    *why; /* "uid 0", "AlwaysHost", "Mode=off", "no rule matches", or the rule's name */
	int instance, entry,
	    attach;	 /* resolved for MATCH_CONTAIN: entry and attach may stay AUTO */
	bool permissive; /* Mode=permissive: what enforce would do; to be logged only */
};

/** match_decide - first rule whose keys all hold wins; no rule: host. Pure. */
void match_decide(const struct policy *p, const struct match_facts *f, struct match_decision *ret);

/** match_trace - one line a rule and "=> verdict", as `containerctl which` prints. 0, -ENOMEM */
int match_trace(const struct policy *p, const struct match_facts *f,
		struct strv *ret) ATTR_WARN_UNUSED;

/** match_address_is_valid - is word (without '!') good for Address=? No bits behind its mask. */
bool match_address_is_valid(const char *word) ATTR_PURE;

/**
 * match_needs_groups - does the decision depend on groups? Else NSS need not be asked
 *
 * f without its groups. True when AlwaysHost= names one, or a rule does that decides if it holds.
 */
bool match_needs_groups(const struct policy *p, const struct match_facts *f);

/**
 * match_entry - late or join: the program that calls, and whether its setcred hook was seen
 * @program: name of the caller's executable file; NULL: not known
 *
 * Pure. AUTO: late iff hook and the program is known to call setcred in the child. Without the
 * hook, and in programs that have it called in the opener alone, nobody would ever enter, so that
 * is join whatever was configured (MUST-1).
 */
int match_entry(int configured, const char *program, bool hook_seen);

/** match_attach - does the login shell get container-attach bound over it? AUTO: sshd, login, su,
 * su-l */
bool match_attach(int configured, const char *service, int entry);

#endif

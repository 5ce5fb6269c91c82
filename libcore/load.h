/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LOAD_H
#define LOAD_H

#include "err.h"
#include "match.h"
#include "spec.h"

/*
 * Configuration from disk: the policy and the definitions, with drop-ins, trust checks
 * (MUST-8) and Extends=. Errors read "FILE:LINE: error: ...; did you mean 'X'?".
 */

/** struct load_paths - where configuration is looked for */
struct load_paths {
	const char *policy; /* default SYSCONFDIR/security/container.conf; + DIR/container.d/ */
	const char *defs;   /* default SYSCONFDIR/security/containers */
	const char *vendor; /* default VENDORDIR/containers; NULL: none */
	bool untrusted;	    /* skip owner and mode checks (containerctl check FILE as a user) */
};

/** load_default_paths - paths; conf (module argument conf=) moves policy and defs to its folder */
int load_default_paths(const char *conf, struct load_paths *ret, struct ctr_error *err);

/** struct load_report - every problem found, "FILE:LINE: error|warning: ..." */
struct load_report {
	struct strv lines;
	unsigned int errors, warnings;
};

void load_report_done(struct load_report *r);

/** load_policy - policy and drop-ins; report may be NULL (then the first error is in err) */
int load_policy(const struct load_paths *paths, struct policy **ret, struct load_report *report,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct load_who - what the specifiers %u %U %g %G %h %i %s stand for; NULLs leave a specifier an
 * error */
struct load_who {
	const char *user, *group, *home, *id, *shell;
	uid_t uid;
	gid_t gid;
};

/**
 * load_definition - one definition with Extends= and drop-ins merged, specifiers expanded, and
 * checked as a whole (what contradicts, what needs what)
 * @who: NULL leaves specifiers as they are (check, cat-config)
 */
int load_definition(const struct load_paths *paths, const char *name, const struct load_who *who,
		    struct spec **ret, struct load_report *report,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** load_definition_text - the same from text in memory (the C API, PID files of the supervisor) */
int load_definition_text(const char *name, const char *text, const struct load_who *who,
			 struct spec **ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** load_cat - the merged text of policy (name NULL) or definition with "# from FILE" comments */
int load_cat(const struct load_paths *paths, const char *name, char **ret,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/** spec_set - what one line of a definition does: ctr_config_set()'s work; did-you-mean in err */
int spec_set(struct spec *spec, const char *section, const char *key, const char *value,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/** spec_text - canonical text of the keys that were given; parsed again it gives the same spec */
const char *spec_text(const struct spec *spec);

#endif

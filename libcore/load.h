/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LOAD_H
#define LOAD_H

#include "err.h"
#include "expand.h"
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
	char *owned;	    /* what load_default_paths() made; load_paths_done() frees it */
	bool untrusted;	    /* skip owner and mode checks (containerctl check FILE as a user) */
};

/** load_default_paths - paths; conf (module argument conf=) moves policy and defs to its folder */
int load_default_paths(const char *conf, struct load_paths *ret, struct ctr_error *err);

/** load_paths_done - free what load_default_paths() made */
void load_paths_done(struct load_paths *paths);

/** struct load_report - every problem found, "FILE:LINE: error|warning: ..." */
struct load_report {
	struct strv lines;
	unsigned int errors, warnings;
};

void load_report_done(struct load_report *r);

/** load_report_add - one more problem; takes and frees line (NULL: out of memory, is counted) */
void load_report_add(struct load_report *report, bool error, char *line);

/** load_policy - policy and drop-ins; report may be NULL (then the first error is in err) */
int load_policy(const struct load_paths *paths, struct policy **ret, struct load_report *report,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct load_request - which definition, for whom, and where problems go */
struct load_request {
	const struct load_paths *paths;
	const char *name;
	const struct load_who *who; /* NULL leaves specifiers as they are (check, cat-config) */
	struct load_report *report; /* may be NULL: then the first error is in err */
	const char *file; /* read as the main file, without drop-ins; NULL: found by name */
};

/**
 * load_definition_for - one definition with Extends= and drop-ins merged, specifiers expanded, and
 * checked as a whole (what contradicts, what needs what)
 */
int load_definition_for(const struct load_request *rq, struct spec **ret,
			struct ctr_error *err) ATTR_WARN_UNUSED;

/** load_definition - the same with a request in place */
#define load_definition(paths, name, who, ret, report, err)                                        \
	load_definition_for(&(const struct load_request){paths, name, who, report, NULL}, ret, err)

/** load_definition_text - the same from text in memory (the C API, PID files of the supervisor) */
int load_definition_text(const char *name, const char *text, const struct load_who *who,
			 struct spec **ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** load_cat - the merged text of policy (name NULL) or definition with "# from FILE" comments */
int load_cat(const struct load_paths *paths, const char *name, char **ret,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * load_always_host - AlwaysHost= alone, from a policy that load_policy() refused (MUST-2)
 *
 * Reads what can be read of the main file; owner and mode are checked all the same.
 */
int load_always_host(const struct load_paths *paths, struct strv *ret,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

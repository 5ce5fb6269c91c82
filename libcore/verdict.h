/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERDICT_H
#define VERDICT_H

#include "err.h"
#include "match.h"
#include "spec.h"

/* Configuration judged as a whole: what contradicts, what needs what. Pure. */

/** verdict_new_rule - append a rule with its defaults. -EINVAL on a bad name or one taken */
int verdict_new_rule(struct policy *p, const char *name, const char *file, unsigned int line,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

/** verdict_check_policy - every rule names a container. 0, -EINVAL */
int verdict_check_policy(const struct policy *p, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * verdict_check_spec - a definition as a whole
 * @warnings: what works but surprises; NULL: not wanted
 *
 * 0, -EINVAL, -ENOMEM.
 */
int verdict_check_spec(const struct spec *s, struct strv *warnings,
		       struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * verdict_code_is_theirs - whether users inside can become root and rewrite the programs of the
 * tree
 *
 * Then no program of the host may go on in that tree: su, which has joined, loads libraries from it
 * as root with all capabilities (threat A6). The host's own tree is another matter: who is root
 * inside and may write it is root of the host.
 */
bool verdict_code_is_theirs(const struct spec *s);

#endif

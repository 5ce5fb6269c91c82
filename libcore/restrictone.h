/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESTRICTONE_H
#define RESTRICTONE_H

#include <stdio.h>

#include "restrict.h"

/*
 * Capability sets and limits of one process, in place of the definition's: as the host's root asks
 * PID 1 for them. Needs libc alone.
 */

enum { RESTRICTONE_SETS = 5 };

/** struct restrictone - all of them, also those that are the definition's */
struct restrictone {
	struct {
		bool set;
		uint64_t mask;
	} caps[RESTRICTONE_SETS]; /* bounding, permitted, effective, inheritable, ambient */
	bool rlimit_set[RLIM_NLIMITS];
	struct rlimit rlimits[RLIM_NLIMITS];
};

/** restrictone_put - as records of the payload of a start, each ended by NUL; errors: ferror(3) */
void restrictone_put(const struct restrictone *one, FILE *f);

/** restrictone_take - one such record into one; -ENOENT: it is none, -EBADMSG: it is damaged */
int restrictone_take(const char *record, struct restrictone *one) ATTR_WARN_UNUSED;

/**
 * restrictone_merge - put them in place of those of a definition
 *
 * -EPERM when the bounding set is not within the definition's; set is as it was then. A process
 * that joined is, to PID 1, root from outside, so that nobody may ask for more.
 */
int restrictone_merge(const struct restrictone *one, struct restrict_set *set,
		      struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * restrictone_check_limits - has this process the limits that were asked for?
 *
 * After restrict_limits(), which never raises what a process has: -EPERM for a limit above PID 1's.
 * Those of the definition, in all, are looked at for nobody.
 */
int restrictone_check_limits(const struct restrictone *one, const struct restrict_set *all,
			     struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

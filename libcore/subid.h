/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SUBID_H
#define SUBID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * Which numbers of the machine are somebody's: users, groups, and subordinate ids of libsubid,
 * which is opened at run time. Everything here may ask NSS, which takes its time: in a child only
 * (MUST-4). Layer 2.
 */

/** struct subid_range_of - numbers from start on */
struct subid_range_of {
	uint64_t start, count;
};

/** struct subid_list - grows; release with subid_list_done() */
struct subid_list {
	struct subid_range_of *v;
	size_t n;
};

/** subid_list_add - append. 0, -ENOMEM */
int subid_list_add(struct subid_list *l, uint64_t start, uint64_t count) ATTR_WARN_UNUSED;

/** subid_list_done - release */
void subid_list_done(struct subid_list *l);
#define autosubids __attribute__((cleanup(subid_list_done)))

/**
 * subid_users - numbers above `from` of the users and groups that the host enumerates
 *
 * Those of a directory that does not enumerate (sssd) are looked up one by one, by subid_is_user().
 */
int subid_users(uint64_t from, struct subid_list *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** subid_is_user - is it the number of a user or of a group, asked for by itself? */
bool subid_is_user(uint32_t id);

/**
 * subid_parse_line - one line of subuid(5), "OWNER:START:COUNT"
 * @owner: not longer than 256 bytes
 *
 * 0; -ENODATA: a comment or empty; -EBADMSG.
 */
int subid_parse_line(const char *line, char owner[257],
		     struct subid_range_of *ret) ATTR_WARN_UNUSED;

/**
 * subid_taken - subordinate ids of anybody but those named
 * @but: NULL-ended names
 *
 * As the files have them. -EBADMSG: a line can not be read, so nothing is known about the rest.
 */
int subid_taken(const char *const *but, struct subid_list *ret,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * subid_pool - what is both a subordinate uid and a subordinate gid of that user, by libsubid
 *
 * An empty list: he has none. CTR_E_UNSUPPORTED: there is no libsubid.
 */
int subid_pool(const char *owner, struct subid_list *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * subid_pick - `count` numbers of the pool that overlap nothing in busy. Pure
 * @where: any number; decides where the search begins, so that equal ones get equal numbers
 *
 * Multiples of count from the start of each range of the pool on. 0, -ENOENT.
 */
int subid_pick(const struct subid_list *pool, const struct subid_list *busy, uint32_t count,
	       uint64_t where, uint32_t *ret) ATTR_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>

#include "err.h"
#include "expand.h"

/* One parser for each type of value. Fields are written only on success. */

enum parse_type {
	PARSE_TEXT,
	PARSE_EXTENDS,
	PARSE_HOSTNAME,
	PARSE_SLICE,
	PARSE_PATH,
	PARSE_BOOL,
	PARSE_NAMESPACES,
	PARSE_TIME,
	PARSE_CAPS,
	PARSE_SYSCALLS,
	PARSE_ERRNO,
	PARSE_OOM,
	PARSE_NICE,
	PARSE_UMASK,
	PARSE_USERS,
	PARSE_ENVIRONMENT,
	PARSE_LIMIT_TIME_S,
	PARSE_LIMIT_TIME_US,
	PARSE_LIMIT_SIZE,
	PARSE_LIMIT_COUNT,
	PARSE_LIMIT_NICE,
	PARSE_SCHED_POLICY,
	PARSE_SCHED_PRIORITY,
	PARSE_IO_CLASS,
	PARSE_IO_PRIORITY,
	PARSE_PERSONALITY,
	PARSE_GROUPS,
	PARSE_VOLATILE,
	PARSE_PROTECT_PROC,
	PARSE_NET,
	PARSE_INTERFACE,
	PARSE_MAC,
	PARSE_NET_ADDRESS,
	PARSE_NET_GATEWAY,
	PARSE_NET_ROUTE,
	PARSE_JOIN,
	PARSE_TIME_OFFSET,
	PARSE_MTU,
	PARSE_QUEUE,
	PARSE_CGROUP,
	PARSE_DEVICE_POLICY,
	PARSE_INIT,
	PARSE_ON_DISCONNECT,
	PARSE_REATTACH,
	PARSE_ATTACHMENTS,
	PARSE_MODE,
	PARSE_ON_ERROR,
	PARSE_INSTANCE,
	PARSE_ENTRY,
	PARSE_ATTACH,
	PARSE_BIND,
	PARSE_MOUNT,
	PARSE_OVERLAY,
	PARSE_PROPAGATION,
	PARSE_TMPFS,
	PARSE_OPT_PATH,
	PARSE_HOOK,
	PARSE_DEVICE,
	PARSE_SYSCTL,
	PARSE_SIZE,
	PARSE_SIZE0,
	PARSE_COUNT,
	PARSE_PERCENT,
	PARSE_WEIGHT,
	PARSE_HOOK_TIME,
	PARSE_CPU_WEIGHT,
	PARSE_CPU_SHARES,
	PARSE_CPU_PERIOD,
	PARSE_CPU_BURST,
	PARSE_CPU_REALTIME,
	PARSE_SWAPPINESS,
	PARSE_CLASS_ID,
	PARSE_CPU_LIST,
	PARSE_IO_BYTES,
	PARSE_IO_COUNT,
	PARSE_IO_WEIGHT,
	PARSE_HUGETLB,
	PARSE_RDMA,
	PARSE_NET_PRIORITY,
	PARSE_UNIFIED,
	PARSE_DEVICE_ALLOW,
	PARSE_DEVICE_DENY,
	PARSE_DEVICE_NODE,
	PARSE_ALWAYS_HOST,
	PARSE_MATCH_LIST,
	PARSE_ADDRESS_LIST,
	PARSE_CONTAINER,
	PARSE_TYPES
};

/** struct parse_in - one value and where it goes */
struct parse_in {
	int type;		    /* enum parse_type */
	const char *value;	    /* not empty: parse_reset() does that */
	void *base;		    /* struct spec, policy or match_rule */
	void *field;		    /* in it */
	const struct load_who *who; /* NULL: specifiers are checked and kept */
};

/** parse_value - read a value into its field. 0, -EINVAL or -ERANGE (CTR_E_CONFIG), -ENOMEM */
int parse_value(const struct parse_in *in, struct ctr_error *err) ATTR_WARN_UNUSED;

/** parse_reset - the field as if nothing was ever given (defaults aside), memory released */
void parse_reset(const struct parse_in *in);

/** parse_is_list - do values of the type add up? */
bool parse_is_list(int type) ATTR_PURE;

/** parse_has_specifiers - are specifiers replaced in values of the type? */
bool parse_has_specifiers(int type) ATTR_PURE;

/** parse_name_is_valid - the name of a definition: [a-z0-9._-]{1,32}, begins with [a-z0-9] */
bool parse_name_is_valid(const char *name) ATTR_PURE;

/** parse_suggest - the nearest of a NULL-terminated list of words, NULL when none is near */
const char *parse_suggest(const char *given, const char *const *words) ATTR_PURE;

/** parse_bad - fill err: "bad WHAT 'VALUE'; did you mean 'NEAR'?". Returns -EINVAL */
int parse_bad(struct ctr_error *err, const char *what, const char *value, const char *near);

#endif

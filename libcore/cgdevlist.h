/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGDEVLIST_H
#define CGDEVLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "spec.h"

/*
 * Which devices a container may use, as a list of rules: what is not in the list is refused. The
 * devices controller of v1 and the filter program of v2 are both made of it.
 */

enum cgdev_access {
	CGDEV_READ = 1,
	CGDEV_WRITE = 2,
	CGDEV_MKNOD = 4,
	CGDEV_ALL = 7,
	CGDEV_DENY = 8
};

/** CGDEV_MAX - a list that always holds what the shipped policy and a sane DeviceAllow= give */
enum { CGDEV_MAX = 128 };

/** struct cgdev_rule - one rule: these accesses to these numbers are allowed */
struct cgdev_rule {
	char type;	  /* 'c', 'b', or 'a': all devices, the numbers are -1 then */
	int major, minor; /* -1: any */
	unsigned int
	    access; /* enum cgdev_access; with CGDEV_DENY, beside a rule that allows all: refused */
};

/**
 * cgdev_list - the rules of a definition: DevicePolicy=, DeviceAllow=, DeviceDeny=,
 * Devices=, DeviceNode=
 *
 * Nodes are looked at now (stat(2)), names in /proc/devices. One rule of type 'a' with all accesses
 * means that nothing is refused. -E2BIG when more than max; CTR_E_CONFIG for what is no device.
 */
int cgdev_list(const struct spec *spec, struct cgdev_rule *ret, size_t max, size_t *ret_n,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * cgdevlist_driver - majors of a driver in the text of /proc/devices; pure
 * @type: 'c' or 'b'
 * @pattern: glob(7) on the driver's name
 * @ret: at most max majors
 *
 * Returns how many there are, -E2BIG.
 */
int cgdevlist_driver(const char *devices, char type, const char *pattern, int *ret, size_t max);

/** cgdevlist_access - "rwm" to enum cgdev_access; pure */
unsigned int cgdevlist_access(const char *text) ATTR_PURE;

/** cgdevlist_is_open - is everything allowed but for what is denied? */
bool cgdevlist_is_open(const struct cgdev_rule *rules, size_t n) ATTR_PURE;

/** cgdevlist_allows_all - does the list refuse nothing? */
bool cgdevlist_allows_all(const struct cgdev_rule *rules, size_t n) ATTR_PURE;

#endif

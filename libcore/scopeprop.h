/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCOPEPROP_H
#define SCOPEPROP_H

#include "spec.h"

/* A definition as properties of a systemd scope: org.freedesktop.systemd1(5), systemd.scope(5). */

enum { SCOPEPROP_MAX = 32, SCOPEPROP_CPUS = 8192 };

/** enum scopeprop_type - what follows the name on the bus */
enum scopeprop_type {
	SCOPEPROP_TEXT = 's',
	SCOPEPROP_NUMBER = 't',
	SCOPEPROP_BOOL = 'b',
	SCOPEPROP_MASK = 'y', /* ay: bit n of the bytes is CPU or node n */
	SCOPEPROP_RATES = 'r' /* a(st): device and limit */
};

/** struct scopeprop - one property; pointers are borrowed from the spec or from the list */
struct scopeprop {
	const char *name;
	int type; /* enum scopeprop_type */
	const char *text;
	uint64_t number;
	const uint8_t *mask;
	size_t mask_len;
	const struct strv *rates; /* "DEVICE N" as list.c writes it */
};

/** struct scopeprops - a list of them, with room for what they point to */
struct scopeprops {
	struct scopeprop v[SCOPEPROP_MAX];
	size_t n;
	char description[256];
	uint8_t cpus[SCOPEPROP_CPUS / 8], mems[SCOPEPROP_CPUS / 8];
};

/**
 * scopeprop_limits - the limits for a scope that lives; pure
 *
 * What was not given is lifted. SPEC_INFINITY becomes systemd's UINT64_MAX. DeviceAllow= is left
 * out: the filter is our own (cgdev.h). CTR_E_CONFIG for CPUs and nodes from SCOPEPROP_CPUS on.
 */
int scopeprop_limits(const struct spec *spec, struct scopeprops *ret,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * scopeprop_start - all that a new scope is given besides its process; pure
 * @spec: NULL: the scope of the supervisors, which has no limits
 *
 * Limits that were not given are systemd's defaults.
 */
int scopeprop_start(const struct spec *spec, struct scopeprops *ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

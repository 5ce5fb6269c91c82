/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIMIT_H
#define LIMIT_H

#include "parse.h"
#include "str.h"

/* Limits that are given for a device, a page size, an interface or a file each. */

/** limit_is - is a type read here? */
bool limit_is(int type) ATTR_PURE;

/**
 * limit_read - one setting, as one word of the list
 * @what: how a value looks, for people
 *
 * "DEVICE N", "2MB N", "DEVICE hca_handle=N", "INTERFACE N", "FILE=VALUE": with one blank between,
 * numbers in plain digits, no limit as "max".
 */
int limit_read(const struct parse_in *in, const char *what, struct strv *ret,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

#endif

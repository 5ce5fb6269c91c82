/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIST_H
#define LIST_H

#include "parse.h"
#include "str.h"

/** list_parse - the words of a list value, each checked and expanded, appended to a struct strv */
int list_parse(const struct parse_in *in, struct ctr_error *err) ATTR_WARN_UNUSED;

/** list_is - is the type one that list_parse() reads? */
bool list_is(int type) ATTR_PURE;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef JSONFIELD_H
#define JSONFIELD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "attr.h"

/* Members of a struct as members of a JSON object: one table serves writing, reading, checking. */

enum jsonfield_type { JSONFIELD_TEXT, JSONFIELD_INT, JSONFIELD_U32, JSONFIELD_U64 };

/** struct jsonfield - one member; TEXT is a char array */
struct jsonfield {
	const char *name;
	enum jsonfield_type type;
	size_t offset, size;
};

/** JSONFIELD - the row of a member */
#define JSONFIELD(t, type_, member)                                                                \
	{                                                                                          \
#member, JSONFIELD_##t, offsetof(struct type_, member),                            \
		    sizeof(((struct type_ *)0)->member)                                            \
	}

/** jsonfield_add - n members of the struct at base, added to the object. false: no memory */
bool jsonfield_add(struct json_object *o, const struct jsonfield *fields, size_t n,
		   const void *base);

/**
 * jsonfield_take - the reverse; a member more in the object is passed over, each of the table's is
 * needed and must be of its type and fit
 *
 * -EBADMSG, with the name of the member in *why.
 */
int jsonfield_take(struct json_object *o, const struct jsonfield *fields, size_t n, void *base,
		   const char **why) ATTR_WARN_UNUSED;

/** jsonfield_put - add a member, which is released when that fails; NULL: no memory */
bool jsonfield_put(struct json_object *o, const char *name, struct json_object *v);

/** jsonfield_put_text - the same of text from outside, escaped: it need not be UTF-8 (MUST-11) */
bool jsonfield_put_text(struct json_object *o, const char *name, const char *text);

/** jsonfield_text - a member that is text without a NUL inside, of the object; else NULL */
const char *jsonfield_text(struct json_object *o, const char *name);

/** jsonfield_read_object - text that is one object and nothing behind it; else NULL */
struct json_object *jsonfield_read_object(const char *text);

#endif

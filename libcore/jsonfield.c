/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jsonfield.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "str.h"

static struct json_object *format(const void *p, enum jsonfield_type type)
{
	switch (type) {
	case JSONFIELD_TEXT:
		return json_object_new_string(p);
	case JSONFIELD_INT:
		return json_object_new_int64(*(const int *)p);
	case JSONFIELD_U32:
		return json_object_new_int64(*(const uint32_t *)p);
	case JSONFIELD_U64:
		return json_object_new_uint64(*(const uint64_t *)p);
	}
	return NULL;
}

bool jsonfield_add(struct json_object *o, const struct jsonfield *fields, size_t n,
		   const void *base)
{
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++)
		ok = json_object_object_add(
			 o, fields[i].name,
			 format((const char *)base + fields[i].offset, fields[i].type)) == 0;
	return ok;
}

bool jsonfield_put(struct json_object *o, const char *name, struct json_object *v)
{
	if (v && json_object_object_add(o, name, v) == 0)
		return true;
	json_object_put(v);
	return false;
}

bool jsonfield_put_text(struct json_object *o, const char *name, const char *text)
{
	char shown[1024];

	str_escape(shown, sizeof(shown), text);
	return jsonfield_put(o, name, json_object_new_string(shown));
}

static const char *text_of(struct json_object *v)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return strlen(s) == (size_t)json_object_get_string_len(v) ? s : NULL;
}

static int parse(struct json_object *v, const struct jsonfield *f, void *p)
{
	const char *s;
	int64_t n;

	if (f->type == JSONFIELD_TEXT) {
		s = text_of(v);
		return s ? str_copy(p, f->size, s) : -EBADMSG;
	}
	if (!json_object_is_type(v, json_type_int))
		return -EBADMSG;
	n = json_object_get_int64(v);
	if (f->type == JSONFIELD_U64) {
		if (n < 0)
			return -EBADMSG;
		*(uint64_t *)p = json_object_get_uint64(v);
	} else if (f->type == JSONFIELD_U32) {
		if (n < 0 || n > UINT32_MAX)
			return -EBADMSG;
		*(uint32_t *)p = (uint32_t)n;
	} else {
		if (n < INT32_MIN || n > INT32_MAX)
			return -EBADMSG;
		*(int *)p = (int)n;
	}
	return 0;
}

int jsonfield_take(struct json_object *o, const struct jsonfield *fields, size_t n, void *base,
		   const char **why)
{
	struct json_object *v;

	for (size_t i = 0; i < n; i++) {
		*why = fields[i].name;
		if (!json_object_object_get_ex(o, fields[i].name, &v) ||
		    parse(v, &fields[i], (char *)base + fields[i].offset) < 0)
			return -EBADMSG;
	}
	return 0;
}

const char *jsonfield_text(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? text_of(v) : NULL;
}

struct json_object *jsonfield_read_object(const char *text)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *top = NULL;
	size_t len = strlen(text);

	if (!tok)
		return NULL;
	top = len < INT32_MAX ? json_tokener_parse_ex(tok, text, (int)len) : NULL;
	if (top && (!json_object_is_type(top, json_type_object) ||
		    json_tokener_get_parse_end(tok) != len)) {
		json_object_put(top);
		top = NULL;
	}
	json_tokener_free(tok);
	return top;
}

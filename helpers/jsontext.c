/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jsontext.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "str.h"

struct json_object *json_top(void)
{
	struct json_object *o = json_object_new_object();

	json_add_number(o, "version", 1);
	return o;
}

static struct json_object *escaped(const char *text)
{
	size_t size = 4 * strlen(text) + 4;
	autofree char *copy = malloc(size);

	if (!copy)
		return NULL;
	str_escape(copy, size, text);
	return json_object_new_string(copy);
}

void json_add_text(struct json_object *o, const char *key, const char *text, bool raw)
{
	struct json_object *s = NULL;

	if (text)
		s = raw ? escaped(text) : json_object_new_string(text);
	(void)json_object_object_add(o, key, s);
}

void json_add_number(struct json_object *o, const char *key, uint64_t n)
{
	(void)json_object_object_add(o, key, n == UINT64_MAX ? NULL : json_object_new_uint64(n));
}

void json_add_flag(struct json_object *o, const char *key, bool flag)
{
	(void)json_object_object_add(o, key, json_object_new_boolean(flag));
}

struct json_object *json_array(struct json_object *o, const char *key)
{
	struct json_object *array = json_object_new_array();

	(void)json_object_object_add(o, key, array);
	return array;
}

struct json_object *json_element(struct json_object *array)
{
	struct json_object *o = json_object_new_object();

	(void)json_object_array_add(array, o);
	return o;
}

void json_print(struct json_object *o, FILE *out)
{
	(void)fprintf(out, "%s\n",
		      json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(o);
}

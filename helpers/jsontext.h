/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef JSONTEXT_H
#define JSONTEXT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What every JSON text of the commands has in common: a version, integers, null for what is not
 * there. json-c returns NULL without memory; a NULL member reads as null.
 */

/** json_top - {"version": 1} */
struct json_object *json_top(void);

/** json_add_text - text is escaped first (MUST-11) when raw; NULL: null */
void json_add_text(struct json_object *o, const char *key, const char *text, bool raw);

/** json_add_number - UINT64_MAX: null */
void json_add_number(struct json_object *o, const char *key, uint64_t n);

/** json_add_flag - true or false */
void json_add_flag(struct json_object *o, const char *key, bool flag);

/** json_array - a new array as member of o, which owns it */
struct json_object *json_array(struct json_object *o, const char *key);

/** json_object - a new object at the end of an array, which owns it */
struct json_object *json_element(struct json_object *array);

/** json_print - print and free */
void json_print(struct json_object *o, FILE *out);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statejson.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cgpath.h"
#include "create.h"
#include "jsonfield.h"

/* Ours of those that are shared are the host's, where the paths lead, too. */
static bool add_namespaces(struct json_object *top, const struct statejson *s)
{
	struct json_object *o = json_object_new_object();
	bool ok = jsonfield_put(top, "namespace_paths", o);
	char path[64];

	for (size_t i = 0; ok && s->alive && i < CREATE_NS; i++)
		ok = str_format(path, sizeof(path), "/proc/%d/ns/%s", s->st->init.pid,
				create_ns_name(i)) == 0 &&
		     jsonfield_put_text(o, create_ns_name(i), path);
	return ok;
}

/* A path for each controller; that of the v2 tree without any is "". */
static bool add_group(struct json_object *o, const struct cg_hierarchy *h, const char *path)
{
	char list[sizeof(h->controllers)], dir[CGPATH_SIZE], *at = list, *word;
	bool ok = cgpath_dir(h, path, dir, sizeof(dir)) == 0 &&
		  str_copy(list, sizeof(list), h->controllers) == 0;

	while (ok && (word = strsep(&at, ",")))
		ok = jsonfield_put_text(o, word, dir);
	return ok;
}

static bool add_groups(struct json_object *top, const struct statejson *s)
{
	struct json_object *o = json_object_new_object();
	bool ok = jsonfield_put(top, "cgroup_paths", o);
	bool own = s->alive && s->st->cgroup[0] && !s->st->cgroup_inherit;

	for (size_t i = 0; ok && own && i < s->facts->n; i++)
		ok = add_group(o, &s->facts->h[i], s->st->cgroup);
	return ok;
}

static bool add_descriptors(struct json_object *top, const struct statejson *s)
{
	struct json_object *list = json_object_new_array();
	bool ok = jsonfield_put(top, "external_descriptors", list);

	for (size_t i = 0; ok && s->alive && i < ARRAY_SIZE(s->fds); i++) {
		char shown[sizeof(s->fds[0]) * 4];

		str_escape(shown, sizeof(shown), s->fds[i]);
		ok = json_object_array_add(list, json_object_new_string(shown)) == 0;
	}
	return ok;
}

/* RFC 3339, as the time of a container is written elsewhere. */
static bool add_created(struct json_object *top, uint64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	char text[32], shown[64];
	struct tm tm;

	return gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) &&
	       str_format(shown, sizeof(shown), "%s.%06uZ", text, (unsigned int)(us % 1000000)) ==
		   0 &&
	       jsonfield_put_text(top, "created", shown);
}

/* It says whether two definitions are the same, not who wrote them. */
static bool add_digest(struct json_object *top, const char *text)
{
	char shown[40];

	return str_format(shown, sizeof(shown), "fnv1a-64:%016llx",
			  (unsigned long long)str_hash(text)) == 0 &&
	       jsonfield_put_text(top, "config_digest", shown);
}

char *statejson_format(const struct statejson *s)
{
	struct json_object *top = json_object_new_object();
	const struct state *st = s->st;
	uint64_t ticks = s->alive ? st->init.start_ticks : 0;
	char *text = NULL;
	bool ok = top && jsonfield_put(top, "version", json_object_new_int(STATE_VERSION)) &&
		  jsonfield_put_text(top, "id", st->id) &&
		  jsonfield_put_text(top, "status", s->status) &&
		  jsonfield_put(top, "init_process_pid",
				json_object_new_int(s->alive ? st->init.pid : 0)) &&
		  jsonfield_put(top, "init_process_start", json_object_new_uint64(ticks)) &&
		  add_created(top, st->created_us) && add_digest(top, st->text) &&
		  add_namespaces(top, s) && add_groups(top, s) && add_descriptors(top, s);

	if (ok)
		text = strdup(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN));
	json_object_put(top);
	if (!text)
		errno = ENOMEM;
	return text;
}

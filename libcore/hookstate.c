/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hookstate.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "load.h"

static bool add(struct json_object *o, const char *key, struct json_object *v)
{
	if (v && json_object_object_add(o, key, v) == 0)
		return true;
	json_object_put(v);
	return false;
}

/* Names from outside need not be UTF-8, which JSON is (MUST-11). */
static bool add_text(struct json_object *o, const char *key, const char *text)
{
	char shown[1024];

	str_escape(shown, sizeof(shown), text);
	return add(o, key, json_object_new_string(shown));
}

static bool add_annotations(struct json_object *top, const struct state *st)
{
	struct json_object *o = json_object_new_object();
	char uid[16];
	bool ok =
	    o && add(top, "annotations", o) && str_format(uid, sizeof(uid), "%u", st->uid) == 0;

	return ok && add_text(o, "pam_container.definition", st->definition) &&
	       add_text(o, "pam_container.user", st->user) &&
	       add_text(o, "pam_container.uid", uid) &&
	       add_text(o, "pam_container.service", st->service) &&
	       add_text(o, "pam_container.rhost", st->rhost) &&
	       add_text(o, "pam_container.cgroup", st->cgroup);
}

char *hookstate_format(const struct state *st, const struct spec *spec, const char *status,
		       const char *bundle)
{
	struct json_object *top = json_object_new_object();
	const char *root = spec->root_directory ? spec->root_directory : "/";
	char *text = NULL;
	bool ok = top && add_text(top, "ociVersion", "1.0.2") && add_text(top, "id", st->id) &&
		  add_text(top, "status", status);

	if (ok && st->init.pid > 0 && strcmp(status, "stopped") != 0)
		ok = add(top, "pid", json_object_new_int(st->init.pid));
	if (ok && add_text(top, "bundle", bundle) && add_text(top, "root", root) &&
	    add_annotations(top, st))
		text = strdup(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN));
	json_object_put(top);
	if (!text)
		errno = ENOMEM;
	return text;
}

void hookstate_folder(int dirfd, char *dst, size_t size)
{
	char link[64];
	ssize_t n = str_format(link, sizeof(link), "/proc/self/fd/%d", dirfd) < 0
			? -1
			: readlink(link, dst, size - 1);

	dst[n > 0 ? n : 0] = '\0';
	if (n <= 0)
		(void)!str_copy(dst, size, "/"); /* size is PATH_MAX */
}

int hookstate_poststop(const struct state *st, int dirfd, struct ctr_error *err)
{
	const char *name = st->definition[0] ? st->definition : "api";
	autospec struct spec *spec = NULL;
	autofree char *json = NULL;
	char bundle[PATH_MAX];
	int r = st->text[0] ? load_definition_text(name, st->text, NULL, &spec, err) : 0;

	if (r < 0 || !spec || spec->hooks[SPEC_HOOK_POSTSTOP].n == 0)
		return r;
	hookstate_folder(dirfd, bundle, sizeof(bundle));
	json = hookstate_format(st, spec, "stopped", bundle);
	if (!json)
		return err_sys(err, ENOMEM, "hook", "describe container %s", st->id);
	return hook_run_all(&(struct hook_call){.spec = spec,
						.kind = SPEC_HOOK_POSTSTOP,
						.id = st->id,
						.state = json,
						.abort_fd = -1},
			    err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hookstate.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "jsonfield.h"
#include "load.h"

static bool add_annotations(struct json_object *top, const struct state *st)
{
	struct json_object *o = json_object_new_object();
	char uid[16];
	bool ok = o && jsonfield_put(top, "annotations", o) &&
		  str_format(uid, sizeof(uid), "%u", st->uid) == 0;

	return ok && jsonfield_put_text(o, "pam_container.definition", st->definition) &&
	       jsonfield_put_text(o, "pam_container.user", st->user) &&
	       jsonfield_put_text(o, "pam_container.uid", uid) &&
	       jsonfield_put_text(o, "pam_container.service", st->service) &&
	       jsonfield_put_text(o, "pam_container.rhost", st->rhost) &&
	       jsonfield_put_text(o, "pam_container.cgroup", st->cgroup);
}

char *hookstate_format(const struct state *st, const struct spec *spec, const char *status,
		       const char *bundle)
{
	struct json_object *top = json_object_new_object();
	const char *root = spec->root_directory ? spec->root_directory : "/";
	char *text = NULL;
	bool ok = top && jsonfield_put_text(top, "ociVersion", "1.0.2") &&
		  jsonfield_put_text(top, "id", st->id) &&
		  jsonfield_put_text(top, "status", status);

	if (ok && st->init.pid > 0 && strcmp(status, "stopped") != 0)
		ok = jsonfield_put(top, "pid", json_object_new_int(st->init.pid));
	if (ok && jsonfield_put_text(top, "bundle", bundle) &&
	    jsonfield_put_text(top, "root", root) && add_annotations(top, st))
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

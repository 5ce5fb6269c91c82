/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "jsonfield.h"
#include "path.h"

/* Every field is needed: a record that lacks one was torn or edited. */
static const struct jsonfield fields[] = {
    JSONFIELD(TEXT, state, id),
    JSONFIELD(TEXT, state, definition),
    JSONFIELD(TEXT, state, rule),
    JSONFIELD(TEXT, state, user),
    JSONFIELD(TEXT, state, service),
    JSONFIELD(TEXT, state, rhost),
    JSONFIELD(TEXT, state, tty),
    JSONFIELD(U32, state, uid),
    JSONFIELD(INT, state, instance),
    JSONFIELD(INT, state, keep),
    JSONFIELD(INT, state, started),
    JSONFIELD(INT, state, stopped),
    JSONFIELD(INT, state, exit_status),
    JSONFIELD(U64, state, created_us),
    JSONFIELD(INT, state, init.pid),
    JSONFIELD(INT, state, super.pid),
    JSONFIELD(U64, state, init.start_ticks),
    JSONFIELD(U64, state, super.start_ticks),
    JSONFIELD(TEXT, state, cgroup),
    JSONFIELD(INT, state, cgroup_inherit),
    JSONFIELD(TEXT, state, text),
};

/* What the first release did not write: absent is 0. */
static const struct jsonfield later[] = {
    JSONFIELD(INT, state, oom_killed),
    JSONFIELD(INT, state, bare),
};

/* Hash of the text without the sum itself: it finds an edit, it does not keep root from one. */
static void sum_of(struct json_object *top, char ret[17])
{
	const char *s = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN);

	(void)!str_format(ret, 17, "%016llx",
			  (unsigned long long)str_hash(s ? s : "")); /* always fits */
}

static bool sum_is(struct json_object *top, const char *want)
{
	char sum[17];

	sum_of(top, sum);
	return strcmp(sum, want) == 0;
}

static bool add_fields(struct json_object *top, const struct state *st)
{
	return json_object_object_add(top, "version", json_object_new_int(STATE_VERSION)) == 0 &&
	       jsonfield_add(top, fields, ARRAY_SIZE(fields), st) &&
	       jsonfield_add(top, later, ARRAY_SIZE(later), st);
}

static bool add_namespaces(struct json_object *top, const struct state *st)
{
	struct json_object *ns = json_object_new_object();
	bool ok = ns != NULL;

	for (size_t i = 0; ok && i < st->nns; i++)
		ok = json_object_object_add(ns, st->ns[i].name,
					    json_object_new_uint64(st->ns[i].inode)) == 0;
	if (ok && json_object_object_add(top, "namespaces", ns) == 0)
		return true;
	json_object_put(ns);
	return false;
}

char *record_format(const struct state *st)
{
	struct json_object *top = json_object_new_object();
	char *text = NULL, sum[17];

	if (top && add_fields(top, st) && add_namespaces(top, st)) {
		sum_of(top, sum);
		if (json_object_object_add(top, "sum", json_object_new_string(sum)) == 0)
			text = strdup(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN));
	}
	json_object_put(top);
	if (!text)
		errno = ENOMEM;
	return text;
}

static int namespaces_parse(struct json_object *ns, struct state *st)
{
	if (!json_object_is_type(ns, json_type_object))
		return -EBADMSG;
	json_object_object_foreach(ns, key, v)
	{
		if (st->nns == ARRAY_SIZE(st->ns) || !json_object_is_type(v, json_type_int) ||
		    str_copy(st->ns[st->nns].name, sizeof(st->ns[0].name), key) < 0)
			return -EBADMSG;
		st->ns[st->nns++].inode = json_object_get_uint64(v);
	}
	return 0;
}

static bool is_switch(int v)
{
	return v == 0 || v == 1;
}

/*
 * Groups named here are killed and removed: they must be the container's own, whoever wrote it.
 * pam_container/ID, or something/container-ID.scope and what is below.
 */
static bool is_own_cgroup(const struct state *st)
{
	char path[sizeof(st->cgroup) + 2], id[96], scope[96];

	if (st->cgroup_inherit || !st->cgroup[0])
		return true;
	if (str_format(path, sizeof(path), "/%s/", st->cgroup) < 0 ||
	    str_format(id, sizeof(id), "/pam_container/%s/", st->id) < 0 ||
	    str_format(scope, sizeof(scope), "/container-%s.scope/", st->id) < 0)
		return false;
	if (strcmp(path, id) != 0 && !strstr(path, scope))
		return false;
	path[strlen(path) - 1] = '\0';
	return path_is_clean(path);
}

static const char *find_nonsense(const struct state *st, const char *id)
{
	if (strcmp(st->id, id) != 0)
		return "id";
	if (!is_switch(st->keep) || !is_switch(st->started) || !is_switch(st->stopped) ||
	    !is_switch(st->cgroup_inherit) || !is_switch(st->oom_killed) || !is_switch(st->bare))
		return "switches";
	if (st->init.pid < 0 || st->super.pid < 0)
		return "pids";
	return is_own_cgroup(st) ? NULL : "cgroup";
}

/*
 * A release of later may add fields, which are passed over, as it passes over that they are missing
 * in what this one wrote. A record that means something else has another version: what we cannot
 * understand we neither believe nor call damaged, since who wrote it may be at work on it.
 */
static int check_version(struct json_object *top)
{
	struct json_object *v;

	if (!json_object_object_get_ex(top, "version", &v) ||
	    !json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 1)
		return -EBADMSG;
	return json_object_get_int64(v) > STATE_VERSION ? -ENOTSUP : 0;
}

static int parse(struct json_object *top, struct state *st, const char **why)
{
	struct json_object *v;
	char sum[17];
	int r = check_version(top);

	*why = "version";
	if (r == -EBADMSG)
		return r;
	*why = "sum";
	if (!json_object_object_get_ex(top, "sum", &v) || !json_object_is_type(v, json_type_string))
		return -EBADMSG;
	if (str_copy(sum, sizeof(sum), json_object_get_string(v)) < 0)
		return -EBADMSG;
	json_object_object_del(top, "sum");
	if (!sum_is(top, sum))
		return -EBADMSG;
	if (r < 0) /* whole, so the number is what was written */
		return r;
	if (jsonfield_take(top, fields, ARRAY_SIZE(fields), st, why) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (json_object_object_get_ex(top, later[i].name, NULL) &&
		    jsonfield_take(top, &later[i], 1, st, why) < 0)
			return -EBADMSG;
	*why = "namespaces";
	if (!json_object_object_get_ex(top, "namespaces", &v) || namespaces_parse(v, st) < 0)
		return -EBADMSG;
	return 0;
}

int record_parse(const char *text, const char *id, struct state *ret, struct ctr_error *err)
{
	struct json_object *top = jsonfield_read_object(text);
	struct state st = {0};
	const char *why = "not a JSON object";
	int r = top ? parse(top, &st, &why) : -EBADMSG;

	json_object_put(top);
	if (r == -ENOTSUP)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "state",
			       "record of container %s is of a later release", id);
	if (r == 0)
		why = find_nonsense(&st, id);
	if (r < 0 || why)
		return err_set(err, CTR_E_STATE, EBADMSG, "state",
			       "record of container %s is damaged (%s); containerctl gc removes it",
			       id, why);
	*ret = st;
	return 0;
}

int record_write(int dirfd, const struct state *st, struct ctr_error *err)
{
	autofree char *text = record_format(st);
	int r = text ? fd_replace_file_at(dirfd, "state.json", text, strlen(text), 0600) : -ENOMEM;

	return r < 0 ? err_sys(err, r, "state", "write the record of container %s", st->id) : 0;
}

int record_read(int dirfd, const char *id, struct state *ret, struct ctr_error *err)
{
	autofd int fd = openat(dirfd, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	autofree char *text = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, CTR_E_STATE, errno == ENOENT ? ENOENT : EBADMSG, "state",
			       "container %s has no readable record", id);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, CTR_E_STATE, EBADMSG, "state",
			       "record of container %s is not root's alone", id);
	r = fd_read_dup(fd, 65536, &text, NULL);
	if (r < 0)
		return err_sys(err, r, "state", "read the record of container %s", id);
	return record_parse(text, id, ret, err);
}

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

enum type { TEXT, INT, U32, U64 };

#define FIELD(t, member)                                                                           \
	{                                                                                          \
#member, t, offsetof(struct state, member), sizeof(((struct state *)0)->member)    \
	}

/* Every field is needed: a record that lacks one was torn or edited. */
static const struct field {
	const char *name;
	enum type type;
	size_t offset, size;
} fields[] = {
    FIELD(TEXT, id),
    FIELD(TEXT, definition),
    FIELD(TEXT, rule),
    FIELD(TEXT, user),
    FIELD(TEXT, service),
    FIELD(TEXT, rhost),
    FIELD(TEXT, tty),
    FIELD(U32, uid),
    FIELD(INT, instance),
    FIELD(INT, keep),
    FIELD(INT, started),
    FIELD(INT, stopped),
    FIELD(INT, exit_status),
    FIELD(U64, created_us),
    FIELD(INT, init.pid),
    FIELD(INT, super.pid),
    FIELD(U64, init.start_ticks),
    FIELD(U64, super.start_ticks),
    FIELD(TEXT, cgroup),
    FIELD(INT, cgroup_inherit),
    FIELD(TEXT, digest),
    FIELD(TEXT, text),
};

static struct json_object *field_format(const struct state *st, const struct field *f)
{
	const void *p = (const char *)st + f->offset;

	switch (f->type) {
	case TEXT:
		return json_object_new_string(p);
	case INT:
		return json_object_new_int64(*(const int *)p);
	case U32:
		return json_object_new_int64(*(const uint32_t *)p);
	case U64:
		return json_object_new_uint64(*(const uint64_t *)p);
	}
	return NULL;
}

char *record_format(const struct state *st)
{
	struct json_object *top = json_object_new_object(), *ns = json_object_new_object();
	bool bad = !top || !ns;
	char *text = NULL;

	for (size_t i = 0; !bad && i < st->nns; i++)
		bad = json_object_object_add(ns, st->ns[i].name,
					     json_object_new_uint64(st->ns[i].inode)) < 0;
	bad = bad || json_object_object_add(top, "version", json_object_new_int(STATE_VERSION)) < 0;
	for (size_t i = 0; !bad && i < ARRAY_SIZE(fields); i++)
		bad = json_object_object_add(top, fields[i].name, field_format(st, &fields[i])) < 0;
	if (!bad && json_object_object_add(top, "namespaces", ns) == 0) {
		ns = NULL;
		text = strdup(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN));
	}
	json_object_put(ns);
	json_object_put(top);
	if (!text)
		errno = ENOMEM;
	return text;
}

static int field_parse(struct json_object *v, const struct field *f, struct state *st)
{
	void *p = (char *)st + f->offset;
	int64_t n;

	if (f->type == TEXT) {
		if (!json_object_is_type(v, json_type_string))
			return -EBADMSG;
		if (strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
			return -EBADMSG;
		return str_copy(p, f->size, json_object_get_string(v));
	}
	if (!json_object_is_type(v, json_type_int))
		return -EBADMSG;
	n = json_object_get_int64(v);
	if (f->type == U64) {
		if (n < 0)
			return -EBADMSG;
		*(uint64_t *)p = json_object_get_uint64(v);
	} else if (f->type == U32) {
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

static int parse(struct json_object *top, const char *id, struct state *st, const char **why)
{
	struct json_object *v;

	*why = "not a JSON object";
	if (!json_object_is_type(top, json_type_object))
		return -EBADMSG;
	*why = "version";
	if (!json_object_object_get_ex(top, "version", &v) ||
	    json_object_get_int(v) != STATE_VERSION)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		*why = fields[i].name;
		if (!json_object_object_get_ex(top, fields[i].name, &v) ||
		    field_parse(v, &fields[i], st) < 0)
			return -EBADMSG;
	}
	*why = "namespaces";
	if (!json_object_object_get_ex(top, "namespaces", &v) || namespaces_parse(v, st) < 0)
		return -EBADMSG;
	*why = "id";
	return strcmp(st->id, id) == 0 ? 0 : -EBADMSG;
}

int record_parse(const char *text, const char *id, struct state *ret, struct ctr_error *err)
{
	struct json_object *top = json_tokener_parse(text);
	struct state st = {0};
	const char *why;
	int r = parse(top, id, &st, &why);

	json_object_put(top);
	if (r < 0)
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifestjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jsonfield.h"
#include "str.h"

static const struct jsonfield fields[] = {
    JSONFIELD(TEXT, manifest, id),
    JSONFIELD(TEXT, manifest, user),
    JSONFIELD(U32, manifest, uid),
    JSONFIELD(TEXT, manifest, definition),
    JSONFIELD(TEXT, manifest, definition_digest),
    JSONFIELD(TEXT, manifest, host.kernel),
    JSONFIELD(TEXT, manifest, host.arch),
    JSONFIELD(TEXT, manifest, host.vendor),
    JSONFIELD(TEXT, manifest, host.model),
    JSONFIELD(TEXT, manifest, host.flags),
    JSONFIELD(TEXT, manifest, criu),
    JSONFIELD(TEXT, manifest, init_digest),
    JSONFIELD(TEXT, manifest, attach_digest),
    JSONFIELD(U64, manifest, counter),
    JSONFIELD(U64, manifest, created_us),
    JSONFIELD(INT, manifest, leave_running),
    JSONFIELD(TEXT, manifest, nonce),
};

static const char *const type_names[] = {
    [TREE_FOLDER] = "folder", [TREE_FILE] = "file", [TREE_LINK] = "link"};

static bool add_text(struct json_object *o, const char *name, const char *text)
{
	return json_object_object_add(o, name, json_object_new_string(text)) == 0;
}

static bool add_entry(struct json_object *list, const struct tree_entry *e)
{
	struct json_object *o = json_object_new_object();
	bool ok = o && add_text(o, "path", e->path) && add_text(o, "type", type_names[e->type]);

	if (ok && e->type == TREE_FILE)
		ok = json_object_object_add(o, "size", json_object_new_uint64(e->size)) == 0 &&
		     add_text(o, "tag", e->text);
	if (ok && e->type == TREE_LINK)
		ok = add_text(o, "target", e->text);
	if (ok && json_object_array_add(list, o) == 0)
		return true;
	json_object_put(o);
	return false;
}

static bool add_tree(struct json_object *top, const struct tree *t)
{
	struct json_object *list = json_object_new_array();
	bool ok = list != NULL;

	for (size_t i = 0; ok && i < t->n; i++)
		ok = add_entry(list, &t->v[i]);
	if (ok && json_object_object_add(top, "tree", list) == 0)
		return true;
	json_object_put(list);
	return false;
}

char *manifestjson_format(const struct manifest *m, const struct tree *t)
{
	struct json_object *top = json_object_new_object();
	char *text = NULL;

	if (top &&
	    json_object_object_add(top, "format", json_object_new_int(MANIFEST_FORMAT)) == 0 &&
	    jsonfield_add(top, fields, ARRAY_SIZE(fields), m) && add_tree(top, t))
		text = strdup(json_object_to_json_string_ext(
		    top, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
	if (!text)
		errno = ENOMEM;
	return text;
}

static int take_size(struct json_object *o, uint64_t *ret)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, "size", &v) || !json_object_is_type(v, json_type_int) ||
	    json_object_get_int64(v) < 0)
		return -EBADMSG;
	*ret = (uint64_t)json_object_get_int64(v); /* a file's size is an off_t */
	return 0;
}

static int take_entry(struct json_object *o, struct tree_entry *e)
{
	const char *path = jsonfield_text(o, "path"), *type = jsonfield_text(o, "type"), *text;
	int n = 0;

	if (!path || !type || !tree_path_is_plain(path) ||
	    str_copy(e->path, sizeof(e->path), path) < 0)
		return -EBADMSG;
	while (n < (int)ARRAY_SIZE(type_names) && strcmp(type_names[n], type) != 0)
		n++;
	if (n == (int)ARRAY_SIZE(type_names))
		return -EBADMSG;
	e->type = (enum tree_type)n;
	if (e->type == TREE_FOLDER)
		return 0;
	text = jsonfield_text(o, e->type == TREE_FILE ? "tag" : "target");
	if (!text || str_copy(e->text, sizeof(e->text), text) < 0)
		return -EBADMSG;
	if (e->type == TREE_LINK)
		return tree_link_is_plain(e->path, e->text) ? 0 : -EBADMSG;
	return strlen(e->text) == SODIUMLIB_HEX - 1 ? take_size(o, &e->size) : -EBADMSG;
}

static int take_tree(struct json_object *top, struct tree *t)
{
	struct json_object *list;
	int r = 0;

	if (!json_object_object_get_ex(top, "tree", &list) ||
	    !json_object_is_type(list, json_type_array))
		return -EBADMSG;
	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		struct tree_entry *e = tree_add(t);

		if (!e)
			return -ENOMEM;
		r = json_object_is_type(o, json_type_object) ? take_entry(o, e) : -EBADMSG;
		if (r == 0 && i > 0 && strcmp(t->v[i - 1].path, e->path) >= 0)
			r = -EBADMSG;
	}
	return r;
}

static int parse(struct json_object *top, struct manifest *m, struct tree *t, const char **why)
{
	struct json_object *v;

	*why = "format";
	if (!json_object_object_get_ex(top, "format", &v) || !json_object_is_type(v, json_type_int))
		return -EBADMSG;
	if (json_object_get_int64(v) != MANIFEST_FORMAT)
		return -EPROTONOSUPPORT;
	if (jsonfield_take(top, fields, ARRAY_SIZE(fields), m, why) < 0)
		return -EBADMSG;
	*why = "id";
	if (!state_id_is_valid(m->id))
		return -EBADMSG;
	*why = "nonce";
	if (strlen(m->nonce) != TREE_NONCE)
		return -EBADMSG;
	*why = "tree";
	return take_tree(top, t);
}

int manifestjson_parse(const char *text, struct manifest *ret, struct tree *ret_tree,
		       struct ctr_error *err)
{
	struct json_object *top = jsonfield_read_object(text);
	autotree struct tree t = {0};
	struct manifest m = {0};
	const char *why = "not a JSON object";
	int r = top ? parse(top, &m, &t, &why) : -EBADMSG;

	json_object_put(top);
	if (r == -EPROTONOSUPPORT)
		return err_set(err, CTR_E_IMAGE, EPROTONOSUPPORT, "manifest",
			       "manifest.json: of another release; this one reads format %d",
			       MANIFEST_FORMAT);
	if (r == -ENOMEM)
		return err_sys(err, r, "manifest", "read manifest.json");
	if (r < 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest", "manifest.json: damaged (%s)",
			       why);
	for (size_t i = 0; i < t.n; i++) {
		m.files += t.v[i].type == TREE_FILE;
		m.bytes += t.v[i].size;
	}
	*ret = m;
	tree_done(ret_tree);
	*ret_tree = t;
	t = (struct tree){0};
	return 0;
}

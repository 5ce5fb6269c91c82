/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "manifestjson.h"
#include "str.h"
#include "tag.h"

#define MAC_HEAD "pam_container-manifest-mac 1"
enum { DIGEST_FILE_MAX = 64 << 20 };

int manifest_digest(const struct sodiumlib *lib, const char *text, char ret[SODIUMLIB_HEX])
{
	const struct sodiumlib_in in = {NULL, "", text, strlen(text)};

	return sodiumlib_hash_hex(lib, &in, ret);
}

int manifest_digest_file(const struct sodiumlib *lib, int dirfd, const char *path,
			 char ret[SODIUMLIB_HEX])
{
	autofd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct sodiumlib_in in = {.purpose = ""};
	autofree char *text = NULL;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_read_dup(fd, DIGEST_FILE_MAX, &text, &in.len);
	in.data = text;
	return r < 0 ? r : sodiumlib_hash_hex(lib, &in, ret);
}

int manifest_describe(const struct state *st, const struct sodiumlib *lib, struct manifest *ret,
		      struct ctr_error *err)
{
	struct manifest m = {.uid = st->uid};
	int r = hostfacts_read(&m.host, err);

	if (r < 0)
		return r;
	r = str_copy(m.id, sizeof(m.id), st->id);
	if (r == 0)
		r = str_copy(m.user, sizeof(m.user), st->user);
	if (r == 0)
		r = str_copy(m.definition, sizeof(m.definition), st->definition);
	if (r == 0)
		r = manifest_digest(lib, st->text, m.definition_digest);
	if (r < 0)
		return err_sys(err, r, "manifest", "describe container %s", st->id);
	*ret = m;
	return 0;
}

/* ---- the MAC ---- */

static int make_mac(const struct ckptkey *key, const char *text, size_t len,
		    char ret[SODIUMLIB_HEX])
{
	const struct sodiumlib_in in = {key->bytes, "ctr-manifest", text, len};

	return sodiumlib_hash_hex(key->lib, &in, ret);
}

static int format_mac(const struct ckptkey *key, const char *text, size_t len,
		      char ret[MANIFEST_MAC_MAX])
{
	char mac[SODIUMLIB_HEX];
	int r = make_mac(key, text, len, mac);

	return r < 0 ? r : str_format(ret, MANIFEST_MAC_MAX, MAC_HEAD "\n%s\n%s\n", key->id, mac);
}

/* The ID of the key that a MAC says it is of. */
static int mac_key_id(const char *mac, char ret[CKPTKEY_ID])
{
	const char *id;

	if (!str_has_prefix(mac, MAC_HEAD "\n", &id) || strcspn(id, "\n") != CKPTKEY_ID - 1 ||
	    strspn(id, "0123456789abcdef") != CKPTKEY_ID - 1)
		return -EBADMSG;
	return str_format(ret, CKPTKEY_ID, "%.*s", CKPTKEY_ID - 1, id);
}

/* MUST-10: constant time, whole text against whole text. */
static int check_mac(const struct manifest_text *t, const struct ckptkey *key,
		     struct ctr_error *err)
{
	char want[MANIFEST_MAC_MAX], id[CKPTKEY_ID];
	int r;

	if (mac_key_id(t->mac, id) < 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest", "manifest.mac: changed");
	if (strcmp(id, key->id) != 0)
		return err_set(err, CTR_E_IMAGE, EKEYREJECTED, "manifest",
			       "signed with the key %s; this machine has %s", id, key->id);
	r = format_mac(key, t->text, t->len, want);
	if (r < 0)
		return err_sys(err, r, "manifest", "make the MAC");
	if (strlen(t->mac) != strlen(want) || key->lib->equal(t->mac, want, strlen(want)) != 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest", "manifest.json: changed");
	return 0;
}

/* ---- reading ---- */

void manifest_text_done(struct manifest_text *t)
{
	free(t->text);
	t->text = NULL;
}

static int read_private(int dirfd, const char *name, char **ret, size_t *ret_len,
			struct ctr_error *err)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return err_set(err, CTR_E_IMAGE, errno == ENOENT ? ENOENT : EBADMSG, "manifest",
			       "%s: %s", name, errno == ENOENT ? "missing" : "not a file");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077))
		return err_set(err, CTR_E_IMAGE, EPERM, "manifest", "%s: not root's alone", name);
	r = fd_read_dup(fd, MANIFEST_TEXT_MAX, ret, ret_len);
	return r < 0 ? err_sys(err, r, "manifest", "read %s", name) : 0;
}

int manifest_text_read(int dirfd, struct manifest_text *ret, struct ctr_error *err)
{
	automanifest struct manifest_text t = {0};
	autofree char *mac = NULL;
	size_t len;
	int r = read_private(dirfd, "manifest.mac", &mac, &len, err);

	if (r == 0)
		r = read_private(dirfd, "manifest.json", &t.text, &t.len, err);
	if (r < 0)
		return r;
	if (strlen(mac) != len || str_copy(t.mac, sizeof(t.mac), mac) < 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest", "manifest.mac: changed");
	*ret = t;
	t.text = NULL;
	return 0;
}

int manifest_text_check(const struct manifest_text *t, const struct ckptkey *key,
			struct manifest *ret, struct tree *ret_tree, struct ctr_error *err)
{
	struct manifest m;
	int r = check_mac(t, key, err);

	if (r == 0 && strlen(t->text) != t->len)
		r = err_set(err, CTR_E_IMAGE, EBADMSG, "manifest", "manifest.json: damaged");
	if (r == 0)
		r = manifestjson_parse(t->text, &m, ret_tree, err);
	if (r < 0)
		return r;
	memcpy(m.key_id, key->id, sizeof(m.key_id));
	*ret = m;
	return 0;
}

int manifest_read(int dirfd, const struct ckptkey *key, struct manifest *ret, struct ctr_error *err)
{
	automanifest struct manifest_text t = {0};
	autotree struct tree tree = {0};
	int r = manifest_text_read(dirfd, &t, err);

	return r < 0 ? r : manifest_text_check(&t, key, ret, &tree, err);
}

int manifest_key_id(int dirfd, char ret[CKPTKEY_ID])
{
	char mac[MANIFEST_MAC_MAX];
	ssize_t n = fd_read_file_at(dirfd, "manifest.mac", mac, sizeof(mac));

	return n < 0 ? (int)n : mac_key_id(mac, ret);
}

/* ---- files against the list ---- */

static int bad(struct ctr_error *err, const struct tree_entry *e, const char *what)
{
	return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest", "%s: %s", e->path, what);
}

static int compare_entry(const struct tree_entry *want, const struct tree_entry *is,
			 struct ctr_error *err)
{
	if (want->type != is->type)
		return bad(err, want, "changed: was a file, a folder or a link and is another");
	if (want->type == TREE_LINK && strcmp(want->text, is->text) != 0)
		return bad(err, want, "changed: a link to another folder");
	if (is->size < want->size)
		return bad(err, want, "truncated");
	return is->size > want->size ? bad(err, want, "changed: longer than it was") : 0;
}

/* MUST-10: exactly what was signed, no file more and none less. Both are sorted. */
static int compare(const struct tree *want, const struct tree *is, struct ctr_error *err)
{
	for (size_t i = 0; i < want->n || i < is->n; i++) {
		int order = i == want->n ? 1
			    : i == is->n ? -1
					 : strcmp(want->v[i].path, is->v[i].path);
		int r;

		if (order < 0)
			return bad(err, &want->v[i], "missing");
		if (order > 0)
			return bad(err, &is->v[i], "was not signed");
		r = compare_entry(&want->v[i], &is->v[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The files were opened by the names that the folder has; the manifest's are only compared. */
static int compare_tags(const struct manifest_check *k, enum tag_part part, struct ctr_error *err)
{
	for (size_t i = 0; i < k->is.n; i++)
		if (k->is.v[i].type == TREE_FILE && tag_is_in(part, k->is.v[i].path) &&
		    k->key->lib->equal(k->is.v[i].text, k->want.v[i].text, SODIUMLIB_HEX - 1) != 0)
			return bad(err, &k->is.v[i], "changed");
	return 0;
}

void manifest_check_done(struct manifest_check *k)
{
	tree_done(&k->want);
	tree_done(&k->is);
}

int manifest_check_begin(int dirfd, const struct ckptkey *key, struct manifest_check *ret,
			 struct ctr_error *err)
{
	automanifest struct manifest_text t = {0};
	int r = manifest_text_read(dirfd, &t, err);

	*ret = (struct manifest_check){.dirfd = dirfd, .key = key};
	if (r == 0)
		r = manifest_text_check(&t, key, &ret->m, &ret->want, err);
	if (r == 0)
		r = tree_scan(dirfd, TREE_STRICT, &ret->is, err);
	if (r == 0)
		r = compare(&ret->want, &ret->is, err);
	if (r < 0)
		manifest_check_done(ret);
	return r;
}

int manifest_check_tags(struct manifest_check *k, enum tag_part part, struct ctr_error *err)
{
	const struct tag_context c = {
	    .dirfd = k->dirfd, .key = k->key, .nonce = k->m.nonce, .part = part};
	int r = tag_tree(&c, &k->is, err);

	return r < 0 ? r : compare_tags(k, part, err);
}

int manifest_verify(int dirfd, const struct ckptkey *key, struct manifest *ret,
		    struct ctr_error *err)
{
	struct manifest_check k;
	int r = manifest_check_begin(dirfd, key, &k, err);

	if (r < 0)
		return r;
	r = manifest_check_tags(&k, TAG_ALL, err);
	if (r == 0)
		*ret = k.m;
	manifest_check_done(&k);
	return r;
}

/* ---- writing ---- */

int manifest_nonce(const struct sodiumlib *lib, char ret[TREE_NONCE + 1])
{
	unsigned char bytes[TREE_NONCE / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	(void)lib->hex(ret, TREE_NONCE + 1, bytes, sizeof(bytes));
	return 0;
}

static int add_tags(const struct tag_context *c, struct manifest *m, struct tree *t,
		    struct ctr_error *err)
{
	m->files = m->bytes = 0;
	for (size_t i = 0; i < t->n; i++) {
		m->files += t->v[i].type == TREE_FILE;
		m->bytes += t->v[i].size;
	}
	return tag_tree(c, t, err);
}

static int put(int dirfd, const struct manifest *m, const struct ckptkey *key, const struct tree *t)
{
	autofree char *text = manifestjson_format(m, t);
	char mac[MANIFEST_MAC_MAX];
	size_t len;
	int r;

	if (!text)
		return -ENOMEM;
	len = strlen(text);
	r = len > MANIFEST_TEXT_MAX ? -EFBIG : format_mac(key, text, len, mac);
	if (r == 0)
		r = fd_replace_file_at(dirfd, "manifest.json", text, len, 0600);
	if (r == 0)
		r = fd_replace_file_at(dirfd, "manifest.mac", mac, strlen(mac), 0600);
	if (r == 0 && fsync(dirfd) < 0)
		r = -errno;
	return r;
}

int manifest_write_with(const struct tag_context *c, struct manifest *m, struct ctr_error *err)
{
	autotree struct tree t = {0};
	struct manifest done = *m;
	int r = state_check_id(m->id, err);

	if (r < 0)
		return r;
	memcpy(done.key_id, c->key->id, sizeof(done.key_id));
	memcpy(done.nonce, c->nonce, sizeof(done.nonce));
	r = tree_scan(c->dirfd, TREE_SETTLE, &t, err);
	if (r == 0)
		r = add_tags(c, &done, &t, err);
	if (r < 0)
		return r;
	r = put(c->dirfd, &done, c->key, &t);
	if (r < 0)
		return err_sys(err, r, "manifest", "write the manifest of container %s", m->id);
	*m = done;
	return 0;
}

int manifest_write(int dirfd, struct manifest *m, const struct ckptkey *key, struct ctr_error *err)
{
	char nonce[TREE_NONCE + 1];
	const struct tag_context c = {.dirfd = dirfd, .key = key, .nonce = nonce};
	int r = manifest_nonce(key->lib, nonce);

	return r < 0 ? err_sys(err, r, "manifest", "getrandom") : manifest_write_with(&c, m, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "path.h"
#include "tarhead.h"

#define MAC_NAME  "manifest.mac"
#define TEXT_NAME "manifest.json"

enum { PIECE = 256 * 1024 };

static int bad(struct ctr_error *err, const char *path, const char *what)
{
	return err_set(err, CTR_E_IMAGE, EBADMSG, "bundle", "%s: %s", path, what);
}

static struct tarhead head_of(const char *id, const struct tree_entry *e)
{
	static const char types[] = {[TREE_FILE] = '0', [TREE_LINK] = '2', [TREE_FOLDER] = '5'};

	return (struct tarhead){id, e->path, types[e->type], e->size,
				e->type == TREE_LINK ? e->text : NULL};
}

/* ---- writing ---- */

static int write_head(int out, const struct tarhead *h, struct ctr_error *err)
{
	unsigned char block[TARHEAD_BLOCK];
	int r = tarhead_format(h, block);

	if (r == 0)
		r = fd_write_all(out, block, sizeof(block));
	return r < 0 ? err_sys(err, r, "bundle", "write %s", h->path) : 0;
}

static int write_zeros(int out, size_t n, struct ctr_error *err)
{
	static const char zeros[2 * TARHEAD_BLOCK];
	int r = fd_write_all(out, zeros, n);

	return r < 0 ? err_sys(err, r, "bundle", "write") : 0;
}

static int write_text(int out, const struct tarhead *h, const char *text, struct ctr_error *err)
{
	int r = write_head(out, h, err);

	if (r == 0) {
		r = fd_write_all(out, text, h->size);
		if (r < 0)
			return err_sys(err, r, "bundle", "write %s", h->path);
	}
	return r < 0 ? r : write_zeros(out, tarhead_padding(h->size), err);
}

/* Exactly size bytes; what stands there otherwise was changed after it was verified. */
static int copy_out(int from, int out, const struct tarhead *h, struct ctr_error *err)
{
	autofree char *piece = malloc(PIECE);
	uint64_t left = h->size;
	int r = 0;

	if (!piece)
		return err_sys(err, ENOMEM, "bundle", "read %s", h->path);
	while (r == 0 && left > 0) {
		ssize_t n = fd_read_all(from, piece, left < PIECE ? left : PIECE);

		if (n < 0)
			return err_sys(err, (int)n, "bundle", "read %s", h->path);
		if (n == 0)
			return bad(err, h->path, "truncated");
		left -= (uint64_t)n;
		r = fd_write_all(out, piece, (size_t)n);
	}
	return r < 0 ? err_sys(err, r, "bundle", "write %s", h->path)
		     : write_zeros(out, tarhead_padding(h->size), err);
}

static int write_entry(int dirfd, int out, const struct tarhead *h, struct ctr_error *err)
{
	autofd int fd = -1;
	int r = write_head(out, h, err);

	if (r < 0 || h->type != '0')
		return r;
	fd = path_open_nolinks(dirfd, h->path, O_RDONLY | O_NONBLOCK);
	return fd < 0 ? err_sys(err, fd, "bundle", "open %s", h->path) : copy_out(fd, out, h, err);
}

int bundle_write(int dirfd, const struct ckptkey *key, int out, struct ctr_error *err)
{
	automanifest struct manifest_text t = {0};
	autotree struct tree tree = {0};
	struct manifest m;
	struct tarhead h;
	int r = manifest_verify(dirfd, key, &m, err);

	if (r == 0)
		r = manifest_text_read(dirfd, &t, err);
	if (r == 0)
		r = manifest_text_check(&t, key, &m, &tree, err);
	if (r < 0)
		return r;
	h = (struct tarhead){m.id, MAC_NAME, '0', strlen(t.mac), NULL};
	r = write_text(out, &h, t.mac, err);
	h = (struct tarhead){m.id, TEXT_NAME, '0', t.len, NULL};
	if (r == 0)
		r = write_text(out, &h, t.text, err);
	for (size_t i = 0; r == 0 && i < tree.n; i++) {
		h = head_of(m.id, &tree.v[i]);
		r = write_entry(dirfd, out, &h, err);
	}
	return r < 0 ? r : write_zeros(out, 2 * TARHEAD_BLOCK, err);
}

/* ---- reading ---- */

static int get(int fd, void *buf, size_t len, const char *path, struct ctr_error *err)
{
	ssize_t n = fd_read_all(fd, buf, len);

	if (n < 0)
		return err_sys(err, (int)n, "bundle", "read %s", path);
	return (size_t)n == len ? 0 : bad(err, path, "truncated");
}

static int get_zeros(int fd, size_t len, const char *path, struct ctr_error *err)
{
	char block[2 * TARHEAD_BLOCK] = {0};
	int r = get(fd, block, len, path, err);

	for (size_t i = 0; r == 0 && i < len; i++)
		if (block[i])
			r = bad(err, path, "changed");
	return r;
}

/* MUST-10: the header is the one that must come, or nothing more is read. */
static int expect(int fd, const struct tarhead *h, struct ctr_error *err)
{
	unsigned char is[TARHEAD_BLOCK], want[TARHEAD_BLOCK];
	int r = get(fd, is, sizeof(is), h->path, err);

	if (r < 0)
		return r;
	r = tarhead_format(h, want);
	if (r < 0)
		return err_sys(err, r, "bundle", "read %s", h->path);
	return memcmp(is, want, sizeof(is)) == 0 ? 0 : bad(err, h->path, "is not what comes here");
}

static int no_bundle(struct ctr_error *err)
{
	return err_set(err, CTR_E_IMAGE, EBADMSG, "bundle", "not an exported checkpoint");
}

/*
 * Before the MAC was compared: of the first two headers the size is believed as far as max, the
 * folder as far as it is an ID; everything else must be as we write it.
 */
static int get_text(int fd, struct tarhead *h, size_t max, char **ret, struct ctr_error *err)
{
	unsigned char is[TARHEAD_BLOCK], want[TARHEAD_BLOCK];
	char id[TARHEAD_PREFIX_MAX + 1];
	autofree char *text = NULL;
	int r = get(fd, is, sizeof(is), h->path, err);

	if (r < 0)
		return r;
	if (tarhead_peek(is, id, &h->size) < 0 || !state_id_is_valid(id) || h->size > max)
		return no_bundle(err);
	h->prefix = id;
	if (tarhead_format(h, want) < 0 || memcmp(is, want, sizeof(is)) != 0)
		return no_bundle(err);
	text = malloc(h->size + 1);
	if (!text)
		return err_sys(err, ENOMEM, "bundle", "read %s", h->path);
	r = get(fd, text, h->size, h->path, err);
	if (r == 0)
		r = get_zeros(fd, tarhead_padding(h->size), h->path, err);
	if (r < 0)
		return r;
	text[h->size] = '\0';
	*ret = take_ptr(text);
	return 0;
}

void bundle_done(struct bundle *b)
{
	manifest_text_done(&b->text);
	tree_done(&b->tree);
}

int bundle_open(int fd, const struct ckptkey *key, struct bundle *ret, struct ctr_error *err)
{
	autobundle struct bundle b = {.fd = fd, .key = key};
	struct tarhead h = {.path = MAC_NAME, .type = '0'};
	autofree char *mac = NULL;
	int r = get_text(fd, &h, sizeof(b.text.mac) - 1, &mac, err);

	if (r < 0)
		return r;
	if (strlen(mac) != h.size || str_copy(b.text.mac, sizeof(b.text.mac), mac) < 0)
		return bad(err, MAC_NAME, "changed");
	h.path = TEXT_NAME;
	r = get_text(fd, &h, MANIFEST_TEXT_MAX, &b.text.text, err);
	b.text.len = h.size;
	if (r == 0)
		r = manifest_text_check(&b.text, key, &b.manifest, &b.tree, err);
	if (r < 0)
		return r;
	*ret = b;
	b = (struct bundle){0};
	return 0;
}

static int copy_in(int fd, int out, const struct tarhead *h, struct ctr_error *err)
{
	autofree char *piece = malloc(PIECE);
	uint64_t left = h->size;
	int r = piece ? 0 : -ENOMEM;

	while (r == 0 && left > 0) {
		size_t n = left < PIECE ? left : PIECE;

		r = get(fd, piece, n, h->path, err);
		if (r < 0)
			return r;
		left -= n;
		r = fd_write_all(out, piece, n);
	}
	return r < 0 ? err_sys(err, r, "bundle", "write %s", h->path)
		     : get_zeros(fd, tarhead_padding(h->size), h->path, err);
}

/* Only below folders that were made here a moment ago, and nothing that is there already. */
static int open_parent(int dirfd, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");

	if (!dir)
		return -ENOMEM;
	*ret_name = slash ? slash + 1 : path;
	return path_open_nolinks(dirfd, dir, O_PATH | O_DIRECTORY);
}

static int unpack_entry(const struct bundle *b, int dirfd, const struct tree_entry *e,
			struct ctr_error *err)
{
	const struct tarhead h = head_of(b->manifest.id, e);
	autofd int parent = -1, out = -1;
	const char *name;
	int r = expect(b->fd, &h, err);

	if (r < 0)
		return r;
	parent = open_parent(dirfd, e->path, &name);
	r = parent < 0 ? parent : 0;
	if (r == 0 && e->type == TREE_FOLDER && mkdirat(parent, name, 0700) < 0)
		r = -errno;
	if (r == 0 && e->type == TREE_LINK && symlinkat(e->text, parent, name) < 0)
		r = -errno;
	if (r == 0 && e->type == TREE_FILE) {
		out = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			     0600);
		r = out < 0 ? -errno : 0;
	}
	if (r < 0)
		return err_sys(err, r, "bundle", "make %s", e->path);
	return e->type == TREE_FILE ? copy_in(b->fd, out, &h, err) : 0;
}

static int expect_end(int fd, struct ctr_error *err)
{
	char more;
	int r = get_zeros(fd, 2 * TARHEAD_BLOCK, "the end", err);

	if (r < 0)
		return r;
	return fd_read_all(fd, &more, 1) == 0 ? 0 : bad(err, "the end", "there is more after it");
}

static int put_texts(const struct bundle *b, int dirfd, struct ctr_error *err)
{
	int r = fd_replace_file_at(dirfd, TEXT_NAME, b->text.text, b->text.len, 0600);

	if (r == 0)
		r = fd_replace_file_at(dirfd, MAC_NAME, b->text.mac, strlen(b->text.mac), 0600);
	return r < 0 ? err_sys(err, r, "bundle", "write the manifest") : 0;
}

int bundle_unpack(const struct bundle *b, int dirfd, struct ctr_error *err)
{
	struct manifest m;
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->tree.n; i++)
		r = unpack_entry(b, dirfd, &b->tree.v[i], err);
	if (r == 0)
		r = expect_end(b->fd, err);
	if (r == 0)
		r = put_texts(b, dirfd, err);
	return r < 0 ? r : manifest_verify(dirfd, b->key, &m, err);
}

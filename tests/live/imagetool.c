/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptdir.h"
#include "cleanup.h"
#include "fd.h"
#include "ledger.h"
#include "manifest.h"
#include "num.h"

/*
 * Checkpoints without CRIU, for tests/live/test_images.py: signed folders with little in them.
 *
 * imagetool take ROOT ID USER UID DEFINITION [kernel=|arch=|criu=|helpers=VALUE] <definition's text
 * imagetool spend ROOT ID COUNTER
 * imagetool edit ROOT ID kernel=|arch=|criu=VALUE: what a checkpoint says of itself, signed again
 * imagetool flip ROOT ID TIMES: each file of a checkpoint with one bit changed, at so many places:
 *	prints how many of them there were; fails when one was not refused
 */

struct tool {
	int root;
	struct sodiumlib lib;
	struct ckptkey key;
	struct state st;
	struct manifest m;
};

static int describe(struct tool *t, char **argv, struct ctr_error *err)
{
	autofree char *text = NULL;
	int r = fd_read_dup(STDIN_FILENO, sizeof(t->st.text) - 1, &text, NULL);

	if (r == 0)
		r = str_copy(t->st.id, sizeof(t->st.id), argv[0]);
	if (r == 0)
		r = str_copy(t->st.user, sizeof(t->st.user), argv[1]);
	if (r == 0)
		r = num_id(argv[2], &t->st.uid);
	if (r == 0)
		r = str_copy(t->st.definition, sizeof(t->st.definition), argv[3]);
	if (r == 0)
		r = str_copy(t->st.text, sizeof(t->st.text), text);
	return r < 0 ? err_sys(err, r, "imagetool", "arguments")
		     : manifest_describe(&t->st, &t->lib, &t->m, err);
}

static int edit(struct tool *t, const char *word, struct ctr_error *err)
{
	autofd int dir = -1;
	const char *value;
	int r = -EINVAL;

	if (str_has_prefix(word, "kernel=", &value)) {
		r = str_copy(t->m.host.kernel, sizeof(t->m.host.kernel), value);
	} else if (str_has_prefix(word, "arch=", &value)) {
		r = str_copy(t->m.host.arch, sizeof(t->m.host.arch), value);
	} else if (str_has_prefix(word, "criu=", &value)) {
		r = str_copy(t->m.criu, sizeof(t->m.criu), value);
	} else if (str_has_prefix(word, "helpers=", &value)) {
		dir = open(value, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = manifest_digest_file(&t->lib, dir, "container-init", t->m.init_digest);
	}
	return r < 0 ? err_sys(err, r, "imagetool", "%s", word) : 0;
}

static int fill(int dir, struct ctr_error *err)
{
	static const char page[5000] = "a page";
	autofd int images = -1;
	int r;

	if (mkdirat(dir, "images", 0700) < 0 || mkdirat(dir, "pre-1", 0700) < 0 ||
	    symlinkat("../pre-1", dir, "images/parent") < 0)
		return err_sys(err, errno, "imagetool", "fill");
	images = openat(dir, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd_replace_file_at(images, "pages-1.img", page, sizeof(page), 0600);
	if (r == 0)
		r = fd_replace_file_at(dir, "state.json", "{}", 2, 0600);
	return r < 0 ? err_sys(err, r, "imagetool", "fill") : 0;
}

static int take(struct tool *t, char **argv, struct ctr_error *err)
{
	char name[CKPTDIR_NAME];
	autofd int dir = -1;
	int r = describe(t, argv, err);

	for (argv += 4; r == 0 && *argv; argv++)
		r = edit(t, *argv, err);
	if (r == 0)
		r = ckptkey_need(t->root, &t->lib, &t->key, err);
	if (r == 0)
		r = ledger_issue(t->root, t->m.id, &t->m.counter, err);
	if (r < 0)
		return r;
	t->m.created_us = state_now_us();
	dir = ckptdir_new(t->root, name, err);
	r = dir < 0 ? dir : fill(dir, err);
	if (r == 0)
		r = manifest_write(dir, &t->m, &t->key, err);
	if (r == 0)
		r = ckptdir_publish(t->root, name, t->m.id, true, err);
	if (r == 0)
		(void)printf("%" PRIu64 "\n", t->m.counter);
	return r;
}

static int sign_again(struct tool *t, char **argv, struct ctr_error *err)
{
	autofd int dir = ckptdir_open(t->root, argv[0], err);
	int r = dir < 0 ? dir : ckptkey_read(t->root, &t->lib, &t->key, err);

	if (r == 0)
		r = manifest_read(dir, &t->key, &t->m, err);
	for (argv++; r == 0 && *argv; argv++)
		r = edit(t, *argv, err);
	return r < 0 ? r : manifest_write(dir, &t->m, &t->key, err);
}

static int flip_bit(int fd, off_t at)
{
	unsigned char c;

	if (pread(fd, &c, 1, at) != 1)
		return -EIO;
	c ^= (unsigned char)(1 << at % 8);
	return pwrite(fd, &c, 1, at) == 1 ? 0 : -EIO;
}

/* Number of places that were tried; -EBADMSG when the change at one of them was not seen. */
static int flip_file(struct tool *t, int dir, const struct tree_entry *e, uint64_t times)
{
	autofd int fd = openat(dir, e->path, O_RDWR | O_CLOEXEC);
	uint64_t step = e->size > times ? e->size / times : 1;
	int n = 0, r = fd < 0 ? -errno : 0;

	for (uint64_t at = 0; r == 0 && at < e->size && n < (int)times; at += step, n++) {
		r = flip_bit(fd, (off_t)at);
		if (r == 0 && manifest_verify(dir, &t->key, &t->m, NULL) == 0)
			r = -EBADMSG;
		if (flip_bit(fd, (off_t)at) < 0)
			r = -EIO;
	}
	return r < 0 ? r : n;
}

static int flip(struct tool *t, const char *id, uint64_t times, struct ctr_error *err)
{
	autofd int dir = ckptdir_open(t->root, id, err);
	autotree struct tree tree = {0};
	int n = 0, r = dir < 0 ? dir : ckptkey_read(t->root, &t->lib, &t->key, err);

	if (r == 0)
		r = manifest_verify(dir, &t->key, &t->m, err);
	if (r == 0)
		r = tree_scan(dir, TREE_STRICT, &tree, err);
	for (size_t i = 0; r >= 0 && i < tree.n; i++) {
		if (tree.v[i].type != TREE_FILE)
			continue;
		r = flip_file(t, dir, &tree.v[i], times);
		if (r < 0)
			return err_sys(err, r, "imagetool", "flip %s", tree.v[i].path);
		n += r;
	}
	if (r >= 0)
		(void)printf("%zu %d\n", tree.n, n);
	return r < 0 ? r : manifest_verify(dir, &t->key, &t->m, err);
}

int main(int argc, char **argv)
{
	static struct tool t;
	struct ctr_error err = {.text = "usage"};
	uint64_t counter;
	int r = -EINVAL;

	if (argc < 5)
		return 2;
	t.root = ckptdir_open_root(argv[2], &err);
	if (t.root < 0 || sodiumlib_open(&t.lib, &err) < 0)
		return 1;
	if (strcmp(argv[1], "take") == 0 && argc >= 7)
		r = take(&t, argv + 3, &err);
	else if (strcmp(argv[1], "spend") == 0 && num_u64(argv[4], &counter) == 0)
		r = ledger_spend(t.root, argv[3], counter, &err);
	else if (strcmp(argv[1], "edit") == 0)
		r = sign_again(&t, argv + 3, &err);
	else if (strcmp(argv[1], "flip") == 0 && num_u64(argv[4], &counter) == 0)
		r = flip(&t, argv[3], counter, &err);
	if (r < 0)
		(void)fprintf(stderr, "imagetool: %s\n", err.text);
	return r < 0;
}

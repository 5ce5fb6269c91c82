/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FOLDER_H
#define FOLDER_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptdir.h"
#include "cleanup.h"
#include "fd.h"
#include "manifest.h"

/* For the tests of checkpoints: a folder below /tmp with a key in it, and an image. */

struct folder {
	char path[32];
	int fd;
	struct sodiumlib lib;
	struct ckptkey key;
};

static inline void folder_make(struct folder *f)
{
	*f = (struct folder){.path = "/tmp/test_folder.XXXXXX"};
	assert_non_null(mkdtemp(f->path));
	f->fd = ckptdir_open_root(f->path, NULL);
	assert_true(f->fd >= 0);
	assert_int_equal(sodiumlib_open(&f->lib, NULL), 0);
	assert_int_equal(ckptkey_make(f->fd, &f->lib, &f->key, NULL), 0);
}

static inline void folder_remove(struct folder *f)
{
	ckptkey_done(&f->key);
	sodiumlib_close(&f->lib);
	(void)close(f->fd);
	assert_int_equal(tree_remove(AT_FDCWD, f->path, NULL), 0);
}

static inline void folder_put(int dirfd, const char *path, const void *data, size_t len)
{
	autofd int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
}

/* Files of several lengths, folders, and a parent's link as CRIU makes it. */
static inline void folder_fill(int dirfd)
{
	static unsigned char pages[300000];

	for (size_t i = 0; i < sizeof(pages); i++)
		pages[i] = (unsigned char)(i * 7 + i / 251);
	assert_int_equal(mkdirat(dirfd, "images", 0755), 0);
	assert_int_equal(mkdirat(dirfd, "pre-1", 0755), 0);
	assert_int_equal(mkdirat(dirfd, "helpers", 0755), 0);
	assert_int_equal(symlinkat("../pre-1", dirfd, "images/parent"), 0);
	folder_put(dirfd, "state.json", "{\"id\":\"alice-1\"}", 16);
	folder_put(dirfd, "images/pages-1.img", pages, sizeof(pages));
	folder_put(dirfd, "images/core-1.img", pages + 77, 1);
	folder_put(dirfd, "images/core-2.img", pages, 4096);
	folder_put(dirfd, "images/stats-dump", "", 0);
	folder_put(dirfd, "pre-1/pages-1.img", pages, 8191);
	folder_put(dirfd, "mounts", "/home\n", 6);
}

static inline void folder_describe(struct manifest *m, uint64_t counter)
{
	*m = (struct manifest){.id = "alice-1",
			       .user = "alice",
			       .uid = 1000,
			       .definition = "box",
			       .host = {.kernel = "6.1.0-18-amd64",
					.arch = "x86_64",
					.vendor = "GenuineIntel",
					.model = "A \"CPU\"",
					.flags = "fpu sse sse2 avx avx2"},
			       .criu = "4.1.1",
			       .counter = counter,
			       .created_us = 1700000000000000};
	memset(m->definition_digest, 'd', SODIUMLIB_HEX - 1);
	memset(m->init_digest, 'i', SODIUMLIB_HEX - 1);
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "treetar.h"

#include <stddef.h>

#include "child.h"

enum { TREETAR_MS = 600000 };

#define TAR "/bin/tar"
#define WHOLE                                                                                      \
	"--numeric-owner", "--same-owner", "--preserve-permissions", "--acls", "--xattrs",         \
	    "--xattrs-include=*"

int treetar_pack(int dirfd, int out, struct ctr_error *err)
{
	static const char *const argv[] = {TAR, WHOLE, "--sparse", "-cf", "-", ".", NULL};
	const struct child_command cmd = {.argv = argv, .dirfd = dirfd, .in = -1, .out = out};

	return child_exec(&cmd, TREETAR_MS, err);
}

int treetar_unpack(int in, int dirfd, struct ctr_error *err)
{
	static const char *const argv[] = {TAR, WHOLE, "-xf", "-", NULL};
	const struct child_command cmd = {.argv = argv, .dirfd = dirfd, .in = in, .out = -1};

	return child_exec(&cmd, TREETAR_MS, err);
}

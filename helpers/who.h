/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WHO_H
#define WHO_H

#include <sys/types.h>

#include "err.h"
#include "str.h"

/* A user as the host's NSS knows him (MUST-7). */

enum { WHO_GROUPS = 1024 };

/** struct who - strings are owned; who_done() frees them */
struct who {
	char *user, *home, *shell;
	uid_t uid;
	gid_t gid;
	gid_t gids[WHO_GROUPS];
	size_t ngids;
	struct strv groups; /* names; groups without one are left out. The primary one is first */
};

/** who_find - by name, or by number. -ENOENT when there is no such user */
int who_find(const char *name, struct who *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

void who_done(struct who *who);
#define autowho __attribute__((cleanup(who_done)))

/** who_name - the name of a uid, or its number. dst: at least 64 bytes */
void who_name(uid_t uid, char *dst, size_t size);

#endif

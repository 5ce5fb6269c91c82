/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SESSION_H
#define SESSION_H

#include <stdint.h>
#include <sys/types.h>

#include "cghome.h"
#include "err.h"
#include "msg.h"

/* A login, as the module tells it, and the list of logins that use one container. */

enum { SESSION_MAX = 256, SESSION_PER_UID = 64 };

/** struct login - facts of one login; strings in fixed space, refused when they do not fit */
struct login {
	char user[64], shell[256], home[256], service[32], tty[32], ruser[64];
	char rhost[256];  /* a name in DNS has up to 253 bytes */
	char program[64]; /* name of the caller's executable; "" when it can not be told */
	uid_t uid;
	gid_t gid;
	pid_t pid; /* of the caller */
	int hook;  /* the setcred hook was seen */
};

/** login_parse - from a `login` message. -EINVAL names what is missing or wrong */
int login_parse(const struct msg *m, struct login *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** login_shell - of the account; the system's where it names none */
const char *login_shell(const struct login *l);

/** login_format - the records of a `login` message again, to forward it */
void login_format(const struct login *l, struct msg *m);

/** struct session - one login's use of the container */
struct session {
	int sock;	  /* to the module */
	int caller;	  /* pidfd of the program that runs PAM */
	int joined;	  /* pidfd of the process that entered, -1 */
	pid_t pid;	  /* of the caller */
	pid_t joined_pid; /* of the process that entered */
	uid_t uid;
	struct cghome home; /* where the caller was before it joined */
	uint64_t since_us;
	char user[64], service[32], tty[32];
	char rhost[64]; /* for people: as much as fits */
};

/** session_start - take over the descriptors; the record for the list */
void session_start(struct session *s, const struct login *l, int sock, int caller);

/** session_end - kill what entered for it and is still there, close everything */
void session_end(struct session *s);

#endif

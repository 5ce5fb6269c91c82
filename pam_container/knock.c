/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knock.h"

#include <errno.h>

#include "cleanup.h"
#include "recent.h"
#include "str.h"

/* It takes a millisecond; one that is stopped or at work for others is not waited for. */
enum { KNOCK_MS = 250 };

int knock_start(const struct args *a, struct msg *login)
{
	size_t len = login->len, nfds = login->nfds;
	autofd int control = -1, ours = -1, theirs = -1;
	uint64_t uid;
	int sv[2], r;

	/* with debug the helper logs each rule */
	if (a->debug || msg_get_u64(login, "uid", &uid) < 0)
		return -ENOENT;
	control = recent_connect(CTR_STATEDIR, (uid_t)uid);
	if (control < 0)
		return control;
	r = msg_pair(sv);
	if (r < 0)
		return r;
	ours = sv[0];
	theirs = sv[1];
	msg_add(login, "conf", "%s", a->conf ? a->conf : "");
	msg_add_fd(login, theirs);
	/* a supervisor of before does not know the verb, and closes what came with it */
	msg_set_verb(login, "knock");
	r = msg_send(control, login, 0);
	msg_set_verb(login, "login");
	login->len = len;
	login->nfds = nfds;
	return r < 0 ? r : take_fd(&ours);
}

int knock_answer(int sock, struct msg *answer, int left_ms)
{
	int r = msg_recv(sock, answer, left_ms < KNOCK_MS ? left_ms : KNOCK_MS);

	if (r == 0 && !str_equal(msg_verb(answer), "contained")) {
		msg_done(answer);
		r = -EAGAIN;
	}
	return r;
}

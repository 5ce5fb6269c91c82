/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MSG_H
#define MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "err.h"

/*
 * Messages between our processes: one SOCK_SEQPACKET datagram, a verb and key=value records, each
 * ended by NUL, and up to MSG_FDS descriptors by SCM_RIGHTS. No allocation: the whole message is
 * one struct, so that PID 1 needs the same memory whatever its peers send.
 */

enum { MSG_MAX = 32768, MSG_FDS = 24 };

/** struct msg - one message; owns its descriptors after msg_recv until msg_take_fd */
struct msg {
	size_t len;
	size_t nfds;
	struct ucred
	    cred; /* sender as the kernel says (SCM_CREDENTIALS), pid 0 when not asked for */
	int fds[MSG_FDS];
	char buf[MSG_MAX];
};

/** msg_init - start a message with its verb, [a-z-]+ */
void msg_init(struct msg *m, const char *verb);

/** msg_set_verb - give it another verb; records and descriptors stay. Sticky as msg_add */
void msg_set_verb(struct msg *m, const char *verb);

/** msg_add - append key=value; sticky: a failed add makes msg_send return -EMSGSIZE */
void msg_add(struct msg *m, const char *key, const char *fmt, ...) ATTR_PRINTF(3, 4);

/** msg_add_fd - attach a descriptor (borrowed until sent); sticky as msg_add */
void msg_add_fd(struct msg *m, int fd);

/** msg_send - send without blocking longer than timeout_ms (-1: for ever); MSG_NOSIGNAL */
int msg_send(int sock, const struct msg *m, int timeout_ms) ATTR_WARN_UNUSED;

/**
 * msg_recv - receive one; descriptors arrive CLOEXEC
 *
 * Returns 0; -ENOTCONN on end of file; -EBADMSG for what is no message (truncated data or
 * control, missing NULs, bad verb or key, duplicate descriptors count) with all its descriptors
 * closed; -EAGAIN/-ETIMEDOUT when nothing came within timeout_ms (0: poll, -1: for ever).
 */
int msg_recv(int sock, struct msg *m, int timeout_ms) ATTR_WARN_UNUSED;

/**
 * msg_peek - look at the next message and leave it in its place, with its descriptors
 * @ret_fds: whether descriptors came with it; told with 0 and -EBADMSG
 *
 * For who must not own what a peer sends: closing a descriptor may block for as long as its sender
 * likes. Does not wait. The socket needs SO_PASSCRED, by which an empty message differs from the
 * end. Results as msg_recv; -ECONNRESET is no message, more may come.
 */
int msg_peek(int sock, struct msg *m, bool *ret_fds) ATTR_WARN_UNUSED;

/** msg_verb - the verb */
const char *msg_verb(const struct msg *m);

/** msg_get - value of the first record of that key, NULL when absent */
const char *msg_get(const struct msg *m, const char *key);

/**
 * msg_next - iterate over records; *pos starts at 0
 *
 * Returns false at the end. key_len tells where the key ends; value follows.
 */
bool msg_next(const struct msg *m, size_t *pos, const char **key, size_t *key_len,
	      const char **value);

/** msg_get_u64 - number of that key; -ENOENT, -EINVAL, -ERANGE */
int msg_get_u64(const struct msg *m, const char *key, uint64_t *ret) ATTR_WARN_UNUSED;

/** msg_take_fd - move descriptor i out; -1 when there is none */
int msg_take_fd(struct msg *m, size_t i);

/** msg_done - close the descriptors that were received and not taken */
void msg_done(struct msg *m);

/** msg_add_error, msg_get_error - an error record as records code, errno, stage, text */
void msg_add_error(struct msg *m, const struct ctr_error *err);
int msg_get_error(const struct msg *m, struct ctr_error *err);

#define automsg __attribute__((cleanup(msg_done)))

/** msg_pair - SOCK_SEQPACKET|CLOEXEC socketpair */
int msg_pair(int sv[2]) ATTR_WARN_UNUSED;

/**
 * msg_listen_at - bind and listen below a directory descriptor (through /proc/self/fd)
 * @mode: of the socket file; set before listen, so nobody connects earlier
 */
int msg_listen_at(int dirfd, const char *name, mode_t mode) ATTR_WARN_UNUSED;

/** msg_connect_at - connect to a socket below a directory descriptor (name NULL: dirfd is the
 * socket's O_PATH descriptor). -ETIMEDOUT after two seconds with a full queue */
int msg_connect_at(int dirfd, const char *name) ATTR_WARN_UNUSED;

/** msg_connect_by - connect a socket that is there already by a path; waits as long as it is set to
 */
int msg_connect_by(int sock, const char *path) ATTR_WARN_UNUSED;

/** msg_try_connect_at - the same without waiting: -EAGAIN with a full queue. Does not block later
 */
int msg_try_connect_at(int dirfd, const char *name) ATTR_WARN_UNUSED;

/** msg_peer_cred - SO_PEERCRED */
int msg_peer_cred(int sock, struct ucred *ret) ATTR_WARN_UNUSED;

#endif

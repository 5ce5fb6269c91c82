/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "num.h"
#include "str.h"

/* len beyond the buffer marks a message that did not fit (sticky) */
enum { OVERFLOWED = MSG_MAX + 1, CONNECT_S = 2 };

void msg_init(struct msg *m, const char *verb)
{
	m->nfds = 0;
	m->cred = (struct ucred){0};
	m->len = str_copy(m->buf, sizeof(m->buf), verb) < 0 ? OVERFLOWED : strlen(verb) + 1;
}

void msg_set_verb(struct msg *m, const char *verb)
{
	size_t before = strlen(msg_verb(m)) + 1, now = strlen(verb) + 1;

	if (m->len > MSG_MAX || m->len < before || m->len - before + now > MSG_MAX) {
		m->len = OVERFLOWED;
		return;
	}
	memmove(m->buf + now, m->buf + before, m->len - before);
	memcpy(m->buf, verb, now);
	m->len = m->len - before + now;
}

void msg_add(struct msg *m, const char *key, const char *fmt, ...)
{
	size_t klen = strlen(key);
	va_list ap;
	int r;

	if (m->len > MSG_MAX || klen + 2 > MSG_MAX - m->len) {
		m->len = OVERFLOWED;
		return;
	}
	memcpy(m->buf + m->len, key, klen);
	m->buf[m->len + klen] = '=';
	va_start(ap, fmt);
	r = str_vformat(m->buf + m->len + klen + 1, MSG_MAX - m->len - klen - 1, fmt, ap);
	va_end(ap);
	m->len = r < 0 ? (size_t)OVERFLOWED : m->len + strlen(m->buf + m->len) + 1;
}

void msg_add_fd(struct msg *m, int fd)
{
	if (m->nfds >= MSG_FDS)
		m->len = OVERFLOWED;
	else
		m->fds[m->nfds++] = fd;
}

static int wait_for(int sock, short events, int timeout_ms)
{
	uint64_t end = child_now_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);

	for (;;) {
		struct pollfd p = {.fd = sock, .events = events};
		uint64_t now = child_now_ms();
		int left = timeout_ms < 0 ? -1 : now < end ? (int)(end - now) : 0;
		int n = poll(&p, 1, left);

		if (n > 0)
			return 0;
		if (n == 0)
			return timeout_ms == 0 ? -EAGAIN : -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* Control messages: descriptors and, received only, credentials. */
union control {
	char buf[CMSG_SPACE(sizeof(int) * MSG_FDS) + CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

int msg_send(int sock, const struct msg *m, int timeout_ms)
{
	union control c;
	struct iovec iov = {.iov_base = (void *)m->buf, .iov_len = m->len};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	if (m->len > MSG_MAX)
		return -EMSGSIZE;
	if (m->nfds > 0) {
		struct cmsghdr *cm;

		memset(&c, 0, sizeof(c));
		h.msg_control = c.buf;
		h.msg_controllen = CMSG_SPACE(sizeof(int) * m->nfds);
		cm = CMSG_FIRSTHDR(&h);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * m->nfds);
		memcpy(CMSG_DATA(cm), m->fds, sizeof(int) * m->nfds);
	}
	for (;;) {
		int r;

		if (sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(sock, POLLOUT, timeout_ms);
		if (r < 0)
			return r;
	}
}

/*
 * The room for credentials takes descriptors when no credentials come: more than MSG_FDS can
 * arrive. Those are closed here.
 */
static bool take_fds(struct msg *m, const unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		if (m->nfds < MSG_FDS)
			m->fds[m->nfds++] = fd;
		else
			(void)close(fd); /* of a message that is refused */
	}
	return n <= MSG_FDS;
}

/* False when more descriptors came than a message holds */
static bool take_control(struct msg *m, struct msghdr *h)
{
	bool fits = true;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(h); cm; cm = CMSG_NXTHDR(h, cm)) {
		if (cm->cmsg_level != SOL_SOCKET)
			continue;
		if (cm->cmsg_type == SCM_CREDENTIALS &&
		    cm->cmsg_len == CMSG_LEN(sizeof(struct ucred)))
			memcpy(&m->cred, CMSG_DATA(cm), sizeof(struct ucred));
		if (cm->cmsg_type == SCM_RIGHTS) {
			size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			fits = take_fds(m, CMSG_DATA(cm), n) && fits;
		}
	}
	return fits;
}

static bool word_is_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || s[i] == '-' || s[i] == '_' ||
		      (i > 0 && s[i] >= '0' && s[i] <= '9')))
			return false;
	return n > 0 && n < 32;
}

static bool is_valid(const struct msg *m)
{
	size_t pos = 0, key_len;
	const char *key, *value;

	if (m->len == 0 || m->buf[m->len - 1] != '\0' || !word_is_valid(m->buf, strlen(m->buf)))
		return false;
	for (size_t at = strlen(m->buf) + 1; at < m->len; at += strlen(m->buf + at) + 1)
		if (!strchr(m->buf + at, '='))
			return false;
	while (msg_next(m, &pos, &key, &key_len, &value))
		if (!word_is_valid(key, key_len))
			return false;
	return true;
}

int msg_recv(int sock, struct msg *m, int timeout_ms)
{
	union control c;
	struct iovec iov = {.iov_base = m->buf, .iov_len = MSG_MAX};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	bool fits;
	ssize_t n;
	int r;

	m->nfds = 0;
	m->len = 0;
	m->cred = (struct ucred){0};
	for (;;) {
		h.msg_control = c.buf;
		h.msg_controllen = sizeof(c.buf);
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0)
			break;
		/* reset: it closed with something unread, which is told once, before what it sent
		 */
		if (errno == EINTR || errno == ECONNRESET)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(sock, POLLIN, timeout_ms);
		if (r < 0)
			return r;
	}
	fits = take_control(m, &h);
	if (n == 0 && m->nfds == 0 && !(h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -ENOTCONN;
	m->len = (size_t)n;
	if (!fits || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || !is_valid(m)) {
		msg_done(m);
		m->len = 0;
		return -EBADMSG;
	}
	return 0;
}

int msg_peek(int sock, struct msg *m, bool *ret_fds)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct ucred))]; /* no room for descriptors */
		struct cmsghdr align;
	} c;
	struct iovec iov = {.iov_base = m->buf, .iov_len = MSG_MAX};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf};
	ssize_t n;

	m->nfds = 0;
	m->len = 0;
	m->cred = (struct ucred){0};
	do {
		h.msg_controllen = sizeof(c.buf);
		n = recvmsg(sock, &h, MSG_PEEK | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0 && h.msg_controllen == 0)
		return -ENOTCONN;
	*ret_fds = h.msg_flags & MSG_CTRUNC;
	m->len = (size_t)n;
	if (!(h.msg_flags & MSG_TRUNC) && is_valid(m))
		return 0;
	m->len = 0;
	return -EBADMSG;
}

const char *msg_verb(const struct msg *m)
{
	return m->len > 0 ? m->buf : "";
}

bool msg_next(const struct msg *m, size_t *pos, const char **key, size_t *key_len,
	      const char **value)
{
	const char *rec;

	if (*pos == 0)
		*pos = m->len > 0 ? strlen(m->buf) + 1 : 0;
	if (*pos >= m->len)
		return false;
	rec = m->buf + *pos;
	*pos += strlen(rec) + 1;
	*key = rec;
	*key_len = strcspn(rec, "=");
	*value = rec + *key_len + (rec[*key_len] == '=');
	return true;
}

const char *msg_get(const struct msg *m, const char *key)
{
	size_t pos = 0, len, want = strlen(key);
	const char *k, *value;

	while (msg_next(m, &pos, &k, &len, &value))
		if (len == want && memcmp(k, key, len) == 0)
			return value;
	return NULL;
}

int msg_get_u64(const struct msg *m, const char *key, uint64_t *ret)
{
	const char *v = msg_get(m, key);

	return v ? num_u64(v, ret) : -ENOENT;
}

int msg_take_fd(struct msg *m, size_t i)
{
	return i < m->nfds ? take_fd(&m->fds[i]) : -1;
}

void msg_done(struct msg *m)
{
	for (size_t i = 0; i < m->nfds; i++)
		cleanup_fd(&m->fds[i]);
	m->nfds = 0;
}

void msg_add_error(struct msg *m, const struct ctr_error *err)
{
	msg_add(m, "code", "%d", err->code);
	msg_add(m, "errno", "%d", err->errnum);
	msg_add(m, "stage", "%s", err->stage);
	msg_add(m, "text", "%s", err->text);
}

/* MUST-11: what an honest peer escaped has no byte that a terminal acts on */
static bool is_escaped(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

int msg_get_error(const struct msg *m, struct ctr_error *err)
{
	const char *stage = msg_get(m, "stage"), *text = msg_get(m, "text");
	uint64_t code, errnum;

	if (!stage || !text || msg_get_u64(m, "code", &code) < 0 ||
	    msg_get_u64(m, "errno", &errnum) < 0 || code > 255 || errnum > 4095 ||
	    !is_escaped(stage))
		return -EBADMSG;
	err_set(err, (int)code, (int)errnum, stage, "%s", "");
	/* escaped by its writer already, unless it is forged or not ASCII */
	if (err && (!is_escaped(text) || str_copy(err->text, sizeof(err->text), text) < 0))
		str_escape(err->text, sizeof(err->text), text);
	return 0;
}

int msg_pair(int sv[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0 ? -errno : 0;
}

static int address_at(int dirfd, const char *name, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!name)
		return str_format(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d", dirfd);
	if (dirfd == AT_FDCWD)
		return str_copy(ret->sun_path, sizeof(ret->sun_path), name);
	return str_format(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dirfd, name);
}

int msg_listen_at(int dirfd, const char *name, mode_t mode)
{
	autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;
	int r = address_at(dirfd, name, &a);

	if (fd < 0)
		return -errno;
	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	if (fchmodat(dirfd, name, mode, 0) < 0 || listen(fd, 64) < 0)
		return -errno;
	return take_fd(&fd);
}

static int connect_at(int dirfd, const char *name, int flags)
{
	const struct timeval patience = {.tv_sec = CONNECT_S};
	autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	struct sockaddr_un a;
	int r = address_at(dirfd, name, &a);

	if (fd < 0)
		return -errno;
	if (r < 0)
		return r;
	/* who listens may be frozen, and others may have filled its queue */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return take_fd(&fd);
}

int msg_connect_by(int sock, const char *path)
{
	struct sockaddr_un a;
	int r = address_at(AT_FDCWD, path, &a);

	if (r == 0 && connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		r = -errno;
	return r;
}

int msg_connect_at(int dirfd, const char *name)
{
	int fd = connect_at(dirfd, name, 0);

	return fd == -EAGAIN ? -ETIMEDOUT : fd;
}

int msg_try_connect_at(int dirfd, const char *name)
{
	return connect_at(dirfd, name, SOCK_NONBLOCK);
}

int msg_peer_cred(int sock, struct ucred *ret)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &c, &len) < 0)
		return -errno;
	*ret = c;
	return 0;
}

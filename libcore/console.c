/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "console.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>

#include "cleanup.h"
#include "str.h"

enum { WAIT_S = 5 };

int console_connect(const char *path, struct ctr_error *err)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	autofd int sock = -1;
	int r = str_copy(a.sun_path, sizeof(a.sun_path), path);

	if (r < 0)
		return err_set(err, CTR_E_CONFIG, ENAMETOOLONG, "console",
			       "the path of the console socket is over %zu bytes",
			       sizeof(a.sun_path) - 1);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0 ||
	    connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(err, errno, "console", "connect to console socket %s", path);
	return take_fd(&sock);
}

int console_send(int sock, int master, struct ctr_error *err)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} c = {.buf = ""};
	char name[32];
	unsigned int n = 0;
	struct iovec iov = {.iov_base = name};
	struct msghdr h = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&h);

	if (ioctl(master, TIOCGPTN, &n) < 0 || str_format(name, sizeof(name), "/dev/pts/%u", n) < 0)
		return err_sys(err, errno, "console", "name the terminal");
	iov.iov_len = strlen(name);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &master, sizeof(int));
	if (sendmsg(sock, &h, MSG_NOSIGNAL) < 0)
		return err_sys(err, errno, "console", "hand the terminal over");
	return 0;
}

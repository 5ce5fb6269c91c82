/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cleanup.h"

int net_loopback_up(struct ctr_error *err)
{
	autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (fd < 0)
		return err_sys(err, errno, "net", "socket");
	if (ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		return err_sys(err, errno, "net", "bring lo up");
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "cleanup.h"
#include "init.h"

/* What a `start` asks for, as far as it stands in the message itself. */

static unsigned short size_of(const struct msg *m, const char *key)
{
	uint64_t v;

	return msg_get_u64(m, key, &v) < 0 || v > 65535 ? 0 : (unsigned short)v;
}

int init_request(const struct msg *m, struct start_request *req, struct ctr_error *err)
{
	uint64_t terminal;

	if (msg_get_u64(m, "terminal", &terminal) < 0 || terminal > 1)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "start", "terminal must be 0 or 1");
	req->terminal = terminal;
	req->rows = size_of(m, "rows");
	req->cols = size_of(m, "cols");
	return 0;
}

int init_open_terminal(struct start_request *req, struct ctr_error *err)
{
	struct winsize size = {.ws_row = req->rows, .ws_col = req->cols};
	autofd int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlock = 0;

	if (master < 0)
		return err_sys(err, errno, "terminal", "open /dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_sys(err, errno, "terminal", "set up a terminal");
	req->master = take_fd(&master);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <termios.h>

#include "cleanup.h"
#include "init.h"
#include "sys.h"

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

/*
 * MUST-4: a file of a file system of his own that somebody has mounted there would be opened by
 * root, and may not answer. RESOLVE_NO_XDEV: nor has anything been mounted onto it.
 */
static int open_ptmx(void)
{
	const struct open_how how = {.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
				     .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS};
	autofd int dir = open("/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (dir < 0 || fstatfs(dir, &fs) < 0)
		return -errno;
	return fs.f_type == DEVPTS_SUPER_MAGIC ? sys_openat2(dir, "ptmx", &how) : -EXDEV;
}

int init_open_terminal(struct start_request *req, struct ctr_error *err)
{
	struct winsize size = {.ws_row = req->rows, .ws_col = req->cols};
	autofd int master = open_ptmx();
	int unlock = 0;

	if (master < 0)
		return err_sys(err, master, "terminal", "open /dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_sys(err, errno, "terminal", "set up a terminal");
	req->master = take_fd(&master);
	return 0;
}

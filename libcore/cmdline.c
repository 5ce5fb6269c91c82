/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"
#include "proc.h"
#include "str.h"

enum { READ_MAX = 1024 }; /* of what may be megabytes; more is not shown */

void cmdline_format(const char *data, size_t len, char *dst, size_t size)
{
	char text[READ_MAX + 1];

	if (len > READ_MAX)
		len = READ_MAX;
	while (len > 0 && (data[len - 1] == '\0' || data[len - 1] == ' '))
		len--; /* a program that has written over its words leaves many */
	for (size_t i = 0; i < len; i++)
		text[i] = data[i] ? data[i] : ' ';
	text[len] = '\0';
	str_escape(dst, size, text); /* MUST-11 */
}

int cmdline_read(pid_t pid, char *dst, size_t size)
{
	autofd int fd = -1;
	char path[64], data[READ_MAX];
	struct proc_stat st;
	ssize_t n;
	int r = str_format(path, sizeof(path), "/proc/%d/cmdline", pid);

	if (r == 0)
		r = proc_read_stat(pid, &st);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : fd_read_all(fd, data, sizeof(data));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	cmdline_format(data, (size_t)n, dst, size);
	return *dst ? 0 : str_format(dst, size, "[%s]", st.comm);
}

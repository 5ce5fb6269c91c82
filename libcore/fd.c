/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "num.h"
#include "str.h"
#include "sys.h"

int fd_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_all(int fd, void *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, (char *)buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

ssize_t fd_read_file_at(int dirfd, const char *path, char *buf, size_t size)
{
	autofd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = fd_read_all(fd, buf, size);
	if (n < 0)
		return n;
	if ((size_t)n == size)
		return -EFBIG;
	buf[n] = '\0';
	return n;
}

int fd_read_dup(int fd, size_t max, char **ret, size_t *ret_len)
{
	enum { FIRST = 16384 };
	autofree char *buf = NULL;
	size_t room = 0, len = 0;

	do {
		char *more;
		ssize_t n;

		if (room > max)
			return -EFBIG;
		room = room == 0 ? FIRST : 2 * room;
		room = room > max ? max + 1 : room;
		more = realloc(buf, room);
		if (!more)
			return -ENOMEM;
		buf = more;
		n = fd_read_all(fd, buf + len, room - len);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
	} while (len == room);
	buf[len] = '\0';
	if (ret_len)
		*ret_len = len;
	*ret = take_ptr(buf);
	return 0;
}

int fd_write_file_at(int dirfd, const char *path, const char *text)
{
	autofd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int fd_replace_file_at(int dirfd, const char *name, const void *buf, size_t len, mode_t mode)
{
	autofd int fd = -1;
	char tmp[300];
	uint32_t tag;
	int r;

	if (getrandom(&tag, sizeof(tag), 0) != sizeof(tag))
		return -EIO;
	r = str_format(tmp, sizeof(tmp), ".%s.%08x", name, tag);
	if (r < 0)
		return r;
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, buf, len);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, tmp, 0); /* the first failure is the one to tell */
	return r;
}

int fd_set_cloexec(int fd, int on)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	flags = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
	return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

/* MUST-6: what is not on the list does not get into the next program. */
int fd_close_except(const int *keep, size_t n)
{
	unsigned int first = 3;

	for (size_t i = 0; i < n; i++) {
		int r = 0;

		if (keep[i] < 0 || (unsigned int)keep[i] < first)
			continue;
		if ((unsigned int)keep[i] > first)
			r = sys_close_range(first, (unsigned int)keep[i] - 1, 0);
		if (r < 0)
			return r;
		first = (unsigned int)keep[i] + 1;
	}
	return sys_close_range(first, ~0U, 0);
}

int fd_memfd(const char *name, const void *buf, size_t len)
{
	autofd int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, buf, len);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	return take_fd(&fd);
}

int fd_std_safe(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	} while (fd < 3 && fd_set_cloexec(fd, 0) == 0);
	(void)close(fd); /* the first one above 2 */
	return 0;
}

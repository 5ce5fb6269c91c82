/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crlog.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"
#include "str.h"

enum { LOG_MAX = 64 << 20 };

/* Said also where all goes well: a machine without CAP_SYS_RESOURCE, a kernel without a feature. */
static bool is_harmless(const char *line, size_t len)
{
	static const char *const harmless[] = {"Can't setup RLIMIT_NOFILE", "kerndat",
					       "tun: Unable"};

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (memmem(line, len, harmless[i], strlen(harmless[i])))
			return true;
	return false;
}

/* "(00.012) Error (criu/files.c:1:) text" */
static bool is_error(const char *line, size_t len)
{
	return memmem(line, len, "Error (", 7) && !is_harmless(line, len);
}

bool crlog_reason(const char *text, char *dst, size_t size)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		autofree char *copy = NULL;
		const char *said;
		size_t len;

		end = line + strcspn(line, "\n");
		len = (size_t)(end - line);
		if (!is_error(line, len))
			continue;
		said = memmem(line, len, "): ", 3);
		said = said ? said + 3 : line;
		copy = strndup(said, (size_t)(end - said));
		str_escape(dst, size, copy ? copy : ""); /* MUST-11: names from inside */
		return true;
	}
	return false;
}

bool crlog_reason_at(int dirfd, const char *name, char *dst, size_t size)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *text = NULL;

	return fd >= 0 && fd_read_dup(fd, LOG_MAX, &text, NULL) == 0 &&
	       crlog_reason(text, dst, size);
}

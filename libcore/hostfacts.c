/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostfacts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

#include "cleanup.h"
#include "str.h"

enum { CPUINFO_MAX = 32768 }; /* the first CPU takes 2 to 3 KiB */

/* x86 and arm have different words for the same */
static const struct {
	const char *name;
	size_t offset, size;
} lines[] = {
#define LINE(name, member)                                                                         \
	{                                                                                          \
		name, offsetof(struct hostfacts, member), sizeof(((struct hostfacts *)0)->member)  \
	}
    LINE("vendor_id", vendor), LINE("CPU implementer", vendor),
    LINE("model name", model), LINE("CPU part", model),
    LINE("flags", flags),      LINE("Features", flags),
};

/* "name<blanks>: value" */
static int take_line(const char *line, size_t len, struct hostfacts *f)
{
	const char *colon = memchr(line, ':', len);
	size_t name = colon ? (size_t)(colon - line) : 0, skip = name + 1;

	while (name > 0 && strchr(" \t", line[name - 1]))
		name--;
	while (skip < len && line[skip] == ' ')
		skip++;
	for (size_t i = 0; name > 0 && i < ARRAY_SIZE(lines); i++)
		if (strlen(lines[i].name) == name && memcmp(lines[i].name, line, name) == 0)
			return str_format((char *)f + lines[i].offset, lines[i].size, "%.*s",
					  (int)(len - skip), line + skip);
	return 0;
}

int hostfacts_parse_cpu(const char *text, struct hostfacts *ret)
{
	struct hostfacts f = *ret;
	int r = 0;

	f.vendor[0] = f.model[0] = f.flags[0] = '\0';
	while (r == 0 && *text && *text != '\n') { /* an empty line ends the first CPU */
		size_t len = strcspn(text, "\n");

		if (!text[len])
			break; /* a line that was cut */
		r = take_line(text, len, &f);
		text += len + 1;
	}
	if (r == 0)
		*ret = f;
	return r;
}

/* More CPUs than fit are all alike: what was read is enough. */
static int read_cpu(struct hostfacts *f)
{
	autofd int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	autofree char *text = malloc(CPUINFO_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0 || !text)
		return fd < 0 ? -errno : -ENOMEM;
	while (n > 0 && len < CPUINFO_MAX) {
		n = read(fd, text + len, CPUINFO_MAX - len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	text[len] = '\0';
	return hostfacts_parse_cpu(text, f);
}

int hostfacts_read(struct hostfacts *ret, struct ctr_error *err)
{
	struct hostfacts f = {0};
	struct utsname u;
	int r;

	if (uname(&u) < 0)
		return err_sys(err, errno, "manifest", "uname");
	r = str_copy(f.kernel, sizeof(f.kernel), u.release);
	if (r == 0)
		r = str_copy(f.arch, sizeof(f.arch), u.machine);
	if (r == 0)
		r = read_cpu(&f);
	if (r < 0)
		return err_sys(err, r, "manifest", "read what this machine is");
	*ret = f;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What CRIU 4.1.1 lacks on the build machines; tools/criu loads it into CRIU where it is needed,
 * and nothing of the product knows it. Both answers are those that the kernel has:
 *
 * Limits of other users' processes: prlimit(2) refuses them to a root without CAP_SYS_RESOURCE,
 * though /proc/PID/limits shows them to who may trace the process (proc_pid_limits(5)).
 *
 * SO_PASSCRED and SO_PASSSEC of sockets that are no unix sockets: since Linux 6.16 getsockopt(2)
 * has EOPNOTSUPP where it had 0 before, and CRIU up to 4.1 then gives up.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <dlfcn.h>

enum { LINE = 256, SOFT = 26, HARD = 47 };

static rlim64_t value(const char *text)
{
	unsigned long long n;

	return sscanf(text, "%llu", &n) == 1 ? n : RLIM64_INFINITY; /* "unlimited" */
}

/* The line of a resource is that of its number, after the head; columns are fixed. */
static int read_limits(pid_t pid, int resource, struct rlimit64 *old)
{
	char *path, line[LINE] = "";
	FILE *f = NULL;

	if (asprintf(&path, "/proc/%d/limits", pid) > 0) {
		f = fopen(path, "re");
		free(path);
	}
	for (int i = 0; f && i <= resource + 1; i++)
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
	if (f)
		fclose(f);
	if (strlen(line) < HARD) {
		errno = EPERM;
		return -1;
	}
	old->rlim_cur = value(line + SOFT);
	old->rlim_max = value(line + HARD);
	return 0;
}

typedef long (*call)(long number, ...);

static int limit(pid_t pid, int resource, const struct rlimit64 *new, struct rlimit64 *old)
{
	call next = (call)dlsym(RTLD_NEXT, "syscall");
	long r = next(SYS_prlimit64, pid, resource, new, old);

	if (r < 0 && errno == EPERM && !new &&old)
		return read_limits(pid, resource, old);
	return (int)r;
}

int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *new,
	      struct rlimit64 *old)
{
	return limit(pid, (int)resource, new, old);
}

long syscall(long number, ...)
{
	call next = (call)dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_prlimit64)
		return limit((pid_t)a[0], (int)a[1], (const struct rlimit64 *)a[2],
			     (struct rlimit64 *)a[3]);
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	call next = (call)dlsym(RTLD_NEXT, "syscall");
	long r = next(SYS_getsockopt, fd, level, name, value, len);

	if (r < 0 && errno == EOPNOTSUPP && level == SOL_SOCKET &&
	    (name == SO_PASSCRED || name == SO_PASSSEC) && *len >= sizeof(int)) {
		memset(value, 0, *len);
		return 0;
	}
	return (int)r;
}

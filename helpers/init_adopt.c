/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include "cleanup.h"
#include "fd.h"
#include "init.h"
#include "num.h"
#include "proc.h"
#include "str.h"
#include "sys.h"

/* What a process has of the peer that asked for it. */

/*
 * Is the process of that number still the peer? He may have ended, and somebody with more generous
 * limits, or another one's loginuid, have got his number.
 */
static bool is_peer(const struct conn *c)
{
	autofd int fd = sys_peer_pidfd(c->sock);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uid_t uid;

	if (fd == -ENOPROTOOPT) /* before Linux 6.5: one of the same user at least */
		return proc_uid(c->cred.pid, &uid) == 0 && uid == c->cred.uid;
	return fd >= 0 && poll(&p, 1, 0) == 0;
}

/* One column of a line of /proc/PID/limits */
static int read_limit(const char *at, rlim_t *ret)
{
	char word[24];
	size_t len = strcspn(at, " \n");
	uint64_t v;

	if (len >= sizeof(word))
		return -EBADMSG;
	memcpy(word, at, len);
	word[len] = '\0';
	if (str_equal(word, "unlimited"))
		v = RLIM_INFINITY;
	else if (num_u64(word, &v) < 0)
		return -EBADMSG;
	*ret = v;
	return 0;
}

static void adopt_limit(int resource, struct rlimit theirs)
{
	__rlimit_resource_t res = (__rlimit_resource_t)resource;
	struct rlimit own;

	if (setrlimit(res, &theirs) == 0 || getrlimit(res, &own) < 0)
		return;
	/* without CAP_SYS_RESOURCE a hard limit is not raised: theirs as far as that goes */
	if (theirs.rlim_cur < own.rlim_max)
		own.rlim_cur = theirs.rlim_cur;
	(void)setrlimit(res, &own); /* lowers at most */
}

/*
 * From /proc/PID/limits, a line for each resource in the order of their numbers, soft and hard from
 * the 27th and 48th byte (fs/proc/base.c since 2.6.24): prlimit(2) wants CAP_SYS_RESOURCE for
 * another's, which PID 1 need not have, and what is not adopted is a limit that is missing.
 */
static void adopt_rlimits(char *text)
{
	enum { SOFT = 26, HARD = 47 };
	char *at = text, *line;

	(void)strsep(&at, "\n"); /* the heading */
	for (int i = 0; i < RLIM_NLIMITS && (line = strsep(&at, "\n")); i++) {
		struct rlimit theirs;

		if (strlen(line) > HARD && read_limit(line + SOFT, &theirs.rlim_cur) == 0 &&
		    read_limit(line + HARD, &theirs.rlim_max) == 0)
			adopt_limit(i, theirs);
	}
}

static ssize_t read_of(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[32];

	if (str_format(path, sizeof(path), "/proc/%d/%s", pid, name) < 0)
		return -ENAMETOOLONG;
	return fd_read_file_at(AT_FDCWD, path, buf, size);
}

/*
 * What the login set for itself (pam_limits, ulimit, nice) holds here too; and who it was, for
 * audit (pam_loginuid(8)): a kernel without audit has no such file.
 */
int init_adopt(const struct conn *c, struct ctr_error *err)
{
	char limits[4096], loginuid[16];
	ssize_t known, has_login;
	int nice;

	if (c->cred.pid <= 0)
		return 0; /* root from outside */
	errno = 0;
	nice = getpriority(PRIO_PROCESS, (id_t)c->cred.pid);
	known = errno ? -errno : read_of(c->cred.pid, "limits", limits, sizeof(limits));
	has_login = read_of(c->cred.pid, "loginuid", loginuid, sizeof(loginuid));
	/* asked last: all of it was read before his end */
	if (known < 0 || !is_peer(c))
		return err_set(err, CTR_E_DENIED, ESRCH, "start", "who connected has ended");
	if (has_login > 0)
		(void)!fd_write_file_at(AT_FDCWD, "/proc/self/loginuid", loginuid);
	(void)setpriority(PRIO_PROCESS, 0, nice); /* root: may do either */
	adopt_rlimits(limits);
	return 0;
}

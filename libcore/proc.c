/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "str.h"
#include "sys.h"

enum { PROC_ROOT_INO = 1 }; /* include/linux/proc_fs.h */

/* RESOLVE_NO_XDEV minds each mount, also one of the same file system. */
static int open_below(int dir, const char *name, uint64_t flags, uint64_t resolve)
{
	const struct open_how how = {.flags = flags | O_CLOEXEC,
				     .resolve = resolve | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS};

	return sys_openat2(dir, name, &how);
}

int proc_self(void)
{
	autofd int top = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (top < 0 || fstatfs(top, &fs) < 0 || fstat(top, &st) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return -EXDEV;
	return open_below(top, "self", O_PATH | O_DIRECTORY, RESOLVE_BENEATH);
}

int proc_open_own(int self, const char *name, int flags)
{
	return open_below(self, name, (uint64_t)flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static ssize_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	if (str_format(path, sizeof(path), "/proc/%d/%s", pid, name) < 0)
		return -ENAMETOOLONG;
	n = fd_read_file_at(AT_FDCWD, path, buf, size);
	return n == -ENOENT ? -ESRCH : n;
}

/* Field k (1 is the state, the third of proc(5)) of the words behind the command name. */
static uint64_t field(const char *words, unsigned int k)
{
	uint64_t v = 0;

	while (--k > 0) {
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
	if (*words == '-')
		words++;
	for (; isdigit((unsigned char)*words); words++)
		v = v * 10 + (uint64_t)(*words - '0');
	return v;
}

int proc_read_stat(pid_t pid, struct proc_stat *ret)
{
	char buf[1024], *open, *close;
	struct proc_stat st = {.pid = pid};
	ssize_t n = read_proc(pid, "stat", buf, sizeof(buf));
	const char *w;

	if (n < 0)
		return (int)n;
	/* The name may hold blanks and parentheses: it ends at the last one, proc(5). */
	open = strchr(buf, '(');
	close = strrchr(buf, ')');
	if (!open || !close || close < open || close[1] != ' ')
		return -EBADMSG;
	*close = '\0';
	str_escape(st.comm, sizeof(st.comm), open + 1);
	w = close + 2;
	st.state = *w;
	st.ppid = (pid_t)field(w, 2);
	st.tty_nr = (int32_t)field(w, 5);
	st.flags = field(w, 7);
	st.utime_ticks = field(w, 12);
	st.stime_ticks = field(w, 13);
	st.threads = (int32_t)field(w, 18);
	st.start_ticks = field(w, 20);
	st.rss_pages = field(w, 22);
	*ret = st;
	return 0;
}

int proc_identify(pid_t pid, struct proc_id *ret)
{
	struct proc_stat st;
	int r = proc_read_stat(pid, &st);

	if (r < 0)
		return r;
	ret->pid = pid;
	ret->start_ticks = st.start_ticks;
	return 0;
}

bool proc_is_alive(const struct proc_id *id)
{
	struct proc_stat st;

	if (id->pid <= 0 || proc_read_stat(id->pid, &st) < 0)
		return false;
	return st.start_ticks == id->start_ticks && st.state != 'Z' && st.state != 'X';
}

int proc_ns_inode(pid_t pid, const char *name, uint64_t *ret)
{
	char path[64];
	struct stat st;
	int r = str_format(path, sizeof(path), "/proc/%d/ns/%s", pid, name);

	if (r < 0)
		return r;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*ret = st.st_ino;
	return 0;
}

int proc_thread_count(void)
{
	autodir DIR *d = opendir("/proc/self/task");
	int n = 0;

	if (!d)
		return -errno;
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	return n;
}

/* The blank-separated words of a line "Key:\t..." of /proc/PID/status. */
static int status_line(pid_t pid, const char *key, char *line, size_t size)
{
	char buf[8192];
	ssize_t n = read_proc(pid, "status", buf, sizeof(buf));
	size_t klen = strlen(key);
	const char *p = buf;

	if (n < 0)
		return (int)n;
	while (p && strncmp(p, key, klen) != 0) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return -ENOENT;
	p += klen;
	p += strspn(p, " \t");
	return str_format(line, size, "%.*s", (int)strcspn(p, "\n"), p);
}

int proc_nspids(pid_t pid, pid_t *ret, size_t max)
{
	char line[512], *p = line;
	int n = 0, r = status_line(pid, "NSpid:", line, sizeof(line));

	if (r < 0)
		return r;
	while (*p) {
		size_t len = strcspn(p, "\t ");
		bool last = p[len] == '\0';
		uint64_t v;

		p[len] = '\0';
		if (num_u64(p, &v) < 0)
			return -EBADMSG;
		if ((size_t)n == max)
			return -E2BIG;
		ret[n++] = (pid_t)v;
		p += last ? len : len + 1;
	}
	return n;
}

int proc_uid(pid_t pid, uid_t *ret)
{
	char line[256];
	uint32_t v;
	int r = status_line(pid, "Uid:", line, sizeof(line));

	if (r < 0)
		return r;
	line[strcspn(line, "\t ")] = '\0';
	r = num_id(line, &v);
	if (r < 0)
		return -EBADMSG;
	*ret = v;
	return 0;
}

bool proc_is_below(pid_t pid, pid_t top)
{
	struct proc_stat st = {.ppid = pid};

	while (st.ppid > 1 && st.ppid != top)
		if (proc_read_stat(st.ppid, &st) < 0)
			return false;
	return st.ppid == top;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "str.h"
#include "sys.h"

static int configure(int fs, const char *options, struct ctr_error *err)
{
	struct strv words = {0};
	int r = options ? strv_split(&words, options, ",") : 0;

	for (size_t i = 0; r == 0 && i < words.n; i++) {
		char *eq = strchr(words.v[i], '=');

		if (eq)
			*eq = '\0';
		r = sys_fsconfig(fs, eq ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, words.v[i],
				 eq ? eq + 1 : NULL, 0);
		if (r < 0)
			err_sys(err, r, "mount", "set option %s", words.v[i]);
	}
	strv_done(&words);
	return r;
}

int mnt_new(const char *type, const char *options, uint64_t attr, struct ctr_error *err)
{
	autofd int fs = sys_fsopen(type, FSOPEN_CLOEXEC);
	int r;

	if (fs < 0)
		return err_sys(err, fs, "mount", "open filesystem type %s", type);
	r = configure(fs, options, err);
	if (r < 0) {
		err_prefix(err, "%s", type);
		return r;
	}
	r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return err_sys(err, r, "mount", "make a %s", type);
	r = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attr);
	return r < 0 ? err_sys(err, r, "mount", "mount a %s", type) : r;
}

int mnt_clone(int fd, bool recursive, struct ctr_error *err)
{
	int r = sys_open_tree(fd, "",
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				  (recursive ? (unsigned int)AT_RECURSIVE : 0));

	return r < 0 ? err_sys(err, r, "mount", "copy a mount") : r;
}

int mnt_set(int fd, uint64_t set, uint64_t propagation, bool recursive, struct ctr_error *err)
{
	struct mount_attr a = {.attr_set = set, .propagation = propagation};
	int r = sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &a,
				  sizeof(a));

	return r < 0 ? err_sys(err, r, "mount", "set mount attributes") : 0;
}

int mnt_clone_program(int fd, struct ctr_error *err)
{
	autofd int m = mnt_clone(fd, false, err);
	int r = m < 0 ? m
		      : mnt_set(m, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				MS_PRIVATE, false, err);

	return r < 0 ? r : take_fd(&m);
}

int mnt_idmap(int mnt, int userns, bool recursive, struct ctr_error *err)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	int r = sys_mount_setattr(mnt, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &a,
				  sizeof(a));

	return r < 0 ? err_sys(err, r, "mount", "map the owners of files") : 0;
}

int mnt_attach(int mnt, int target, const char *what, struct ctr_error *err)
{
	int r =
	    sys_move_mount(mnt, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? err_sys(err, r, "mount", "attach %s", what) : 0;
}

/* Blanks and backslashes stand as \ooo in mountinfo. */
static int decode(const char *s, size_t len, char *dst, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '\\' && i + 3 < len) {
			c = (char)((s[i + 1] - '0') * 64 + (s[i + 2] - '0') * 8 + (s[i + 3] - '0'));
			i += 3;
		}
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		dst[n++] = c;
	}
	dst[n] = '\0';
	return 0;
}

int mnt_parse(const char *line, struct mnt_point *ret)
{
	const char *p = line, *dash = strstr(line, " - ");
	struct mnt_point m;
	int r;

	for (int i = 0; i < 4; i++) {
		p = strchr(p, ' ');
		if (!p || !dash)
			return -EBADMSG;
		p++;
	}
	r = decode(p, strcspn(p, " "), m.path, sizeof(m.path));
	if (r == 0)
		r = str_format(m.type, sizeof(m.type), "%.*s", (int)strcspn(dash + 3, " "),
			       dash + 3);
	if (r == 0)
		*ret = m;
	return r;
}

static bool is_below(const char *path, const char *top)
{
	const char *rest;

	return str_has_prefix(path, top, &rest) && (*rest == '\0' || *rest == '/');
}

bool mnt_is_shown(const struct mnt_point *m, bool private_tmp)
{
	static const char *const own[] = {"/proc", "/sys", "/dev", "/run", "/var/run"};
	static const char *const types[] = {
	    "proc",	  "sysfs",  "cgroup",	  "cgroup2",  "devtmpfs",  "devpts",
	    "mqueue",	  "bpf",    "securityfs", "debugfs",  "tracefs",   "pstore",
	    "configfs",	  "autofs", "fusectl",	  "efivarfs", "hugetlbfs", "binfmt_misc",
	    "rpc_pipefs", "nsfs",   "selinuxfs",  "ramfs",
	};

	if (strcmp(m->path, "/") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (is_below(m->path, own[i]))
			return false;
	if (private_tmp && (is_below(m->path, "/tmp") || is_below(m->path, "/var/tmp")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(m->type, types[i]) == 0)
			return false;
	return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "keyring.h"
#include "mnt.h"
#include "path.h"
#include "restrict.h"
#include "str.h"
#include "sys.h"

enum { KEEP_MAX = 8 };

/* Copies of host files as detached mounts, taken while the host's tree is still visible. */
struct kept {
	int fd[KEEP_MAX];
	const char *path[KEEP_MAX];
	size_t n;
};

static void take_files(const char *const *paths, struct kept *k)
{
	for (; paths && *paths && k->n < KEEP_MAX; paths++) {
		int fd = sys_open_tree(AT_FDCWD, *paths, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

		if (fd < 0)
			continue; /* absent: nothing to keep */
		k->fd[k->n] = fd;
		k->path[k->n++] = *paths;
	}
}

/*
 * A pty of the host has no node in the container's devpts and none can be made there. util-linux's
 * login opens it by name once more; so this process sees a /dev/pts with that node alone.
 */
static int empty_pts(int root)
{
	autofd int dir = path_open_in(root, "/dev/pts", O_PATH | O_DIRECTORY), m = -1;

	if (dir < 0)
		return dir;
	m = mnt_new("tmpfs", "mode=755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NULL);
	return m < 0 ? m : mnt_attach(m, dir, "/dev/pts", NULL);
}

/* @alone: no user code but container-attach runs with these mounts, so ptys are not needed */
static void put_files(int root, struct kept *k, bool alone)
{
	bool emptied = false;

	for (size_t i = 0; i < k->n; i++) {
		bool pty = str_has_prefix(k->path[i], "/dev/pts/", NULL);
		autofd int target = -1;

		if (alone && pty && !emptied)
			emptied = empty_pts(root) == 0;
		target = path_open_in(root, k->path[i], O_PATH);
		if (target < 0)
			target = path_make_in(root, k->path[i], false, 0644);
		if (target >= 0) /* records are lost otherwise, not walls: go on */
			(void)sys_move_mount(k->fd[i], "", target, "",
					     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	}
}

static int join_one(int fd, int type, const char *name, struct ctr_error *err)
{
	int r = fd < 0 ? 0 : sys_setns(fd, type);

	return r < 0 ? err_sys(err, r, "enter", "enter the %s namespace", name) : 0;
}

static int join_all(const struct enter_plan *p, struct ctr_error *err)
{
	int r = join_one(p->cgroup_fd, CLONE_NEWCGROUP, "cgroup", err);

	if (r == 0)
		r = join_one(p->ipc_fd, CLONE_NEWIPC, "ipc", err);
	if (r == 0)
		r = join_one(p->uts_fd, CLONE_NEWUTS, "uts", err);
	if (r == 0)
		r = join_one(p->net_fd, CLONE_NEWNET, "net", err);
	if (r == 0)
		r = join_one(p->time_fd, CLONE_NEWTIME, "time", err);
	if (r == 0)
		r = join_one(p->pid_fd, CLONE_NEWPID, "pid", err);
	if (r == 0)
		r = join_one(p->mnt_fd, CLONE_NEWNS, "mnt", err);
	return r;
}

/* MUST-5: the shell is found once, by descriptor, and attach is put onto just that file. */
static int bind_attach(int root, const char *shell, struct ctr_error *err)
{
	autofd int attach = path_open_nolinks(root, "/dev/.container/attach", O_PATH), m = -1;
	autofd int target = path_open_in(root, shell, O_PATH);
	struct stat st;
	int r;

	if (attach < 0)
		return err_sys(err, attach, "enter", "open container-attach");
	if (target < 0)
		return err_sys(err, target, "enter", "open login shell %s", shell);
	if (fstat(target, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, CTR_E_CONFIG, EACCES, "enter", "login shell %s is no file",
			       shell);
	m = sys_open_tree(attach, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (m < 0)
		return err_sys(err, m, "enter", "copy the mount of container-attach");
	r = sys_move_mount(m, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	return r < 0 ? err_sys(err, r, "enter", "put container-attach onto %s", shell) : 0;
}

/*
 * Last of the namespaces, since it takes away what the others want. Root of the host is nobody in
 * most of them, and becomes root inside. The groups are the login's by now and stay, and so does
 * the gid where the program has changed it before, as cron and sshd have: nobody does it again.
 */
static int join_user(int fd, struct ctr_error *err)
{
	gid_t gid = getegid();
	int r = join_one(fd, CLONE_NEWUSER, "user", err);

	if (r < 0 || fd < 0 || geteuid() == 0)
		return r;
	if ((gid == 0 && setresgid(0, 0, 0) < 0) || setresuid(0, 0, 0) < 0)
		return err_sys(err, errno, "enter", "become root of the user namespace");
	return 0;
}

static int private_copy(const struct enter_plan *p, struct kept *k, struct ctr_error *err)
{
	autofd int root = -1;
	int r = sys_unshare(CLONE_NEWNS);

	if (r < 0)
		return err_sys(err, r, "enter", "copy the container's mounts");
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_sys(err, errno, "enter", "stop mount propagation");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "enter", "open /");
	put_files(root, k, p->shell);
	return p->shell ? bind_attach(root, p->shell, err) : 0;
}

static int restrict_self(int self, const struct restrict_set *set, struct ctr_error *err)
{
	int r = keyring_new_session(err);

	return r < 0 ? r : restrict_become(set, NULL, self, err);
}

/* self: /proc/self of the host, opened before: the container's procfs does not show this process */
static int check_space(int self, const char *name, int want, struct ctr_error *err)
{
	struct stat mine, theirs;

	if (want < 0)
		return 0;
	if (fstatat(self, name, &mine, 0) < 0 || fstat(want, &theirs) < 0)
		return err_sys(err, errno, "verify", "read %s", name);
	if (mine.st_ino != theirs.st_ino || mine.st_dev != theirs.st_dev)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "%s is not the container's",
			       name);
	return 0;
}

/* MUST-1: what the kernel says now, not what the calls above returned. */
static int check_spaces(const struct enter_plan *p, int self, struct ctr_error *err)
{
	int r = check_space(self, "ns/cgroup", p->cgroup_fd, err);

	if (r == 0)
		r = check_space(self, "ns/ipc", p->ipc_fd, err);
	if (r == 0)
		r = check_space(self, "ns/uts", p->uts_fd, err);
	if (r == 0)
		r = check_space(self, "ns/net", p->net_fd, err);
	if (r == 0)
		r = check_space(self, "ns/pid_for_children", p->pid_fd, err);
	if (r == 0)
		r = check_space(self, "ns/user", p->user_fd, err);
	if (r == 0)
		r = check_space(self, "ns/time", p->time_fd, err);
	return r;
}

static int verify(const struct enter_plan *p, int self, ino_t old_mnt, struct ctr_error *err)
{
	struct stat st;
	int r = check_spaces(p, self, err);

	if (r == 0 && (fstatat(self, "ns/mnt", &st, 0) < 0 || st.st_ino == old_mnt))
		r = err_set(err, CTR_E_SYSTEM, EPERM, "verify", "the mounts are the host's");
	return r;
}

int enter_container(const struct enter_plan *p, struct ctr_error *err)
{
	autofree struct restrict_set *set = malloc(sizeof(*set));
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct kept k = {.n = 0};
	char cwd[PATH_MAX];
	bool known = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';
	struct stat before;
	int r;

	if (!set || self < 0 || fstatat(self, "ns/mnt", &before, 0) < 0)
		return err_sys(err, errno, "enter", "look at this process");
	take_files(p->keep_files, &k);
	r = restrict_load(p->restrict_fd, set, err);
	if (r == 0)
		r = join_all(p, err);
	/* root of the host alone may raise a limit */
	if (r == 0 && p->user_fd >= 0)
		r = restrict_limits(set, self, err);
	if (r == 0)
		r = join_user(p->user_fd, err);
	if (r == 0 && p->mnt_fd >= 0)
		r = private_copy(p, &k, err);
	for (size_t i = 0; i < k.n; i++)
		cleanup_fd(&k.fd[i]);
	/* the same name inside, as su without -l wants it, or / */
	if (r == 0 && (!known || chdir(cwd) < 0) && chdir("/") < 0)
		r = err_sys(err, errno, "enter", "enter /");
	/* last come the restrictions, which check themselves: a filter may forbid to look */
	if (r == 0)
		r = verify(p, self, before.st_ino, err);
	/* late, since files are opened above and one of them may be LimitNOFILE= */
	if (r == 0 && p->user_fd < 0)
		r = restrict_limits(set, self, err);
	/* MUST-6: what the caller has open of the host ends where the user's program begins */
	if (r == 0 && (r = sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC)) < 0)
		r = err_sys(err, r, "enter", "mark descriptors close-on-exec");
	return r < 0 ? r : restrict_self(self, set, err);
}

int enter_spaces(const struct enter_plan *p, struct ctr_error *err)
{
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = self < 0 ? err_sys(err, errno, "enter", "look at this process") : join_all(p, err);

	if (r == 0)
		r = join_user(p->user_fd, err);
	if (r == 0)
		r = check_spaces(p, self, err);
	return r < 0 ? r : check_space(self, "ns/mnt", p->mnt_fd, err);
}

/* ---- the way back ---- */

static const struct {
	const char *path;
	size_t offset;
	int type;
} spaces[] = {
    {"/proc/self/ns/cgroup", offsetof(struct enter_home, cgroup_fd), CLONE_NEWCGROUP},
    {"/proc/self/ns/ipc", offsetof(struct enter_home, ipc_fd), CLONE_NEWIPC},
    {"/proc/self/ns/uts", offsetof(struct enter_home, uts_fd), CLONE_NEWUTS},
    {"/proc/self/ns/net", offsetof(struct enter_home, net_fd), CLONE_NEWNET},
    {"/proc/self/ns/time", offsetof(struct enter_home, time_fd), CLONE_NEWTIME},
    {"/proc/self/ns/pid", offsetof(struct enter_home, pid_fd), CLONE_NEWPID},
    {"/proc/self/ns/mnt", offsetof(struct enter_home, mnt_fd), CLONE_NEWNS},
};

static int *space_fd(struct enter_home *h, size_t i)
{
	return (int *)((char *)h + spaces[i].offset);
}

void enter_home_done(struct enter_home *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		cleanup_fd(space_fd(h, i));
	cleanup_fd(&h->root_fd);
	cleanup_fd(&h->cwd_fd);
}

int enter_remember(struct enter_home *ret, struct ctr_error *err)
{
	struct enter_home h;
	int r = 0;

	memset(&h, 0xff, sizeof(h)); /* all -1 */
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(spaces); i++) {
		int fd = open(spaces[i].path, O_RDONLY | O_CLOEXEC);

		/* a kernel built without time namespaces has none to come back to */
		if (fd < 0 && (errno != ENOENT || spaces[i].type != CLONE_NEWTIME))
			r = err_sys(err, errno, "enter", "open %s", spaces[i].path);
		*space_fd(&h, i) = fd;
	}
	h.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && h.root_fd < 0)
		r = err_sys(err, errno, "enter", "open /");
	h.cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r < 0) {
		enter_home_done(&h);
		return r;
	}
	*ret = h;
	return 0;
}

/* MUST-3: setns(2) puts root and cwd to the namespace's root, which a chrooted caller had not. */
static int restore_folders(const struct enter_home *home, struct ctr_error *err)
{
	struct stat now, then;

	if (stat("/", &now) < 0 || fstat(home->root_fd, &then) < 0)
		return err_sys(err, errno, "leave", "look at the root");
	if ((now.st_dev != then.st_dev || now.st_ino != then.st_ino) &&
	    (fchdir(home->root_fd) < 0 || chroot(".") < 0))
		return err_sys(err, errno, "leave", "go back to the caller's root");
	if (home->cwd_fd >= 0 && fchdir(home->cwd_fd) < 0)
		return err_sys(err, errno, "leave", "go back to the working directory");
	return 0;
}

int enter_leave(const struct enter_home *home, struct ctr_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		const int *fd = (const int *)((const char *)home + spaces[i].offset);
		int r = *fd < 0 ? 0 : sys_setns(*fd, spaces[i].type);

		if (r < 0)
			return err_sys(err, r, "leave", "go back by %s", spaces[i].path);
	}
	return restore_folders(home, err);
}

int enter_is_inside(int fd)
{
	struct stat mine, theirs;

	if (stat("/proc/self/ns/pid_for_children", &mine) < 0 || fstat(fd, &theirs) < 0)
		return -errno;
	return mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev;
}

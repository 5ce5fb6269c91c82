/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "msg.h"
#include "str.h"
#include "sys.h"

enum { CONNECT_MS = 2000 };

static const struct {
	const char *name;
	uint64_t flag;
} spaces[USERNS_OWNED] = {
    [USERNS_IPC] = {"ipc", CLONE_NEWIPC},
    [USERNS_UTS] = {"uts", CLONE_NEWUTS},
    [USERNS_NET] = {"net", CLONE_NEWNET},
};

void userns_init(struct userns *u)
{
	memset(u, 0, sizeof(*u));
	u->fd = u->hole_fd = -1;
	for (size_t i = 0; i < USERNS_OWNED; i++)
		u->owned[i] = -1;
}

void userns_done(struct userns *u)
{
	cleanup_fd(&u->fd);
	cleanup_fd(&u->hole_fd);
	for (size_t i = 0; i < USERNS_OWNED; i++)
		cleanup_fd(&u->owned[i]);
}

/* ---- the maps ---- */

static int map_one(const struct idmap_choice *c, const uint32_t *own, size_t n, struct idmap *ret,
		   struct ctr_error *err)
{
	char text[IDMAP_TEXT];
	int r = idmap_make(c, own, n, ret);

	if (r == 0)
		r = idmap_format(ret, text);
	if (r == -EEXIST)
		return err_set(err, CTR_E_CONFIG, EEXIST, "users",
			       "numbers %u to %u are to be a container's, and the user or a group "
			       "of his has one of them",
			       c->base, c->base + (c->range - 1));
	if (r == -E2BIG)
		return err_set(err, CTR_E_UNSUPPORTED, E2BIG, "users",
			       "%zu groups are more than a user namespace can map", n);
	return r < 0 ? err_sys(err, r, "users", "make the map") : 0;
}

int userns_map(struct userns *u, const struct userns_who *who, struct ctr_error *err)
{
	autofree uint32_t *gids = calloc(who->ngroups + 1, sizeof(*gids));
	int r;

	if (!gids)
		return err_sys(err, ENOMEM, "users", "make the maps");
	gids[0] = who->gid;
	if (who->ngroups > 0)
		memcpy(gids + 1, who->groups, who->ngroups * sizeof(*gids));
	r = map_one(&u->choice, &who->uid, 1, &u->uid, err);
	return r < 0 ? r : map_one(&u->choice, gids, who->ngroups + 1, &u->gid, err);
}

static int write_map(pid_t pid, const char *name, const struct idmap *m, struct ctr_error *err)
{
	char path[64], text[IDMAP_TEXT];
	int r = str_format(path, sizeof(path), "/proc/%d/%s", pid, name);

	if (r == 0)
		r = idmap_format(m, text);
	if (r == 0)
		r = fd_write_file_at(AT_FDCWD, path, text);
	return r < 0 ? err_sys(err, r, "users", "write %s", name) : 0;
}

/* ---- making it ---- */

enum { OWNED_FLAGS = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

/* New namespaces in one that is there; who waits hears how that went. */
static int settle_in(int joined, int flags, int wr)
{
	int r = sys_setns(joined, CLONE_NEWUSER);

	if (r == 0 && flags)
		r = sys_unshare(flags);
	return fd_write_all(wr, &r, sizeof(r)) < 0 ? -EPIPE : r;
}

/* Only holds what it was born in, or has settled in, until it has been opened from outside. */
static pid_t hold(int joined, int flags, int wr, int *ret_pidfd)
{
	struct clone_args args = {
	    .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)ret_pidfd, .exit_signal = SIGCHLD};
	pid_t maker = getpid(), pid;

	if (joined < 0)
		args.flags |= (unsigned int)(CLONE_NEWUSER | flags);
	pid = sys_clone3(&args, sizeof(args));
	if (pid != 0)
		return pid;
	/* MUST-9: it ends with who made it, who may have ended before this line */
	if ((joined < 0 || settle_in(joined, flags, wr) == 0) &&
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == maker)
		for (;;)
			(void)pause();
	_exit(1);
}

static void let_go(pid_t pid, int pidfd)
{
	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* our child, not yet reaped */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int open_space(pid_t pid, const char *name, int *ret, struct ctr_error *err)
{
	char path[64];
	int fd, r = str_format(path, sizeof(path), "/proc/%d/ns/%s", pid, name);

	fd = r < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "users", "open the %s namespace", name);
	*ret = fd;
	return 0;
}

static int open_spaces(pid_t pid, int flags, struct userns *into, struct ctr_error *err)
{
	int r = open_space(pid, "user", &into->fd, err);

	for (size_t i = 0; r == 0 && i < USERNS_OWNED; i++)
		if ((uint64_t)flags & spaces[i].flag)
			r = open_space(pid, spaces[i].name, &into->owned[i], err);
	return r;
}

static int make(const struct idmap *uid, const struct idmap *gid, int flags, struct userns *into,
		struct ctr_error *err)
{
	autofd int pidfd = -1;
	pid_t pid = hold(-1, flags, -1, &pidfd);
	int r;

	if (pid < 0)
		return err_sys(err, pid, "users", "make a user namespace");
	r = write_map(pid, "gid_map", gid, err);
	if (r == 0)
		r = write_map(pid, "uid_map", uid, err);
	if (r == 0)
		r = open_spaces(pid, flags, into, err);
	let_go(pid, pidfd);
	return r;
}

static int join(int joined, int flags, struct userns *into, struct ctr_error *err)
{
	autofd int pidfd = -1, rd = -1, wr = -1;
	int p[2], told, r = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, errno, "users", "pipe");
	rd = p[0];
	wr = p[1];
	pid = hold(joined, flags, wr, &pidfd);
	cleanup_fd(&wr);
	if (pid < 0)
		return err_sys(err, pid, "users", "join a user namespace");
	if (fd_read_all(rd, &told, sizeof(told)) != sizeof(told))
		told = -ECHILD;
	if (told < 0)
		r = err_sys(err, told, "users", "join a user namespace");
	if (r == 0)
		r = open_spaces(pid, flags, into, err);
	let_go(pid, pidfd);
	return r;
}

static int make_hole(struct userns *u, struct ctr_error *err)
{
	autofree struct userns *hole = NULL;
	int r;

	if (!idmap_is_mapped(&u->choice))
		return 0;
	hole = malloc(sizeof(*hole));
	if (!hole)
		return err_sys(err, ENOMEM, "users", "make the maps");
	userns_init(hole);
	idmap_make_hole(&u->choice, &hole->uid);
	r = make(&hole->uid, &hole->uid, 0, hole, err);
	u->hole_fd = hole->fd;
	return r;
}

int userns_make(struct userns *u, int joined, uint64_t flags, struct ctr_error *err)
{
	int own = (int)(flags & OWNED_FLAGS);
	int r = joined < 0 ? make(&u->uid, &u->gid, own, u, err) : join(joined, own, u, err);

	if (r == 0)
		r = make_hole(u, err);
	if (r < 0)
		userns_done(u);
	return r;
}

/* ---- in it ---- */

int userns_enter_owned(const struct userns *u, struct ctr_error *err)
{
	for (size_t i = 0; i < USERNS_OWNED; i++) {
		int r = u->owned[i] < 0 ? 0 : sys_setns(u->owned[i], (int)spaces[i].flag);

		if (r < 0)
			return err_sys(err, r, "users", "enter the %s namespace", spaces[i].name);
	}
	return 0;
}

static int all_caps(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		d[i].effective = d[i].permitted;
	return syscall(SYS_capset, &h, d) < 0 ? -errno : 0;
}

int userns_build_as_root(const struct userns *u, struct ctr_error *err)
{
	uint32_t uid, gid;
	int r = idmap_outside(&u->uid, 0, &uid);

	if (r == 0)
		r = idmap_outside(&u->gid, 0, &gid);
	if (r < 0)
		return err_sys(err, r, "users", "look up root in the map");
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	/* these calls return what was before, never an error: asked again, they tell */
	if (setfsuid(uid) != (int)uid || setfsgid(gid) != (int)gid)
		return err_set(err, CTR_E_SYSTEM, EPERM, "users", "can not build as uid %u", uid);
	r = all_caps();
	return r < 0 ? err_sys(err, r, "users", "keep capabilities") : 0;
}

static int become_root(int fd)
{
	int r = sys_setns(fd, CLONE_NEWUSER);

	if (r < 0)
		return r;
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

int userns_enter(const struct userns *u, struct ctr_error *err)
{
	int r = become_root(u->fd);

	if (r < 0)
		return err_sys(err, r, "users", "enter the user namespace");
	/* what was mounted so far can not be taken away inside, mount_namespaces(7) */
	r = sys_unshare(CLONE_NEWNS);
	if (r < 0)
		return err_sys(err, r, "users", "copy the mounts");
	/* a change of identity ends both */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, errno, "users", "be bound to the supervisor again");
	return 0;
}

/* ---- from outside ---- */

static int check_map(int pid, const char *name, const struct idmap *m, struct ctr_error *err)
{
	char path[64], text[4 * IDMAP_TEXT];
	ssize_t n = -ENAMETOOLONG;

	if (str_format(path, sizeof(path), "/proc/%d/%s", pid, name) == 0)
		n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return err_sys(err, (int)n, "verify", "read %s", name);
	if (!idmap_is(m, text))
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "%s of PID 1 is another one",
			       name);
	return 0;
}

/* A namespace of the host's would let root inside do to it what he may not. */
static int check_owner(int pid, const char *name, const struct stat *user, struct ctr_error *err)
{
	autofd int fd = -1, owner = -1;
	struct stat st;
	int r = open_space(pid, name, &fd, err);

	if (r < 0)
		return r;
	owner = ioctl(fd, NS_GET_USERNS);
	if (owner < 0 || fstat(owner, &st) < 0)
		return err_sys(err, errno, "verify", "ask for the owner of the %s namespace", name);
	if (st.st_ino != user->st_ino || st.st_dev != user->st_dev)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify",
			       "the %s namespace is not the user namespace's", name);
	return 0;
}

int userns_verify(const struct userns *u, int pid, struct ctr_error *err)
{
	autofd int theirs = -1;
	struct stat want, have;
	int r = open_space(pid, "user", &theirs, err);

	if (r < 0)
		return r;
	if (fstat(u->fd, &want) < 0 || fstat(theirs, &have) < 0)
		return err_sys(err, errno, "verify", "look at the user namespace");
	if (want.st_ino != have.st_ino || want.st_dev != have.st_dev)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify",
			       "PID 1 is not in its user namespace");
	r = check_map(pid, "uid_map", &u->uid, err);
	if (r == 0)
		r = check_map(pid, "gid_map", &u->gid, err);
	if (r == 0)
		r = check_owner(pid, "mnt", &want, err);
	for (size_t i = 0; r == 0 && i < USERNS_OWNED; i++)
		if (u->owned[i] >= 0)
			r = check_owner(pid, spaces[i].name, &want, err);
	return r;
}

struct connection {
	const struct userns *u;
	const char *path;
	int sock;
};

/* The kernel tells who listens of who connects as he is then: root of the namespace. */
static int connect_as_root(void *arg, struct ctr_error *err)
{
	const struct connection *c = arg;
	int r = become_root(c->u->fd);

	if (r == 0)
		r = msg_connect_by(c->sock, c->path);
	return r < 0 ? err_sys(err, r, "connect", "connect to PID 1") : 0;
}

int userns_connect(const struct userns *u, const char *path)
{
	autofd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct connection c = {u, path, sock};
	int r;

	if (sock < 0)
		return -errno;
	r = child_run(connect_as_root, &c, CONNECT_MS, NULL);
	return r < 0 ? r : take_fd(&sock);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountmake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "mnt.h"
#include "owner.h"
#include "path.h"
#include "procfs.h"
#include "sys.h"
#include "treetar.h"

enum { COPY_UP_MAX = 256 << 20 };

/* mount_setattr(2) adds; of the kinds of access times one replaces the other. */
static int set_attr(int mnt, uint64_t attr, bool below, struct ctr_error *err)
{
	struct mount_attr a = {.attr_set = attr};
	int r;

	if (attr & MOUNT_ATTR__ATIME)
		a.attr_clr = MOUNT_ATTR__ATIME;
	r = sys_mount_setattr(mnt, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &a, sizeof(a));
	return r < 0 ? err_sys(err, r, "mount", "set mount attributes") : 0;
}

static int set_propagation(int mnt, const struct mountline_options *o, struct ctr_error *err)
{
	return o->propagation ? mnt_set(mnt, 0, o->propagation, o->propagate_below, err) : 0;
}

/* The place of a mount; made when it is not there. */
static int open_dest(int root, const char *dest, bool is_dir, struct ctr_error *err)
{
	int fd = path_open_ours(root, dest, O_PATH);

	if (fd == -ENOENT)
		fd = path_make_in(root, dest, is_dir, is_dir ? 0755 : 0644);
	return fd < 0 ? err_sys(err, fd, "mount", "open %s of the container", dest) : fd;
}

int mountmake_bind(const struct mountmake *w, int from, const char *dest,
		   const struct mountline_options *o, struct ctr_error *err)
{
	autofd int target = -1, m = -1;
	struct stat st;
	int r;

	if (fstat(from, &st) < 0)
		return err_sys(err, errno, "bind", "stat what goes to %s", dest);
	target = open_dest(w->root, dest, S_ISDIR(st.st_mode), err);
	if (target < 0)
		return target;
	m = mnt_clone(from, !o->single, err);
	if (m < 0)
		return m;
	/* nosuid and nodev for all of it, as nothing below was asked about (MUST-5) */
	r = mnt_set(m, o->attr & (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), MS_SLAVE, true, err);
	if (r == 0)
		r = set_attr(m, o->attr, false, err);
	if (r == 0 && o->attr_below)
		r = set_attr(m, o->attr_below, true, err);
	if (r == 0 && !(o->attr_below & MOUNT_ATTR_RDONLY))
		r = owner_keep_out(w->hole, m, true, err);
	if (r == 0)
		r = set_propagation(m, o, err);
	return r < 0 ? r : mnt_attach(m, target, dest, err);
}

static int make_bind(const struct mountmake *w, const struct mountline *m, struct ctr_error *err)
{
	/* MUST-5: links in the source are followed where they are root's, magic ones are not */
	autofd int from = path_open_ours(w->host, m->sources.v[0], O_PATH);

	if (from == -ENOENT && m->optional)
		return 0;
	if (from < 0)
		return err_sys(err, from, "bind", "open %s", m->sources.v[0]);
	return mountmake_bind(w, from, m->dest, &m->options, err);
}

/* ---- file systems of the kernel's ---- */

/*
 * What a tmpfs covers, taken along: owners, modes, access lists. A user who can write the folder
 * must not fill the host's memory, which this is until it is in the tmpfs.
 */
static int copy_up(int from, int to, struct ctr_error *err)
{
	autofd int tar = memfd_create("copy-up", MFD_CLOEXEC);
	autofd int dir = path_open_nolinks(from, "/", O_RDONLY | O_DIRECTORY);
	struct rlimit old, low;
	int r;

	if (tar < 0 || dir < 0)
		return err_sys(err, tar < 0 ? errno : dir, "tmpfs", "copy what is there");
	(void)getrlimit(RLIMIT_FSIZE, &old); /* cannot fail for this one */
	low = old;
	if (low.rlim_cur > COPY_UP_MAX)
		low.rlim_cur = COPY_UP_MAX;
	(void)setrlimit(RLIMIT_FSIZE, &low); /* of tar(1); nothing else is written meanwhile */
	r = treetar_pack(dir, tar, err);
	(void)setrlimit(RLIMIT_FSIZE, &old);
	if (r == 0 && lseek(tar, 0, SEEK_SET) < 0)
		r = err_sys(err, errno, "tmpfs", "copy what is there");
	return r < 0 ? r : treetar_unpack(tar, to, err);
}

/* A tmpfs without mode= has that of the folder it covers. */
static int data_for(const struct mountmake *w, const struct mountline *m, int target,
		    char data[640], struct ctr_error *err)
{
	const char *given = m->options.data;
	struct stat st;
	int r;

	if (m->kind == MOUNTLINE_PROC) /* files of the machine are not shown a second time */
		r = str_format(data, 640, "subset=pid%s%s%s%s", w->hidepid ? "," : "",
			       w->hidepid ? w->hidepid : "", *given ? "," : "", given);
	else if (m->kind == MOUNTLINE_TMPFS && !strstr(given, "mode=") && fstat(target, &st) == 0)
		r = str_format(data, 640, "mode=%o%s%s", st.st_mode & 07777, *given ? "," : "",
			       given);
	else
		r = str_copy(data, 640, given);
	return r < 0 ? err_sys(err, r, "mount", "write options") : 0;
}

static int make_new(const struct mountmake *w, const struct mountline *m, struct ctr_error *err)
{
	autofd int target = open_dest(w->root, m->dest, true, err), mnt = -1;
	uint64_t attr = m->options.attr;
	char data[640];
	int r;

	if (target < 0)
		return target;
	r = data_for(w, m, target, data, err);
	if (r < 0)
		return r;
	mnt = mnt_new(mountline_type(m->kind), *data ? data : NULL,
		      m->options.copy_up ? attr & ~(uint64_t)MOUNT_ATTR_RDONLY : attr, err);
	if (mnt < 0)
		return mnt;
	r = m->options.copy_up ? copy_up(target, mnt, err) : 0;
	if (r == 0 && m->options.copy_up)
		r = set_attr(mnt, attr, false, err);
	if (r == 0)
		r = set_propagation(mnt, &m->options, err);
	if (r == 0)
		r = mnt_attach(mnt, target, m->dest, err);
	if (r == 0 && m->kind == MOUNTLINE_SYSFS) {
		autofree char *firmware = str_dup_format("%s/firmware", m->dest);

		r = firmware ? procfs_hide(w->root, firmware, true, err) : -ENOMEM;
	}
	return r;
}

/* ---- overlays ---- */

/*
 * The kernel's scratch folder beside the upper one, on its file system. Whoever owns the folder
 * around it may have put something there before.
 */
static int open_work(const struct mountmake *w, const char *upper, struct ctr_error *err)
{
	const char *slash = strrchr(upper, '/');
	autofree char *above = strndup(upper, slash == upper ? 1 : (size_t)(slash - upper));
	autofree char *name = str_dup_format(".%s.work", slash + 1);
	autofd int dir = above ? path_open_ours(w->host, above, O_PATH | O_DIRECTORY) : -ENOMEM;
	autofd int work = -1;
	struct stat st;
	uid_t uid;
	gid_t gid;
	int r;

	if (dir < 0 || !name)
		return err_sys(err, dir < 0 ? dir : ENOMEM, "overlay", "open the folder of %s",
			       upper);
	/* root of the host's, who builds with the numbers of root inside */
	uid = (uid_t)setfsuid(0);
	gid = (gid_t)setfsgid(0);
	r = mkdirat(dir, name, 0700) < 0 && errno != EEXIST ? -errno : 0;
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	if (r < 0)
		return err_sys(err, r, "overlay", "make %s beside %s", name, upper);
	work = path_open_nolinks(dir, name, O_PATH | O_DIRECTORY);
	if (work < 0 || fstat(work, &st) < 0)
		return err_sys(err, work < 0 ? work : errno, "overlay", "open %s beside %s", name,
			       upper);
	if (st.st_uid != 0 || (st.st_mode & 022))
		return err_set(err, CTR_E_CONFIG, EPERM, "overlay", "%s beside %s is not root's",
			       name, upper);
	return take_fd(&work);
}

static int add_option(char *options, size_t size, const char *text, int fd)
{
	size_t used = strlen(options);

	return str_format(options + used, size - used, "%s/proc/self/fd/%d", text, fd);
}

static int open_layers(const struct mountmake *w, const struct mountline *m, int *fds,
		       struct ctr_error *err)
{
	for (size_t i = 0; i < m->sources.n; i++) {
		fds[i] = path_open_ours(w->host, m->sources.v[i], O_PATH | O_DIRECTORY);
		if (fds[i] < 0)
			return err_sys(err, fds[i], "overlay", "open %s", m->sources.v[i]);
	}
	return 0;
}

/* The kernel wants the uppermost of the lower ones first. */
static int mount_layers(const struct mountmake *w, const struct mountline *m, const int *fds,
			struct ctr_error *err)
{
	bool read_only = m->options.attr & MOUNT_ATTR_RDONLY;
	size_t lowers = m->sources.n - !read_only;
	char options[1536] = "";
	autofd int work = read_only ? -1 : open_work(w, m->sources.v[lowers], err);
	int r = 0;

	if (!read_only && work < 0)
		return work;
	for (size_t i = lowers; r == 0 && i-- > 0;)
		r = add_option(options, sizeof(options), i == lowers - 1 ? "lowerdir=" : ":",
			       fds[i]);
	if (r == 0 && !read_only)
		r = add_option(options, sizeof(options), ",upperdir=", fds[lowers]);
	if (r == 0 && !read_only)
		r = add_option(options, sizeof(options), ",workdir=", work);
	if (r == 0 && m->options.data[0])
		r = str_format(options + strlen(options), sizeof(options) - strlen(options), ",%s",
			       m->options.data);
	if (r < 0)
		return err_sys(err, r, "overlay", "write options");
	return mnt_new("overlay", options, m->options.attr, err);
}

static int make_overlay(const struct mountmake *w, const struct mountline *m, struct ctr_error *err)
{
	autofd int target = open_dest(w->root, m->dest, true, err), mnt = -1;
	int fds[32], r;

	if (target < 0)
		return target;
	memset(fds, 0xff, sizeof(fds)); /* all -1 */
	r = open_layers(w, m, fds, err);
	if (r == 0)
		mnt = r = mount_layers(w, m, fds, err);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_fd(&fds[i]);
	if (r < 0)
		return r;
	r = m->options.attr & MOUNT_ATTR_RDONLY ? 0 : owner_keep_out(w->hole, mnt, true, err);
	if (r == 0)
		r = set_propagation(mnt, &m->options, err);
	return r < 0 ? r : mnt_attach(mnt, target, m->dest, err);
}

int mountmake(const struct mountmake *w, const struct mountline *m, struct ctr_error *err)
{
	switch (m->kind) {
	case MOUNTLINE_BIND:
		return make_bind(w, m, err);
	case MOUNTLINE_OVERLAY:
		return make_overlay(w, m, err);
	case MOUNTLINE_CGROUP:
		return 0;
	default:
		return make_new(w, m, err);
	}
}

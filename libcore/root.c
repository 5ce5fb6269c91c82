/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "dev.h"
#include "mnt.h"
#include "mountmake.h"
#include "owner.h"
#include "path.h"
#include "procfs.h"
#include "sys.h"
#include "treetar.h"

/* One root being built; host is the old tree, root the new one. Both O_PATH. */
struct build {
	const struct spec *spec;
	const struct root_facts *facts;
	int host, root, scratch;
	uint64_t attr; /* of every mount that is shown */
};

static int hole_of(const struct build *b)
{
	return b->facts->users ? b->facts->users->hole_fd : -1;
}

/* ---- the tree ---- */

static int show_mount(struct build *b, const struct mnt_point *p, struct ctr_error *err)
{
	autofd int from = path_open_nolinks(b->host, p->path, O_PATH), m = -1;
	autofd int target = path_open_nolinks(b->root, p->path, O_PATH);
	int r;

	/* covered by a later mount, or a link by now: not shown */
	if (from < 0 || target < 0)
		return 0;
	m = mnt_clone(from, false, err);
	if (m < 0)
		return m;
	r = mnt_set(m, b->attr, MS_SLAVE, false, err);
	if (r == 0)
		r = owner_keep_out(hole_of(b), m, false, err);
	return r < 0 ? r : mnt_attach(m, target, p->path, err);
}

/* The file grows with each mount that is made, so it is read to its end before the first. */
static int read_mounts(struct strv *ret, struct ctr_error *err)
{
	autofile FILE *f = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (!f)
		return err_sys(err, errno, "root", "open /proc/self/mountinfo");
	while (r == 0 && getline(&line, &size, f) > 0)
		r = strv_add(ret, line);
	if (r < 0 || ferror(f))
		return err_sys(err, r < 0 ? r : EIO, "root", "read /proc/self/mountinfo");
	return 0;
}

static int show_host_mounts(struct build *b, const struct strv *lines, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lines->n; i++) {
		struct mnt_point p;

		if (mnt_parse(lines->v[i], &p) == 0 && mnt_is_shown(&p, b->spec->private_tmp))
			r = show_mount(b, &p, err);
	}
	return r;
}

/* Volatile=overlay: what is written goes to a tmpfs that dies with the container. */
static int make_overlay(struct build *b, int lower, struct ctr_error *err)
{
	autofd int scratch =
	    mnt_new("tmpfs", "mode=755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	autofd int place = path_open_nolinks(b->host, "/proc", O_PATH | O_DIRECTORY);
	char options[160];
	int r;

	if (scratch < 0)
		return scratch;
	if (place < 0)
		return err_sys(err, place, "root", "open /proc");
	if (mkdirat(scratch, "upper", 0755) < 0 || mkdirat(scratch, "work", 0700) < 0)
		return err_sys(err, errno, "root", "prepare the overlay");
	autofd int upper = openat(scratch, "upper", O_PATH | O_CLOEXEC);
	autofd int work = openat(scratch, "work", O_PATH | O_CLOEXEC);

	if (upper < 0 || work < 0)
		return err_sys(err, errno, "root", "open the overlay's folders");
	r = b->facts->upper_tar < 0 ? 0 : treetar_unpack(b->facts->upper_tar, upper, err);
	if (r < 0)
		return r;
	r = str_format(
	    options, sizeof(options),
	    "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d", lower,
	    upper, work);
	if (r < 0)
		return err_sys(err, r, "root", "name the overlay's folders");
	r = mnt_new("overlay", options, b->attr, err);
	if (r >= 0)
		b->scratch = take_fd(&scratch);
	return r;
}

/* A tree of its own is root's inside; the host's stays root's of the host. */
static int map_owners(const struct build *b, int tree, struct ctr_error *err)
{
	const struct userns *u = b->facts->users;
	const char *path = b->spec->root_directory;

	return path ? owner_map_tree(u, tree, path, err)
		    : owner_keep_out(hole_of(b), tree, false, err);
}

/*
 * Below an overlay it has to be mounted somewhere (ovl_mount_dir(), super.c, before 6.15): on
 * itself, in this mount namespace, where the old tree goes away at the end.
 */
static int map_lower(struct build *b, int top, struct ctr_error *err)
{
	autofd int lower = mnt_clone(top, false, err);
	int r;

	if (lower < 0)
		return lower;
	r = map_owners(b, lower, err);
	if (r == 0)
		r = mnt_attach(lower, top, b->spec->root_directory, err);
	return r < 0 ? r : make_overlay(b, lower, err);
}

static int show_tree(struct build *b, int top, struct ctr_error *err)
{
	bool written = !b->spec->read_only && b->spec->volatile_mode == SPEC_VOLATILE_NO;
	autofd int tree = -1;
	int r = 0;

	if (b->spec->volatile_mode == SPEC_VOLATILE_OVERLAY)
		return b->facts->users && b->spec->root_directory ? map_lower(b, top, err)
								  : make_overlay(b, top, err);
	if (b->spec->root_directory && written)
		r = owner_check_tree(b->facts->users, b->spec->root_directory, err);
	if (r == 0)
		tree = mnt_clone(top, false, err);
	if (r < 0 || tree < 0)
		return r < 0 ? r : tree;
	r = map_owners(b, tree, err);
	return r < 0 ? r : take_fd(&tree);
}

static int open_tree_of(struct build *b, struct ctr_error *err)
{
	const char *path = b->spec->root_directory ? b->spec->root_directory : "/";
	autofd int top = -1, tree = -1;
	int r;

	if (b->spec->root_directory) {
		r = path_open_trusted(path, S_IFDIR, &top, err);
		if (r < 0)
			return r;
	} else {
		top = path_open_nolinks(b->host, "/", O_PATH | O_DIRECTORY);
	}
	if (top < 0)
		return err_sys(err, top, "root", "open %s", path);
	tree = show_tree(b, top, err);
	if (tree < 0)
		return tree;
	r = mnt_set(tree, b->attr, MS_SLAVE, false, err);
	if (r < 0)
		return r;
	/* onto the old root: from here on it is reached by this descriptor alone */
	r = mnt_attach(tree, b->facts->at < 0 ? b->host : b->facts->at, path, err);
	if (r == 0)
		b->root = take_fd(&tree);
	return r;
}

/* ---- folders of its own ---- */

static int attach_tmpfs(struct build *b, const char *path, const char *options, bool must,
			struct ctr_error *err)
{
	autofd int target = path_open_ours(b->root, path, O_PATH | O_DIRECTORY), m = -1;

	if (target == -ENOENT && !must)
		return 0;
	if (target < 0)
		return err_sys(err, target, "root", "open %s of the container", path);
	m = mnt_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	return m < 0 ? m : mnt_attach(m, target, path, err);
}

static struct mountmake place(const struct build *b)
{
	return (struct mountmake){.host = b->host,
				  .root = b->root,
				  .hole = hole_of(b),
				  .hidepid = procfs_hidepid(b->spec->protect_proc)};
}

/* What name look-ups need from the host's /run, where it exists. Nothing else of it is shown. */
static const char *const run_shown[] = {
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/nscd",
    "/run/systemd/userdb",
};

static int make_runtime_dir(struct build *b, struct ctr_error *err)
{
	char path[64];
	autofd int fd = -1;

	if (b->facts->uid == 0)
		return 0;
	if (str_format(path, sizeof(path), "/run/user/%u", b->facts->uid) < 0)
		return err_sys(err, ENAMETOOLONG, "root", "name the runtime directory");
	fd = path_make_in(b->root, path, true, 0700);
	if (fd < 0)
		return err_sys(err, fd, "root", "make %s", path);
	if (fchownat(fd, "", b->facts->uid, b->facts->gid, AT_EMPTY_PATH) < 0)
		return err_sys(err, errno, "root", "give %s to its user", path);
	return 0;
}

static int make_run(struct build *b, struct ctr_error *err)
{
	int r = attach_tmpfs(b, "/run", "mode=755,size=10%", true, err);
	autofd int lock = r == 0 ? path_make_in(b->root, "/run/lock", true, 01777) : -1;
	const struct mountline_options options = {.attr = b->attr | MOUNT_ATTR_NOSUID};
	const struct mountmake w = place(b);

	if (r == 0 && lock < 0)
		return err_sys(err, lock, "root", "make /run/lock");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(run_shown); i++) {
		autofd int from = path_open_nolinks(b->host, run_shown[i], O_PATH);

		if (from >= 0)
			r = mountmake_bind(&w, from, run_shown[i], &options, err);
	}
	return r < 0 ? r : make_runtime_dir(b, err);
}

/* ---- the lists of [Files] ---- */

/* Splits "SRC[:DST[:OPTIONS]]" or "PATH[:OPTIONS]"; missing parts are NULL. */
static void split(char *text, char *parts[3])
{
	for (int i = 0; i < 3; i++) {
		parts[i] = text;
		text = text ? strchr(text, ':') : NULL;
		if (text)
			*text++ = '\0';
	}
}

static int bind_one(struct build *b, const char *line, bool read_only, struct ctr_error *err)
{
	autofree char *text = strdup(line);
	struct mountline_options options;
	const struct mountmake w = place(b);
	bool optional = *line == '-';
	autofd int from = -1;
	char *part[3];
	int r;

	if (!text)
		return err_sys(err, ENOMEM, "bind", "bind %s", line);
	split(text + optional, part);
	r = mountline_parse_options(MOUNTLINE_BIND, part[2], &options, err);
	if (r < 0)
		return r;
	if (read_only)
		options.attr_below |= MOUNT_ATTR_RDONLY;
	/* MUST-5: links in the source are followed where they are root's, magic ones are not */
	from = path_open_ours(b->host, part[0], O_PATH);
	if (from == -ENOENT && optional)
		return 0;
	if (from < 0)
		return err_sys(err, from, "bind", "open %s", part[0]);
	return mountmake_bind(&w, from, part[1] && *part[1] ? part[1] : part[0], &options, err);
}

static int tmpfs_one(struct build *b, const char *line, struct ctr_error *err)
{
	autofree char *text = strdup(line);
	char *part[3];

	if (!text)
		return err_sys(err, ENOMEM, "tmpfs", "mount %s", line);
	split(text, part);
	autofd int fd = path_make_in(b->root, part[0], true, 0755);

	if (fd < 0)
		return err_sys(err, fd, "tmpfs", "open %s of the container", part[0]);
	return attach_tmpfs(b, part[0], part[1] && *part[1] ? part[1] : "mode=755", true, err);
}

static int mount_one(struct build *b, const char *line, bool overlay, struct ctr_error *err)
{
	automount struct mountline m = {.dest = NULL};
	const struct mountmake w = place(b);
	int r = overlay ? mountline_parse_overlay(line, &m, err) : mountline_parse(line, &m, err);

	return r < 0 ? r : mountmake(&w, &m, err);
}

static int apply_mounts(struct build *b, struct ctr_error *err)
{
	const struct spec *s = b->spec;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->mounts.n; i++)
		r = mount_one(b, s->mounts.v[i], false, err);
	for (size_t i = 0; r == 0 && i < s->overlays.n; i++)
		r = mount_one(b, s->overlays.v[i], true, err);
	return r;
}

static int apply_lists(struct build *b, struct ctr_error *err)
{
	const struct spec *s = b->spec;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->temporary_fs.n; i++)
		r = tmpfs_one(b, s->temporary_fs.v[i], err);
	for (size_t i = 0; r == 0 && i < s->bind.n; i++)
		r = bind_one(b, s->bind.v[i], false, err);
	for (size_t i = 0; r == 0 && i < s->bind_read_only.n; i++)
		r = bind_one(b, s->bind_read_only.v[i], true, err);
	if (r == 0)
		r = apply_mounts(b, err);
	for (size_t i = 0; r == 0 && i < s->read_only_paths.n; i++) {
		bool may = s->read_only_paths.v[i][0] == '-';

		r = procfs_make_read_only(b->root, s->read_only_paths.v[i] + may, may, err);
	}
	for (size_t i = 0; r == 0 && i < s->inaccessible.n; i++) {
		bool may = s->inaccessible.v[i][0] == '-';

		r = procfs_hide(b->root, s->inaccessible.v[i] + may, may, err);
	}
	return r;
}

static int pivot(struct build *b, struct ctr_error *err)
{
	int r;

	if (fchdir(b->root) < 0)
		return err_sys(err, errno, "pivot", "enter the new root");
	r = sys_pivot_root(".", ".");
	if (r < 0)
		return err_sys(err, r, "pivot", "pivot_root");
	/* the old root lies on top of the new one now, pivot_root(2) */
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(err, errno, "pivot", "let go of the old root");
	if (chdir("/") < 0)
		return err_sys(err, errno, "pivot", "enter /");
	return 0;
}

static int build_all(struct build *b, struct ctr_error *err)
{
	const struct spec *s = b->spec;
	bool read_only = s->read_only || s->volatile_mode == SPEC_VOLATILE_STATE;
	autostrv struct strv mounts = {0};
	int r = s->root_directory ? 0 : read_mounts(&mounts, err);

	if (r == 0)
		r = open_tree_of(b, err);
	if (r == 0)
		r = show_host_mounts(b, &mounts, err);
	if (r == 0 && read_only)
		r = mnt_set(b->root, MOUNT_ATTR_RDONLY, 0, true, err);
	if (r == 0)
		r = dev_build(b->root, b->host, s, b->facts, err);
	if (r == 0)
		r = procfs_build(b->root, s, b->facts, err);
	if (r == 0)
		r = make_run(b, err);
	if (r == 0 && s->private_tmp)
		r = attach_tmpfs(b, "/tmp", "mode=1777,size=50%", true, err);
	if (r == 0 && s->private_tmp)
		r = attach_tmpfs(b, "/var/tmp", "mode=1777,size=50%", false, err);
	if (r == 0 && s->volatile_mode == SPEC_VOLATILE_STATE)
		r = attach_tmpfs(b, "/var", "mode=755", true, err);
	if (r == 0)
		r = apply_lists(b, err);
	if (r == 0 && s->propagation == SPEC_PROPAGATION_PRIVATE)
		r = mnt_set(b->root, 0, MS_PRIVATE, true, err);
	if (r == 0 && b->facts->mounted)
		r = b->facts->mounted(b->facts->arg, err);
	return r < 0 || b->facts->at >= 0 ? r : pivot(b, err);
}

int root_build(const struct spec *spec, const struct root_facts *facts, int *ret_scratch,
	       struct ctr_error *err)
{
	struct build b = {.spec = spec, .facts = facts, .root = -1, .scratch = -1};
	mode_t mask;
	int r;

	b.attr = MOUNT_ATTR_NODEV | (spec->no_new_privileges ? MOUNT_ATTR_NOSUID : 0);
	/* first of all: nothing that is mounted here reaches the host (threats B6) */
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_sys(err, errno, "root", "stop mount propagation");
	b.host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b.host < 0)
		return err_sys(err, errno, "root", "open /");
	mask = umask(0); /* modes are given in full */
	r = facts->users ? userns_build_as_root(facts->users, err) : 0;
	if (r == 0)
		r = build_all(&b, err);
	(void)umask(mask);
	if (r == 0 && b.scratch >= 0)
		*ret_scratch = take_fd(&b.scratch);
	cleanup_fd(&b.scratch);
	cleanup_fd(&b.root);
	cleanup_fd(&b.host);
	return r;
}

int root_check_shell(int rootfd, const char *path, struct ctr_error *err)
{
	autofd int fd = path_is_clean(path) ? path_open_in(rootfd, path, O_PATH) : -EINVAL;
	struct stat st;

	if (fd < 0)
		return err_set(err, CTR_E_CONFIG, -fd, "shell",
			       "login shell %s does not exist in the container", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return err_set(err, CTR_E_CONFIG, EACCES, "shell",
			       "login shell %s can not be executed in the container", path);
	return 0;
}

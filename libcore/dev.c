/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "devnode.h"
#include "mnt.h"
#include "path.h"
#include "sys.h"

/* devices.txt of the kernel documentation; what every libcontainer container has */
static const struct {
	const char *name;
	unsigned int major, minor;
} nodes[] = {
    {"null", 1, 3},   {"zero", 1, 5},	 {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

/*
 * Terminals are counted for the whole machine (kernel.pty.max, 4096, less 1024 for the host's own
 * mounts): one container must not have them all.
 */
#define PTS_OPTIONS "mode=620,ptmxmode=666,gid=%u,max=1024"

enum { TTY_GID = 5 };

static const struct {
	const char *name, *target;
} links[] = {
    {"ptmx", "pts/ptmx"},	   {"fd", "/proc/self/fd"},	  {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},
};

static const struct {
	const char *name;
	mode_t mode;
} folders[] = {{"pts", 0755}, {"shm", 01777}, {"mqueue", 01777}, {".container", 0755}};

static int make_node(int dir, const char *name, dev_t dev, struct ctr_error *err)
{
	struct stat st;

	if (mknodat(dir, name, S_IFCHR | 0666, dev) < 0)
		return err_sys(err, errno, "dev", "make device node %s", name);
	/* MUST-5: what stands there now is looked at, not what was asked for */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != dev)
		return err_set(err, CTR_E_SYSTEM, EPERM, "dev", "%s is not the device asked for",
			       name);
	return 0;
}

static int fill(int dir, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(nodes); i++)
		r = make_node(dir, nodes[i].name, makedev(nodes[i].major, nodes[i].minor), err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dir, links[i].name) < 0)
			r = err_sys(err, errno, "dev", "make link %s", links[i].name);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(folders); i++)
		if (mkdirat(dir, folders[i].name, folders[i].mode) < 0)
			r = err_sys(err, errno, "dev", "make folder %s", folders[i].name);
	for (size_t i = 0; r == 0 && i < 3; i++) {
		static const char *const files[] = {"console", ".container/init",
						    ".container/attach"};
		autofd int fd =
		    openat(dir, files[i], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

		if (fd < 0)
			r = err_sys(err, errno, "dev", "make file %s", files[i]);
	}
	return r;
}

static int attach_new(int rootfd, const char *path, const char *type, const char *options,
		      struct ctr_error *err)
{
	uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	autofd int target = path_open_nolinks(rootfd, path, O_PATH | O_DIRECTORY);
	autofd int m = -1;

	if (target < 0)
		return err_sys(err, target, "dev", "open %s", path);
	/* a devpts with nodev has no terminals */
	m = mnt_new(type, options, strcmp(type, "devpts") == 0 ? attr : attr | MOUNT_ATTR_NODEV,
		    err);
	return m < 0 ? m : mnt_attach(m, target, path, err);
}

/* The group of terminals is the number 5 inside, whatever that is outside. */
static int attach_pts(int rootfd, const struct root_facts *facts, struct ctr_error *err)
{
	uint32_t gid = TTY_GID;
	char options[64];
	int r = facts->users ? idmap_outside(&facts->users->gid, TTY_GID, &gid) : 0;

	if (r == 0)
		r = str_format(options, sizeof(options), PTS_OPTIONS, gid);
	if (r < 0)
		return err_sys(err, r, "dev", "name the group of terminals");
	return attach_new(rootfd, "/dev/pts", "devpts", options, err);
}

/*
 * MUST-6: read-only, so that /proc/PID/exe of a helper can not be written from inside. Opened here
 * and not by the supervisor: open_tree(2) copies only mounts of the caller's own namespace.
 */
static int attach_helper(int rootfd, int hostfd, const struct root_facts *facts, const char *name,
			 struct ctr_error *err)
{
	char from[PATH_MAX], to[64];
	autofd int fd = -1, target = -1, m = -1;
	int r = str_format(from, sizeof(from), "%s/container-%s", facts->helper_dir, name);

	if (r == 0)
		r = str_format(to, sizeof(to), "/dev/.container/%s", name);
	if (r < 0)
		return err_sys(err, r, "dev", "name helper %s", name);
	fd = path_open_in(hostfd, from, O_PATH);
	if (fd < 0)
		return err_sys(err, fd, "dev", "open %s; is pam_container installed whole?", from);
	target = path_open_nolinks(rootfd, to, O_PATH);
	if (target < 0)
		return err_sys(err, target, "dev", "open %s", to);
	m = mnt_clone_program(fd, err);
	return m < 0 ? m : mnt_attach(m, target, to, err);
}

/* Devices=: the host's node of that name, by its numbers. */
static int add_host_node(int dir, const char *path, struct ctr_error *err)
{
	const char *name;
	struct stat st;

	if (!path_is_clean(path) || !str_has_prefix(path, "/dev/", &name) || strchr(name, '/'))
		return err_set(err, CTR_E_CONFIG, EINVAL, "dev", "Devices=%s: want /dev/NAME",
			       path);
	if (lstat(path, &st) < 0)
		return err_sys(err, errno, "dev", "Devices=%s", path);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(err, CTR_E_CONFIG, EINVAL, "dev", "Devices=%s: not a device", path);
	if (mknodat(dir, name, st.st_mode, st.st_rdev) < 0 && errno != EEXIST)
		return err_sys(err, errno, "dev", "make device node %s", path);
	if (fchownat(dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir, name, st.st_mode & 0777, 0) < 0)
		return err_sys(err, errno, "dev", "set owner and mode of %s", path);
	return 0;
}

/* The console is a dead end, as /dev/null: PID 1 has no terminal, sessions have their own. */
static int attach_console(int rootfd, struct ctr_error *err)
{
	autofd int null = path_open_nolinks(rootfd, "/dev/null", O_PATH);
	autofd int target = path_open_nolinks(rootfd, "/dev/console", O_PATH), m = -1;

	if (null < 0 || target < 0)
		return err_sys(err, null < 0 ? null : target, "dev", "open /dev/console");
	m = mnt_clone(null, false, err);
	return m < 0 ? m : mnt_attach(m, target, "/dev/console", err);
}

int dev_build(int rootfd, int hostfd, const struct spec *spec, const struct root_facts *facts,
	      struct ctr_error *err)
{
	autofd int target = path_open_nolinks(rootfd, "/dev", O_PATH | O_DIRECTORY), dev = -1;
	int r = 0;

	if (target < 0)
		r = err_sys(err, target, "dev", "open /dev of the container");
	if (r == 0)
		dev = mnt_new("tmpfs", "mode=755,size=1M,nr_inodes=512",
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	if (dev < 0)
		r = dev;
	if (r == 0)
		r = fill(dev, err);
	for (size_t i = 0; r == 0 && i < spec->devices.n; i++)
		r = add_host_node(dev, spec->devices.v[i], err);
	for (size_t i = 0; r == 0 && i < spec->device_nodes.n; i++)
		r = devnode_make(dev, spec->device_nodes.v[i], facts->users, err);
	if (r == 0)
		r = mnt_attach(dev, target, "/dev", err);
	if (r == 0)
		r = attach_pts(rootfd, facts, err);
	if (r == 0)
		r = attach_new(rootfd, "/dev/shm", "tmpfs", "mode=1777,size=50%", err);
	if (r == 0 && facts->new_ipc_ns)
		r = attach_new(rootfd, "/dev/mqueue", "mqueue", NULL, err);
	if (r == 0)
		r = attach_console(rootfd, err);
	if (r == 0)
		r = attach_helper(rootfd, hostfd, facts, "init", err);
	if (r == 0)
		r = attach_helper(rootfd, hostfd, facts, "attach", err);
	return r;
}

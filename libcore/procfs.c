/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "mnt.h"
#include "path.h"
#include "sys.h"

/* The lists of runc's specification conversion, plus what tells of other users' keys. */
static const char *const masked[] = {
    "/proc/acpi",	   "/proc/asound",	   "/proc/kcore",      "/proc/keys",
    "/proc/key-users",	   "/proc/latency_stats",  "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug",   "/proc/scsi",	   "/sys/firmware",    "/sys/kernel/debug",
    "/sys/kernel/tracing", "/sys/kernel/security", "/proc/kallsyms",   "/proc/kmsg",
};
static const char *const read_only[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

int procfs_hide(int rootfd, const char *path, bool may_be_absent, struct ctr_error *err)
{
	autofd int target = path_open_ours(rootfd, path, O_PATH), null = -1, m = -1;
	struct stat st;

	if (target == -ENOENT && may_be_absent)
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return err_sys(err, target < 0 ? target : errno, "mask", "open %s", path);
	if (S_ISDIR(st.st_mode)) {
		m = mnt_new("tmpfs", "mode=000,size=4k,nr_inodes=1",
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				MOUNT_ATTR_NOEXEC,
			    err);
	} else {
		null = path_open_nolinks(rootfd, "/dev/null", O_PATH);
		if (null < 0)
			return err_sys(err, null, "mask", "open /dev/null");
		m = mnt_clone(null, false, err);
	}
	return m < 0 ? m : mnt_attach(m, target, path, err);
}

int procfs_make_read_only(int rootfd, const char *path, bool may_be_absent, struct ctr_error *err)
{
	autofd int target = path_open_ours(rootfd, path, O_PATH), m = -1;
	int r;

	if (target == -ENOENT && may_be_absent)
		return 0;
	if (target < 0)
		return err_sys(err, target, "read-only", "open %s", path);
	m = mnt_clone(target, true, err);
	if (m < 0)
		return m;
	r = mnt_set(m, MOUNT_ATTR_RDONLY, 0, true, err);
	return r < 0 ? r : mnt_attach(m, target, path, err);
}

static int attach(int rootfd, const char *path, int m, struct ctr_error *err)
{
	autofd int target = path_open_nolinks(rootfd, path, O_PATH | O_DIRECTORY);

	if (target < 0)
		return err_sys(err, target, "proc", "open %s of the container", path);
	return mnt_attach(m, target, path, err);
}

const char *procfs_hidepid(int protect)
{
	static const char *const options[] = {
	    [SPEC_PROC_DEFAULT] = NULL,
	    [SPEC_PROC_NOACCESS] = "hidepid=noaccess",
	    [SPEC_PROC_INVISIBLE] = "hidepid=invisible",
	    [SPEC_PROC_PTRACEABLE] = "hidepid=ptraceable",
	};

	return options[protect];
}

static int mount_proc(int rootfd, const struct spec *spec, const struct root_facts *facts,
		      struct ctr_error *err)
{
	const uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const char *hide = procfs_hidepid(spec->protect_proc);
	autofd int m = -1, host = -1;
	char text[64];
	uint32_t gid;

	/*
	 * Who executes a program that he can not read, as container-attach, belongs to the user
	 * namespace in which its owner is known (would_dump(), exec.c): the host's. PID 1, which
	 * looks at who connects, sees him by its group.
	 */
	if (hide && facts->users && idmap_outside(&facts->users->gid, 0, &gid) == 0 &&
	    str_format(text, sizeof(text), "%s,gid=%u", hide, gid) == 0)
		hide = text;
	if (facts->new_pid_ns) {
		m = mnt_new("proc", hide, attr, err);
	} else {
		host = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (host < 0)
			return err_sys(err, errno, "proc", "open /proc");
		m = mnt_clone(host, false, err);
	}
	return m < 0 ? m : attach(rootfd, "/proc", m, err);
}

/* MUST-5: what stands at /proc now is looked at. */
static int verify(int rootfd, struct ctr_error *err)
{
	autofd int fd = path_open_nolinks(rootfd, "/proc", O_RDONLY | O_DIRECTORY);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, CTR_E_SYSTEM, EPERM, "proc", "/proc is not a procfs");
	return 0;
}

int procfs_build(int rootfd, const struct spec *spec, const struct root_facts *facts,
		 struct ctr_error *err)
{
	const uint64_t attr =
	    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	int r = mount_proc(rootfd, spec, facts, err);
	autofd int sys = -1;

	if (r == 0)
		r = verify(rootfd, err);
	if (r < 0)
		return r;
	sys = mnt_new("sysfs", NULL, attr, err);
	if (sys < 0)
		return sys;
	r = attach(rootfd, "/sys", sys, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(masked); i++)
		r = procfs_hide(rootfd, masked[i], true, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(read_only); i++)
		r = procfs_make_read_only(rootfd, read_only[i], true, err);
	return r;
}

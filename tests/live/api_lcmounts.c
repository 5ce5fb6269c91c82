/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcontainer's tests assert of mounts, by their names. */
#include "api_template.h"

#include <sys/mount.h>

/* Each hierarchy below /sys/fs/cgroup, with these options; PID 1's group is the root of each */
static void mount_cgroup(struct test *t, const char *line, const char *flags)
{
	static const char command[] =
	    "grep ' /sys/fs/cgroup[/ ]' /proc/mounts | grep -v ' /sys/fs/cgroup "
	    "tmpfs' | cut -d' ' -f3,4 | cut -d, -f1-4 | sort -u";
	struct ctr_container *c = make_by(t, "mount_cgroup", {"Container", "Namespaces", ""},
					  {"Container", "Namespaces", "mount pid ipc uts cgroup"},
					  {"Files", "Mount", line});
	struct output out = sh(t, c, command);
	size_t lines = 0, good = 0;

	for (const char *p = out.text; *p; p = strchr(p, '\n') + 1) {
		const char *options = strchr(p, ' ');

		lines++;
		good += strncmp(p, "cgroup", 6) == 0 && options &&
			strncmp(options + 1, flags, strlen(flags)) == 0;
	}
	check(t, lines > 0 && good == lines, "all are %s: %s", flags, out.text);
	out = sh(t, c, "mkdir $(dirname $(find /sys/fs/cgroup -name cgroup.procs | head -1))/new");
	check(t, (out.status == 0) == (flags[1] == 'w'), "as a new group shows: %s", out.errors);
	end(t, c);
}

static void test_mount_cgroup_ro(struct test *t)
{
	mount_cgroup(t, "none /sys/fs/cgroup cgroup", "ro,nosuid,nodev,noexec");
}

static void test_mount_cgroup_rw(struct test *t)
{
	mount_cgroup(t, "none /sys/fs/cgroup cgroup rw", "rw,nosuid,nodev,noexec");
}

static void test_tmpfs_copy_up(struct test *t)
{
	struct ctr_container *c =
	    make_by(t, "copy_up", {"Files", "Mount", "none /etc/security tmpfs copy-up"});

	check(t,
	      says(t, c, "findmnt -no FSTYPE /etc/security; test -s /etc/security/limits.conf",
		   "tmpfs\n"),
	      "a new tmpfs that has what was there");
	end(t, c);
}

static void test_rootfs_propagation_slave(struct test *t)
{
	static const char host[] = "/var/tmp/api_later";
	struct ctr_container *c;
	bool mounted;

	if (mkdir(host, 0755) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		exit(3);
	c = make_by(t, "slave", {"Files", "PrivateTmp", "no"});
	mounted = mount("tmpfs", host, "tmpfs", 0, "mode=755,size=4k") == 0;
	check(t, mounted, "the host mounts something");
	check(t, says(t, c, "grep -c /var/tmp/api_later /proc/mounts; :", "1\n"), "it arrives");
	check(t, sh(t, c, "mount -t tmpfs tmpfs /var/tmp/api_later 2>/dev/null").status != 0,
	      "nothing can be mounted from inside");
	end(t, c);
	(void)umount2(host, MNT_DETACH);
	(void)rmdir(host);
}

static void test_bind_mount_and_user(struct test *t)
{
	static const char outer[] = "/srv_api", inner[] = "/srv_api/inner";
	struct ctr_process_spec spec = {
	    .user = "daemon", .argv = (const char *const[]){"stat", "-c", "%a", "/mnt", NULL}};
	struct output out = {0};
	struct ctr_container *c;

	if (mkdir(outer, 0700) < 0 || mkdir(inner, 0755) < 0)
		exit(3);
	c = make_by(t, "bind", {"Files", "Bind", "/srv_api/inner:/mnt"});
	check(t, get(t, c, spec, &out) == 0 && strcmp(out.text, "755\n") == 0,
	      "a user reaches it, whose way to the source is barred: %s", out.errors);
	end(t, c);
	(void)rmdir(inner);
	(void)rmdir(outer);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"mount_cgroup_ro", test_mount_cgroup_ro},
	    {"mount_cgroup_rw", test_mount_cgroup_rw},
	    {"tmpfs_copy_up", test_tmpfs_copy_up},
	    {"rootfs_propagation_slave", test_rootfs_propagation_slave},
	    {"bind_mount_and_user", test_bind_mount_and_user},
	};

	return case_main(argc, argv, groups, COUNT(groups));
}

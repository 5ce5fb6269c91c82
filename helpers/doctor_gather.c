/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cleanup.h"
#include "cgprobe.h"
#include "doctor.h"
#include "fd.h"
#include "load.h"
#include "num.h"
#include "sodiumlib.h"
#include "str.h"
#include "sys.h"

enum { FILE_MAX = 65536 };

static void find_kernel(struct doctor_facts *f)
{
	struct utsname u;
	char number[16];
	int n;

	if (uname(&u) < 0)
		return;
	(void)!str_copy(f->release, sizeof(f->release), u.release); /* 65 bytes both */
	if (str_format(number, sizeof(number), "%.*s", (int)strcspn(u.release, "."), u.release) ==
		0 &&
	    num_int_in(number, 0, 1000, &n) == 0)
		f->major = (unsigned int)n;
	if (!strchr(u.release, '.'))
		return;
	const char *minor = strchr(u.release, '.') + 1;

	if (str_format(number, sizeof(number), "%.*s", (int)strspn(minor, "0123456789"), minor) ==
		0 &&
	    num_int_in(number, 0, 1000, &n) == 0)
		f->minor = (unsigned int)n;
}

static void find_namespaces(struct doctor_facts *f)
{
	static const struct {
		const char *path;
		unsigned int bit;
	} all[] = {
	    {"/proc/self/ns/mnt", DOCTOR_NS_MNT},	{"/proc/self/ns/pid", DOCTOR_NS_PID},
	    {"/proc/self/ns/ipc", DOCTOR_NS_IPC},	{"/proc/self/ns/uts", DOCTOR_NS_UTS},
	    {"/proc/self/ns/net", DOCTOR_NS_NET},	{"/proc/self/ns/user", DOCTOR_NS_USER},
	    {"/proc/self/ns/cgroup", DOCTOR_NS_CGROUP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (access(all[i].path, F_OK) == 0)
			f->ns |= all[i].bit;
}

/* A call with arguments that cannot work: any answer but "no such call" or a filter's is a yes. */
static int verdict(int r)
{
	if (r >= 0) {
		(void)close(r); /* a descriptor that nobody wanted */
		return 0;
	}
	return r == -ENOSYS ? ENOSYS : 0;
}

static void find_calls(struct doctor_facts *f)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC};

	f->calls[DOCTOR_OPENAT2] = verdict(sys_openat2(AT_FDCWD, "/", &how));
	f->calls[DOCTOR_CLONE3] = verdict(sys_clone3(NULL, 0));
	f->calls[DOCTOR_PIDFD_OPEN] = verdict(sys_pidfd_open(getpid(), 0));
	f->calls[DOCTOR_CLOSE_RANGE] = sys_close_range(2, 1, 0) == -ENOSYS ? ENOSYS : 0;
	f->calls[DOCTOR_OPEN_TREE] = verdict(sys_open_tree(-1, "", 0));
	f->calls[DOCTOR_MOVE_MOUNT] = verdict(sys_move_mount(-1, "", -1, "", 0));
	f->calls[DOCTOR_FSOPEN] = verdict(sys_fsopen("", 0));
	f->calls[DOCTOR_MOUNT_SETATTR] = verdict(sys_mount_setattr(-1, "", 0, NULL, 0));
}

static void find_seccomp(struct doctor_facts *f)
{
	static const struct {
		uint32_t action;
		unsigned int bit;
	} all[] = {
	    {SECCOMP_RET_KILL_PROCESS, DOCTOR_KILL_PROCESS},
	    {SECCOMP_RET_KILL_THREAD, DOCTOR_KILL_THREAD},
	    {SECCOMP_RET_TRAP, DOCTOR_TRAP},
	    {SECCOMP_RET_ERRNO, DOCTOR_ERRNO},
	    {SECCOMP_RET_LOG, DOCTOR_LOG},
	    {SECCOMP_RET_ALLOW, DOCTOR_ALLOW},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint32_t action = all[i].action;

		if (sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
			f->seccomp_actions |= all[i].bit;
	}
}

static int64_t read_number(const char *path)
{
	char text[32];
	ssize_t n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text));
	int64_t v;

	if (n <= 0)
		return DOCTOR_ABSENT;
	text[strcspn(text, "\n")] = '\0';
	return num_i64(text, &v) < 0 ? DOCTOR_ABSENT : v;
}

static void find_sysctls(struct doctor_facts *f)
{
	f->max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
	f->unprivileged_userns = (int)read_number("/proc/sys/kernel/unprivileged_userns_clone");
	f->yama = (int)read_number("/proc/sys/kernel/yama/ptrace_scope");
	f->tiocsti = (int)read_number("/proc/sys/dev/tty/legacy_tiocsti");
	f->protected_symlinks = (int)read_number("/proc/sys/fs/protected_symlinks");
	f->protected_hardlinks = (int)read_number("/proc/sys/fs/protected_hardlinks");
}

/* v1 shows the file in every group, v2 in every one but the root. */
static int find_swap(const struct cg_facts *cg)
{
	const struct cg_hierarchy *h = cgprobe_find(cg, "memory", "memory");
	autofree char *path = NULL;
	autodir DIR *d = NULL;
	struct dirent *e;

	if (!h)
		return -1;
	if (!h->v2) {
		path = str_dup_format("%s/memory.memsw.limit_in_bytes", h->mount);
		return path ? access(path, F_OK) == 0 : -1;
	}
	d = opendir(h->mount);
	while (d && (e = readdir(d))) {
		autofree char *of = str_dup_format("%s/%s/memory.max", h->mount, e->d_name);
		autofree char *sw = str_dup_format("%s/%s/memory.swap.max", h->mount, e->d_name);

		if (e->d_name[0] != '.' && of && sw && access(of, F_OK) == 0)
			return access(sw, F_OK) == 0;
	}
	return -1;
}

/* "allow all" as a device program: loaded and dropped, attached nowhere. */
static int find_device_filter(void)
{
	const struct bpf_insn program[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
			       .insn_cnt = ARRAY_SIZE(program),
			       .insns = (uint64_t)(uintptr_t)program,
			       .license = (uint64_t)(uintptr_t) "LGPL"};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? -fd : 0;
}

static void find_cgroups(struct doctor_facts *f)
{
	f->cg_error = -cg_probe(&f->cg, NULL);
	f->swap = f->cg_error ? -1 : find_swap(&f->cg);
	f->device_filter = f->root ? find_device_filter() : -1;
}

static void find_file(struct doctor_file *file, const char *name, const char *dir, const char *base)
{
	struct stat st;

	file->name = name;
	if (str_format(file->path, sizeof(file->path), "%s/%s", dir, base) < 0)
		file->error = ENAMETOOLONG;
	else if (stat(file->path, &st) < 0)
		file->error = errno;
	if (file->error)
		return;
	file->uid = st.st_uid;
	file->mode = st.st_mode;
}

static void find_folder(const char *path, struct doctor_folder *ret)
{
	autofree char *parent = strdup(path);
	struct statvfs fs;
	struct stat st;

	if (str_copy(ret->path, sizeof(ret->path), path) < 0 || lstat(path, &st) < 0)
		ret->error = errno ? errno : ENAMETOOLONG;
	if (ret->error == 0) {
		ret->uid = st.st_uid;
		ret->mode = st.st_mode;
	} else if (parent && strrchr(parent, '/')) {
		*strrchr(parent, '/') = '\0';
	}
	if (parent && statvfs(*parent ? parent : "/", &fs) == 0)
		ret->read_only = fs.f_flag & ST_RDONLY;
}

static bool has_sodium(void)
{
	autosodium struct sodiumlib lib = {0};

	return sodiumlib_open(&lib, NULL) == 0;
}

static void find_policy(const struct load_paths *paths, struct doctor_facts *f)
{
	struct load_report report = {0};
	autopolicy struct policy *p = NULL;
	const struct match_rule *left = NULL;
	const char *service = "";
	int r = load_policy(paths, &p, &report, NULL);

	if (str_copy(f->policy.path, sizeof(f->policy.path), paths->policy) < 0)
		(void)!str_copy(f->policy.path, sizeof(f->policy.path), "(a long path)");
	f->policy.absent = r == -ENOENT && access(paths->policy, F_OK) < 0;
	f->policy.errors = report.errors + (r < 0 && report.errors == 0);
	f->policy.warnings = report.warnings;
	if (report.lines.n)
		str_escape(f->policy.first, sizeof(f->policy.first), report.lines.v[0]);
	if (p) {
		f->policy.rules = p->n;
		f->policy.mode = p->mode;
		left = f->cg.systemd ? doctor_manager(p, &service) : NULL;
	}
	if (left) {
		(void)!str_copy(f->policy.left_service, sizeof(f->policy.left_service), service);
		str_escape(f->policy.left, sizeof(f->policy.left), left->name);
	}
	load_report_done(&report);
}

static void find_service(int dirfd, const char *name, struct doctor_facts *f)
{
	autofree char *text = malloc(FILE_MAX);
	struct pamlines lines;

	if (!text || fd_read_file_at(dirfd, name, text, FILE_MAX) <= 0)
		return;
	pamlines_parse(text, &lines);
	if (!lines.auth && !lines.session)
		return;
	if (f->npam == DOCTOR_SERVICES ||
	    str_copy(f->pam[f->npam].service, sizeof(f->pam[0].service), name) < 0)
		return;
	f->pam[f->npam++].lines = lines;
}

static void find_pam(struct doctor_facts *f)
{
	struct dirent **names = NULL;
	autofd int dirfd = open("/etc/pam.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = dirfd >= 0 ? scandir("/etc/pam.d", &names, NULL, alphasort) : 0;

	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			find_service(dirfd, names[i]->d_name, f);
		free(names[i]);
	}
	free(names);
}

void doctor_gather(const struct doctor_places *places, struct doctor_facts *ret)
{
	*ret = (struct doctor_facts){.root = geteuid() == 0};
	find_kernel(ret);
	find_namespaces(ret);
	find_calls(ret);
	find_seccomp(ret);
	find_sysctls(ret);
	find_cgroups(ret);
	find_file(&ret->files[DOCTOR_SUPERVISOR], "supervisor", places->helper_dir,
		  "container-supervisor");
	find_file(&ret->files[DOCTOR_INIT], "init", places->helper_dir, "container-init");
	find_file(&ret->files[DOCTOR_ATTACH], "attach", places->helper_dir, "container-attach");
	find_file(&ret->files[DOCTOR_MODULE], "module", CTR_PAMDIR, "pam_container.so");
	find_folder(places->state_root, &ret->state);
	find_folder(places->checkpoint_root, &ret->checkpoints);
	find_policy(places->paths, ret);
	find_pam(ret);
	doctor_criu_version(ret->criu, sizeof(ret->criu));
	if (*ret->criu && ret->root)
		ret->no_track = doctor_criu_lacks("mem_dirty_track");
	ret->sodium = has_sodium();
}

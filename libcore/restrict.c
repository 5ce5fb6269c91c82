/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restrict.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "str.h"
#include "sys.h"

enum { BLOB_MAGIC = 0x70637273, BLOB_VERSION = 1, CAP_BITS = 64 };

static size_t blob_size(uint32_t filter_len)
{
	return offsetof(struct restrict_set, filter) + filter_len * sizeof(struct sock_filter);
}

int restrict_store(const struct restrict_set *set, struct ctr_error *err)
{
	autofree struct restrict_set *copy = NULL;
	int fd;

	if (set->filter_len > RESTRICT_FILTER_MAX || set->env_len > sizeof(set->env))
		return err_set(err, CTR_E_SYSTEM, EINVAL, "restrict", "lengths out of range");
	copy = malloc(sizeof(*copy));
	if (!copy)
		return err_sys(err, ENOMEM, "restrict", "store");
	memcpy(copy, set, blob_size(set->filter_len));
	copy->magic = BLOB_MAGIC;
	copy->version = BLOB_VERSION;
	fd = fd_memfd("restrict", copy, blob_size(set->filter_len));
	return fd < 0 ? err_sys(err, fd, "restrict", "store in a memfd") : fd;
}

int restrict_load(int fd, struct restrict_set *ret, struct ctr_error *err)
{
	const int want = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
	int seals = fcntl(fd, F_GET_SEALS);
	ssize_t n;

	if (seals < 0 || (seals & want) != want)
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "restrict", "blob is not sealed");
	n = pread(fd, ret, sizeof(*ret), 0);
	if (n < (ssize_t)blob_size(0) || ret->magic != BLOB_MAGIC || ret->version != BLOB_VERSION ||
	    ret->filter_len > RESTRICT_FILTER_MAX || ret->env_len > sizeof(ret->env) ||
	    (size_t)n != blob_size(ret->filter_len) ||
	    (ret->env_len > 0 && ret->env[ret->env_len - 1] != '\0'))
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "restrict", "blob is damaged");
	return 0;
}

static int write_oom_score(int score, int procdir, struct ctr_error *err)
{
	char text[16];
	int r = str_format(text, sizeof(text), "%d", score);

	if (r == 0)
		r = fd_write_file_at(procdir, "oom_score_adj", text);
	return r < 0 ? err_sys(err, r, "restrict", "set OOMScoreAdjust=%d", score) : 0;
}

int restrict_limits(const struct restrict_set *set, int procdir, struct ctr_error *err)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit now, want = set->rlimits[i];

		if (!set->rlimit_set[i])
			continue;
		if (getrlimit((__rlimit_resource_t)i, &now) < 0)
			return err_sys(err, errno, "restrict", "read rlimit %d", i);
		if (want.rlim_max > now.rlim_max)
			want.rlim_max = now.rlim_max;
		if (want.rlim_cur > want.rlim_max)
			want.rlim_cur = want.rlim_max;
		if (setrlimit((__rlimit_resource_t)i, &want) < 0)
			return err_sys(err, errno, "restrict", "set rlimit %d", i);
	}
	if (set->nice_set && setpriority(PRIO_PROCESS, 0, set->nice) < 0)
		return err_sys(err, errno, "restrict", "set Nice=%d", set->nice);
	if (set->umask_set)
		(void)umask(set->umask); /* cannot fail */
	return set->oom_set ? write_oom_score(set->oom_score_adjust, procdir, err) : 0;
}

static int drop_bounding(uint64_t keep, struct ctr_error *err)
{
	for (unsigned long cap = 0; cap < CAP_BITS; cap++) {
		int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (has < 0)
			return 0; /* EINVAL: above the kernel's last capability, prctl(2) */
		if (has == 0 || (keep >> cap & 1))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(err, errno, "restrict",
				       "drop capability %lu from the bounding set", cap);
	}
	return 0;
}

static int set_caps(uint64_t permitted, uint64_t effective, uint64_t inheritable,
		    struct ctr_error *err)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	for (int i = 0; i < 2; i++) {
		d[i].permitted = (uint32_t)(permitted >> (32 * i));
		d[i].effective = (uint32_t)(effective >> (32 * i));
		d[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &h, d) < 0)
		return err_sys(err, errno, "restrict", "set capabilities");
	return 0;
}

static int get_permitted(uint64_t *ret)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -errno;
	*ret = (uint64_t)d[1].permitted << 32 | d[0].permitted;
	return 0;
}

static int install_filter(const struct restrict_set *set, struct ctr_error *err)
{
	struct sock_fprog prog = {.len = (unsigned short)set->filter_len,
				  .filter = (struct sock_filter *)set->filter};
	int r;

	if (set->filter_len == 0)
		return 0;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog);
	return r < 0 ? err_sys(err, r, "restrict", "install the system call filter") : 0;
}

static int change_identity(const struct restrict_user *u, struct ctr_error *err)
{
	if (setgroups(u->ngroups, u->groups) < 0)
		return err_sys(err, errno, "restrict", "set %zu groups", u->ngroups);
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_sys(err, errno, "restrict", "become gid %u", u->gid);
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return err_sys(err, errno, "restrict", "become uid %u", u->uid);
	return 0;
}

static int raise_ambient(uint64_t ambient, struct ctr_error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(err, errno, "restrict", "clear ambient capabilities");
	for (unsigned long cap = 0; cap < CAP_BITS; cap++)
		if ((ambient >> cap & 1) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(err, errno, "restrict", "raise ambient capability %lu", cap);
	return 0;
}

/*
 * The sets after the identity is there. Root keeps what the bounding set leaves, by the rules of
 * execve(2); anybody else has nothing but what the definition grants explicitly.
 */
static int finish_caps(const struct restrict_set *set, uid_t uid, struct ctr_error *err)
{
	uint64_t have = 0, perm, eff, inh;
	int r = get_permitted(&have);

	if (r < 0)
		return err_sys(err, r, "restrict", "read capabilities");
	perm = uid == 0 ? have : 0;
	if (set->has_bounding)
		perm &= set->bounding;
	if (set->has_permitted)
		perm = set->permitted;
	if (set->has_ambient)
		perm |= set->ambient;
	if (set->has_inheritable)
		perm |= set->inheritable;
	perm &= have;
	eff = set->has_effective ? set->effective & perm : perm;
	inh = (set->has_inheritable ? set->inheritable : 0) | (set->has_ambient ? set->ambient : 0);
	r = set_caps(perm, eff, inh & perm, err);
	if (r == 0)
		r = raise_ambient(set->has_ambient ? set->ambient & perm : 0, err);
	return r;
}

/* MUST-1: the return codes above are not believed, the kernel is asked. */
static int read_back(const struct restrict_set *set, const struct restrict_user *user,
		     struct ctr_error *err)
{
	for (unsigned long cap = 0; set->has_bounding && cap < CAP_BITS; cap++)
		if (!(set->bounding >> cap & 1) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			return err_set(err, CTR_E_SYSTEM, EPERM, "restrict",
				       "capability %lu is still in the bounding set", cap);
	if (set->no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(err, CTR_E_SYSTEM, EPERM, "restrict", "no_new_privs is not set");
	if (user && (getuid() != user->uid || geteuid() != user->uid || getgid() != user->gid))
		return err_set(err, CTR_E_SYSTEM, EPERM, "restrict", "identity did not change");
	return 0;
}

int restrict_become(const struct restrict_set *set, const struct restrict_user *user,
		    struct ctr_error *err)
{
	int r = set->has_bounding ? drop_bounding(set->bounding, err) : 0;

	if (r == 0 && !set->no_new_privs)
		r = install_filter(set, err);
	if (r == 0 && user && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		r = err_sys(err, errno, "restrict", "keep capabilities");
	if (r == 0 && user)
		r = change_identity(user, err);
	if (r == 0 && user)
		r = finish_caps(set, user->uid, err);
	if (r == 0 && user && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		r = err_sys(err, errno, "restrict", "stop keeping capabilities");
	if (r == 0 && set->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_sys(err, errno, "restrict", "set no_new_privs");
	if (r == 0)
		r = read_back(set, user, err);
	if (r == 0 && set->no_new_privs)
		r = install_filter(set, err);
	return r;
}

/* The number behind "Key:" in the text of /proc/PID/status, in that base; UINT64_MAX if absent. */
static uint64_t status_value(const char *text, const char *key, unsigned int base)
{
	const char *p = strstr(text, key);
	uint64_t v = 0;

	if (!p)
		return UINT64_MAX;
	p += strlen(key);
	p += strspn(p, " \t");
	for (; *p && *p != '\n'; p++)
		v = v * base + (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return v;
}

int restrict_verify(const struct restrict_set *set, int procdir, struct ctr_error *err)
{
	char buf[8192];
	ssize_t n = fd_read_file_at(procdir, "status", buf, sizeof(buf));

	if (n < 0)
		return err_sys(err, (int)n, "verify", "read the status of the process");
	if (set->has_bounding && (status_value(buf, "\nCapBnd:", 16) & ~set->bounding))
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "bounding set too large");
	if (set->no_new_privs && status_value(buf, "\nNoNewPrivs:", 10) != 1)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "no_new_privs is not set");
	if (set->filter_len > 0 && status_value(buf, "\nSeccomp:", 10) != 2)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "no system call filter");
	return 0;
}

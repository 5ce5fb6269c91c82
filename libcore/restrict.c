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
#include "proc.h"
#include "str.h"
#include "sys.h"

enum { BLOB_MAGIC = 0x70637273, BLOB_VERSION = 3, CAP_BITS = 64, STATUS_MAX = 8192 };

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
	    (size_t)n != blob_size(ret->filter_len) || !procattr_is_valid(&ret->attr) ||
	    (ret->env_len > 0 && ret->env[ret->env_len - 1] != '\0'))
		return err_set(err, CTR_E_SYSTEM, EBADMSG, "restrict", "blob is damaged");
	return 0;
}

static int write_oom_score(int score, int procdir, struct ctr_error *err)
{
	autofd int fd = proc_open_own(procdir, "oom_score_adj", O_WRONLY);
	char text[16];
	int r = str_format(text, sizeof(text), "%d", score);

	if (r == 0)
		r = fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
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
	if (set->oom_set) {
		int r = write_oom_score(set->oom_score_adjust, procdir, err);

		if (r < 0)
			return r;
	}
	return procattr_apply(&set->attr, err);
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

static int set_caps(const struct restrict_caps *caps, struct ctr_error *err)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	for (int i = 0; i < 2; i++) {
		d[i].permitted = (uint32_t)(caps->permitted >> (32 * i));
		d[i].effective = (uint32_t)(caps->effective >> (32 * i));
		d[i].inheritable = (uint32_t)(caps->inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &h, d) < 0)
		return err_sys(err, errno, "restrict", "set capabilities");
	return 0;
}

static int get_caps(struct restrict_caps *ret)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -errno;
	ret->permitted = (uint64_t)d[1].permitted << 32 | d[0].permitted;
	ret->effective = (uint64_t)d[1].effective << 32 | d[0].effective;
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

static int set_groups(const struct restrict_set *set, const gid_t *have, size_t n,
		      struct ctr_error *err)
{
	autofree gid_t *all = calloc(n + PROCATTR_GROUPS, sizeof(*all));
	size_t total = all ? procattr_add_groups(&set->attr, have, n, all) : 0;

	if (!all)
		return err_sys(err, ENOMEM, "restrict", "set groups");
	return setgroups(total, all) < 0 ? err_sys(err, errno, "restrict", "set %zu groups", total)
					 : 0;
}

/* Who joins has its user's groups by now, or sets them later and loses what is added here. */
static int add_groups(const struct restrict_set *set, struct ctr_error *err)
{
	int n = set->attr.ngroups ? getgroups(0, NULL) : 0;
	autofree gid_t *have = n > 0 ? calloc((size_t)n, sizeof(*have)) : NULL;

	if (set->attr.ngroups == 0)
		return 0;
	if (n > 0 && have)
		n = getgroups(n, have);
	if (n < 0 || (n > 0 && !have))
		return err_sys(err, n < 0 ? errno : ENOMEM, "restrict", "read the groups");
	return set_groups(set, have, (size_t)n, err);
}

static int change_identity(const struct restrict_set *set, const struct restrict_user *u,
			   struct ctr_error *err)
{
	int r = set_groups(set, u->groups, u->ngroups, err);

	if (r < 0)
		return r;
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

void restrict_caps(const struct restrict_set *set, uid_t uid, uint64_t have,
		   struct restrict_caps *ret)
{
	uint64_t ambient = set->has_ambient ? set->ambient : 0;
	uint64_t inheritable = (set->has_inheritable ? set->inheritable : 0) | ambient;
	uint64_t permitted = uid == 0 ? have : 0;

	if (set->has_permitted)
		permitted = set->permitted;
	permitted = (permitted | inheritable) & have;
	if (set->has_bounding)
		permitted &= set->bounding;
	*ret = (struct restrict_caps){
	    .permitted = permitted,
	    .effective = set->has_effective ? set->effective & permitted : permitted,
	    .inheritable = inheritable & permitted,
	    .ambient = ambient & permitted,
	};
}

/*
 * A process that joins keeps what it has for its own work until it changes its identity, but passes
 * on nothing that its caller happened to have (threat A4).
 */
static void join_caps(const struct restrict_set *set, const struct restrict_caps *have,
		      struct restrict_caps *ret)
{
	restrict_caps(set, 0, have->permitted, ret);
	ret->permitted = have->permitted;
	ret->effective = have->effective;
	ret->ambient = 0; /* the kernel drops it with the identity */
}

static int change_caps(const struct restrict_set *set, const struct restrict_user *user,
		       struct restrict_caps *ret, struct ctr_error *err)
{
	struct restrict_caps have = {0};
	int r = get_caps(&have);

	if (r < 0)
		return err_sys(err, r, "restrict", "read capabilities");
	if (user)
		restrict_caps(set, user->uid, have.permitted, ret);
	else
		join_caps(set, &have, ret);
	r = set_caps(ret, err);
	return r < 0 ? r : raise_ambient(ret->ambient, err);
}

/* What /proc/PID/status does not tell alone; asked before a filter may forbid it. */
static int check_identity(const struct restrict_user *user, struct ctr_error *err)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return err_sys(err, errno, "restrict", "read the identity");
	for (int i = 0; i < 3; i++)
		if (uid[i] != user->uid || gid[i] != user->gid)
			return err_set(err, CTR_E_SYSTEM, EPERM, "restrict",
				       "identity did not change");
	return 0;
}

static int become(const struct restrict_set *set, const struct restrict_user *user,
		  struct restrict_caps *ret_caps, struct ctr_error *err)
{
	int r = set->has_bounding ? drop_bounding(set->bounding, err) : 0;

	if (r == 0 && !set->no_new_privs)
		r = install_filter(set, err);
	if (r == 0 && user && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		r = err_sys(err, errno, "restrict", "keep capabilities");
	if (r == 0 && user)
		r = change_identity(set, user, err);
	if (r == 0 && !user)
		r = add_groups(set, err);
	if (r == 0)
		r = change_caps(set, user, ret_caps, err);
	if (r == 0 && user && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		r = err_sys(err, errno, "restrict", "stop keeping capabilities");
	/* No supervisor, no container (MUST-9) */
	if (r == 0 && user && user->bound && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = err_sys(err, errno, "restrict", "bind to the parent");
	if (r == 0 && set->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_sys(err, errno, "restrict", "set no_new_privs");
	if (r == 0 && user)
		r = check_identity(user, err);
	if (r == 0 && set->no_new_privs)
		r = install_filter(set, err);
	return r;
}

int restrict_become(const struct restrict_set *set, const struct restrict_user *user, int procdir,
		    struct ctr_error *err)
{
	/* opened first, as the filter may not allow it; what is read is of the time of reading */
	autofd int status = proc_open_own(procdir, "status", O_RDONLY);
	struct restrict_caps caps;
	char text[STATUS_MAX];
	ssize_t n;
	int r;

	if (status < 0)
		return err_sys(err, status, "restrict", "open the status of this process");
	r = procattr_label(&set->attr, procdir, !user, err);
	if (r == 0)
		r = become(set, user, &caps, err);
	if (r < 0)
		return r;
	n = pread(status, text, sizeof(text) - 1, 0);
	if (n < 0)
		return err_sys(err, errno, "restrict", "read the status of this process");
	text[n] = '\0';
	return restrict_verify(set, &caps, text, err);
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

/* MUST-1: return codes are not believed, the kernel is asked. */
int restrict_verify(const struct restrict_set *set, const struct restrict_caps *caps,
		    const char *status, struct ctr_error *err)
{
	const struct {
		const char *key;
		uint64_t want;
	} rows[] = {
	    {"\nCapPrm:", caps ? caps->permitted : 0},
	    {"\nCapEff:", caps ? caps->effective : 0},
	    {"\nCapInh:", caps ? caps->inheritable : 0},
	    {"\nCapAmb:", caps ? caps->ambient : 0},
	};

	if (set->has_bounding && (status_value(status, "\nCapBnd:", 16) & ~set->bounding))
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "bounding set too large");
	for (size_t i = 0; caps && i < ARRAY_SIZE(rows); i++)
		if (status_value(status, rows[i].key, 16) != rows[i].want)
			return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "%s is not what was set",
				       rows[i].key + 1);
	if (set->no_new_privs && status_value(status, "\nNoNewPrivs:", 10) != 1)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "no_new_privs is not set");
	if (set->filter_len > 0 && status_value(status, "\nSeccomp:", 10) != 2)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "no system call filter");
	return 0;
}

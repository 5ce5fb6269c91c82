/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "procattr.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "cleanup.h"
#include "proc.h"
#include "str.h"
#include "sys.h"

enum { IO_WHO_PROCESS = 1, ASK = -1 };

static bool is_text(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

bool procattr_is_valid(const struct procattr *a)
{
	return a->ngroups <= PROCATTR_GROUPS && is_text(a->selinux, sizeof(a->selinux)) &&
	       is_text(a->apparmor, sizeof(a->apparmor));
}

/* MUST-1, here and below: what the kernel has now counts, not what the call returned. */
static int differs(const char *what, struct ctr_error *err)
{
	return err_set(err, CTR_E_SYSTEM, EPERM, "verify", "%s is not what was set", what);
}

static int set_scheduler(const struct procattr *a, struct ctr_error *err)
{
	struct sched_param p = {.sched_priority = a->sched_priority};

	if (sched_setscheduler(0, a->sched_policy, &p) < 0)
		return err_sys(err, errno, "restrict", "set CPUSchedulingPolicy=");
	memset(&p, 0, sizeof(p));
	if (sched_getscheduler(0) != a->sched_policy || sched_getparam(0, &p) < 0 ||
	    p.sched_priority != a->sched_priority)
		return differs("CPUSchedulingPolicy=", err);
	return 0;
}

static int set_io(const struct procattr *a, struct ctr_error *err)
{
	int r = sys_ioprio_set(IO_WHO_PROCESS, 0, a->io_priority);

	if (r < 0)
		return err_sys(err, r, "restrict", "set IOSchedulingClass=");
	return sys_ioprio_get(IO_WHO_PROCESS, 0) == a->io_priority
		   ? 0
		   : differs("IOSchedulingClass=", err);
}

/* What its control group does not have is left out by the kernel, sched_setaffinity(2). */
static int set_cpus(const struct procattr *a, struct ctr_error *err)
{
	uint64_t now[ARRAY_SIZE(a->cpus)] = {0}, any = 0;

	if (sched_setaffinity(0, sizeof(a->cpus), (const cpu_set_t *)a->cpus) < 0)
		return errno == EINVAL ? err_set(err, CTR_E_CONFIG, EINVAL, "restrict",
						 "CPUAffinity= names no CPU that may be used here")
				       : err_sys(err, errno, "restrict", "set CPUAffinity=");
	if (sched_getaffinity(0, sizeof(now), (cpu_set_t *)now) < 0)
		return err_sys(err, errno, "restrict", "read the CPUs of this process");
	for (size_t i = 0; i < ARRAY_SIZE(now); i++) {
		any |= now[i];
		if (now[i] & ~a->cpus[i])
			return differs("CPUAffinity=", err);
	}
	return any ? 0 : differs("CPUAffinity=", err);
}

static int set_personality(const struct procattr *a, struct ctr_error *err)
{
	if (personality(a->personality) < 0)
		return err_sys(err, errno, "restrict", "set Personality=");
	return (uint32_t)personality((unsigned long)ASK & 0xffffffff) == a->personality
		   ? 0
		   : differs("Personality=", err);
}

int procattr_apply(const struct procattr *a, struct ctr_error *err)
{
	int r = a->cpus_set ? set_cpus(a, err) : 0;

	if (r == 0 && a->sched_set)
		r = set_scheduler(a, err);
	if (r == 0 && a->io_set)
		r = set_io(a, err);
	if (r == 0 && a->personality_set)
		r = set_personality(a, err);
	return r;
}

size_t procattr_add_groups(const struct procattr *a, const gid_t *have, size_t n, gid_t *ret)
{
	size_t total = n;

	for (size_t i = 0; i < n; i++)
		ret[i] = have[i];
	for (uint32_t i = 0; i < a->ngroups; i++) {
		size_t k = 0;

		while (k < total && ret[k] != a->groups[i])
			k++;
		ret[k] = a->groups[i];
		total += k == total;
	}
	return total;
}

/* "unconfined_u:... \n", "lab (enforce)\n": the label is what stands before a blank. */
static bool is_label(const char *text, const char *label)
{
	size_t n = strlen(label);

	return strncmp(text, label, n) == 0 && (!text[n] || strchr(" \n", text[n]));
}

static int write_label(int procdir, const char *file, const char *text, const char *label,
		       struct ctr_error *err)
{
	/* MUST-1: a file of his that somebody has mounted there would take any label */
	autofd int fd = proc_open_own(procdir, file, O_RDWR);
	char now[2 * PROCATTR_LABEL];
	ssize_t n;

	if (fd < 0)
		return err_sys(err, fd, "restrict", "open %s", file);
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(err, errno, "restrict", "ask for the label %s in %s", label, file);
	n = pread(fd, now, sizeof(now) - 1, 0);
	if (n < 0)
		return err_sys(err, errno, "restrict", "read %s", file);
	now[n] = '\0';
	return is_label(now, label) ? 0 : differs(label, err);
}

/* Its own files are there from Linux 5.1 on; before that the first LSM has the common ones. */
static int write_profile(const char *profile, int procdir, bool now, struct ctr_error *err)
{
	bool own = faccessat(procdir, "attr/apparmor/current", F_OK, 0) == 0;
	const char *files[2][2] = {{"attr/exec", "attr/current"},
				   {"attr/apparmor/exec", "attr/apparmor/current"}};
	char text[PROCATTR_LABEL + 16];
	int r = str_format(text, sizeof(text), "%s %s", now ? "changeprofile" : "exec", profile);

	if (r < 0)
		return err_sys(err, r, "restrict", "name AppArmorProfile=");
	return write_label(procdir, files[own][now], text, profile, err);
}

int procattr_label(const struct procattr *a, int procdir, bool now, struct ctr_error *err)
{
	int r = 0;

	if (a->selinux[0])
		r = write_label(procdir, "attr/exec", a->selinux, a->selinux, err);
	if (r == 0 && a->apparmor[0])
		r = write_profile(a->apparmor, procdir, now, err);
	return r;
}

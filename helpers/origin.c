/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "origin.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attr.h"
#include "fd.h"

#define MIB ((rlim_t)1 << 20)

enum { SAME_CLASS_AS_NICE = 0, WHO_PROCESS = 1 }; /* ioprio_set(2) */

/*
 * What init(8) would have, at the least: files for PID 1's and the supervisor's tables, and no
 * limit on what they could be killed for. By now pam_limits has set those of the user who logs in;
 * they hold for his processes (init_child.c).
 */
static const struct {
	int resource;
	struct rlimit least;
} limits[] = {
    {RLIMIT_CPU, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_FSIZE, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_DATA, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_STACK, {8 * MIB, RLIM_INFINITY}},
    {RLIMIT_CORE, {0, RLIM_INFINITY}},
    {RLIMIT_RSS, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_NPROC, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_NOFILE, {4096, 524288}},
    {RLIMIT_MEMLOCK, {8 * MIB, 8 * MIB}},
    {RLIMIT_AS, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_LOCKS, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_SIGPENDING, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_MSGQUEUE, {819200, 819200}},
    {RLIMIT_RTTIME, {RLIM_INFINITY, RLIM_INFINITY}},
};

static rlim_t larger(rlim_t a, rlim_t b)
{
	return a > b ? a : b; /* RLIM_INFINITY is the largest */
}

/* The hard limit needs CAP_SYS_RESOURCE; without it the soft one is raised as far as it goes. */
static void raise_limit(int resource, const struct rlimit *least)
{
	struct rlimit now, want;

	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return;
	want.rlim_max = larger(now.rlim_max, least->rlim_max);
	want.rlim_cur = larger(now.rlim_cur, least->rlim_cur);
	if (setrlimit((__rlimit_resource_t)resource, &want) == 0)
		return;
	want.rlim_max = now.rlim_max;
	if (want.rlim_cur > want.rlim_max)
		want.rlim_cur = want.rlim_max;
	(void)setrlimit((__rlimit_resource_t)resource, &want); /* stays as it is otherwise */
}

static void be_ordinary(void)
{
	const struct sched_param none = {0};
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	/* each is refused only where the machine's administrator wants it so */
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)sched_setaffinity(0, sizeof(all), &all);
	(void)syscall(SYS_ioprio_set, WHO_PROCESS, 0, SAME_CLASS_AS_NICE);
	(void)prctl(PR_SET_TIMERSLACK, 0); /* 0: the default */
	(void)personality(PER_LINUX);
	(void)!fd_write_file_at(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

int origin_forget(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		raise_limit(limits[i].resource, &limits[i].least);
	be_ordinary();
	/* a set loginuid would mark every user's processes as the first one's; best effort */
	(void)!fd_write_file_at(AT_FDCWD, "/proc/self/loginuid", "4294967295");
	return 0;
}

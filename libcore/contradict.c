/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "contradict.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>

#include "mountline.h"
#include "nsconf.h"

static int bad(struct ctr_error *err, const char *text)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s", text);
}

/* Names that are set in a namespace of the host's would be the host's. */
static int check_names(const struct spec *s, struct ctr_error *err)
{
	if (s->namespaces & CLONE_NEWUTS)
		return 0;
	if (s->hostname)
		return bad(err, "Hostname= needs uts among Namespaces=");
	return s->domain_name ? bad(err, "DomainName= needs uts among Namespaces=") : 0;
}

static int check_scheduler(const struct spec *s, struct ctr_error *err)
{
	bool realtime = s->sched_policy == SPEC_SCHED_FIFO || s->sched_policy == SPEC_SCHED_RR;

	if (s->sched_priority != SPEC_UNSET && !realtime)
		return bad(err, "CPUSchedulingPriority= needs CPUSchedulingPolicy=fifo or rr");
	if (s->io_sched_priority != SPEC_UNSET && s->io_sched_class == SPEC_IO_IDLE)
		return bad(err, "IOSchedulingPriority= means nothing with IOSchedulingClass=idle");
	return 0;
}

/* What comes back from a checkpoint is in no user namespace, so nothing of these is saved. */
static int check_users(const struct spec *s, struct ctr_error *err)
{
	if (!nsconf_has_users(s))
		return 0;
	if (s->on_logout || s->on_disconnect == SPEC_DISCONNECT_CHECKPOINT)
		return bad(err, "a user namespace and checkpoints (OnLogout=, "
				"OnDisconnect=checkpoint) can not be together");
	/* what only root of the host may do; PID 1, which starts programs, is not */
	if ((s->nice_set && s->nice < 0) || (s->oom_score_adjust_set && s->oom_score_adjust < 0) ||
	    s->sched_policy == SPEC_SCHED_FIFO || s->sched_policy == SPEC_SCHED_RR ||
	    s->io_sched_class == SPEC_IO_REALTIME)
		return bad(err, "in a user namespace Nice= and OOMScoreAdjust= can not be below 0, "
				"nor scheduling realtime");
	/* it is joined after the user namespace, which has no right to it */
	if (nsconf_joined(s) & CLONE_NEWCGROUP)
		return bad(err, "a user namespace and JoinNamespaces=cgroup: can not be together");
	/* PID 1 sees who connects by its group, which does not count then (proc(5)) */
	if (s->users.mode != IDMAP_IDENTITY && s->protect_proc == SPEC_PROC_PTRACEABLE)
		return bad(err, "ProtectProc=ptraceable can not be used in a user namespace");
	return 0;
}

/* The first ones are the work of our PID 1. */
static int check_init(const struct spec *s, struct ctr_error *err)
{
	bool traces = !s->cap_bounding.set || s->cap_bounding.mask & UINT64_C(1) << CAP_SYS_PTRACE;

	if (s->init != SPEC_INIT_NONE)
		return 0;
	if (s->linger || s->on_disconnect || s->reattach || s->attachments || s->on_logout)
		return bad(err, "Init=none is for containers without logins: not with Linger=, "
				"OnDisconnect=, Reattach=, Attachments= and OnLogout=");
	/* it may take its death signal off: then its groups tell who is to be ended (MUST-9) */
	if (s->cgroup == SPEC_CG_INHERIT)
		return bad(err, "Init=none needs groups of its own: not Cgroup=inherit");
	/* what enters is a process of the host's until it executes (MUST-6, visit.h) */
	if (traces && !nsconf_has_users(s))
		return bad(err, "Init=none and CAP_SYS_PTRACE in CapabilityBoundingSet= "
				"need PrivateUsers=");
	/* and its /proc/self/oom_score_adj is the host's root's, who is nobody there */
	if (s->oom_score_adjust_set && nsconf_has_users(s))
		return bad(err, "Init=none, PrivateUsers= and OOMScoreAdjust= do not go together");
	return 0;
}

static int check_mount(const struct spec *s, const char *line, struct ctr_error *err)
{
	automount struct mountline m = {.dest = NULL};
	int r = mountline_parse(line, &m, err);

	if (r < 0)
		return r;
	if (m.kind == MOUNTLINE_CGROUP && !(s->namespaces & CLONE_NEWCGROUP))
		return bad(err, "Mount= of a cgroup needs cgroup among Namespaces=");
	if (m.kind == MOUNTLINE_CGROUP && s->cgroup == SPEC_CG_INHERIT)
		return bad(err, "Mount= of a cgroup shows the caller's with Cgroup=inherit");
	if (m.kind == MOUNTLINE_MQUEUE && !(s->namespaces & CLONE_NEWIPC))
		return bad(err, "Mount= of an mqueue needs ipc among Namespaces=");
	return 0;
}

int contradict_check(const struct spec *s, struct ctr_error *err)
{
	int r = check_names(s, err);

	if (r == 0)
		r = check_users(s, err);
	if (r == 0)
		r = check_init(s, err);
	if (r == 0)
		r = check_scheduler(s, err);
	for (size_t i = 0; r == 0 && i < s->mounts.n; i++)
		r = check_mount(s, s->mounts.v[i], err);
	return r;
}

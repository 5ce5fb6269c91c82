/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nsconf.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "cleanup.h"
#include "num.h"
#include "path.h"
#include "spec.h"

/* Of the mounts and of the processes PID 1 of the container is the first one, always. */
static const struct {
	const char *name;
	uint64_t flag;
} types[] = {
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},   {"cgroup", CLONE_NEWCGROUP},
    {"time", CLONE_NEWTIME}, {"user", CLONE_NEWUSER},
};

int nsconf_read_join(const char *word, struct nsconf_join *ret)
{
	const char *path;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!str_has_prefix(word, types[i].name, &path) || *path++ != ':')
			continue;
		if (!path_is_clean(path) || !path[1])
			return -EINVAL;
		*ret = (struct nsconf_join){types[i].flag, path};
		return 0;
	}
	return -EINVAL;
}

int nsconf_read_offset(const char *text, struct nsconf_offset *ret)
{
	static const char *const clocks[] = {"monotonic", "boottime"};
	autostrv struct strv words = {0};
	struct nsconf_offset o = {0};
	const char *time;
	uint64_t us;

	if (strv_split(&words, text, " \t") < 0 || words.n < 2)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		if (strcmp(words.v[0], clocks[i]) == 0)
			o.clock = clocks[i];
	time = text + strcspn(text, " \t");
	time += strspn(time, " \t");
	if (!o.clock || num_usec(time + (*time == '-' || *time == '+'), &us) < 0 ||
	    us > INT64_MAX / 2)
		return -EINVAL;
	o.seconds = (int64_t)(us / 1000000);
	o.nanoseconds = (uint32_t)(us % 1000000) * 1000;
	if (*time == '-') { /* nanoseconds go forward, also from a time before */
		o.seconds = -o.seconds - (o.nanoseconds > 0);
		o.nanoseconds = o.nanoseconds ? 1000000000 - o.nanoseconds : 0;
	}
	*ret = o;
	return 0;
}

const char *nsconf_path(const struct spec *s, uint64_t flag)
{
	const char *path = NULL;
	struct nsconf_join join;

	if (flag == CLONE_NEWNET)
		return s->net == SPEC_NET_PATH ? s->net_path : NULL;
	for (size_t i = 0; i < s->join_namespaces.n; i++)
		if (nsconf_read_join(s->join_namespaces.v[i], &join) == 0 && join.flag == flag)
			path = join.path;
	return path;
}

uint64_t nsconf_joined(const struct spec *s)
{
	uint64_t mask = s->net == SPEC_NET_PATH ? CLONE_NEWNET : 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (nsconf_path(s, types[i].flag))
			mask |= types[i].flag;
	return mask;
}

uint64_t nsconf_unsaved(const struct spec *s)
{
	return nsconf_joined(s) & (CLONE_NEWIPC | CLONE_NEWUTS);
}

bool nsconf_has_users(const struct spec *s)
{
	return s->users.mode != IDMAP_NO || nsconf_path(s, CLONE_NEWUSER);
}

static int bad(struct ctr_error *err, const char *text)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s", text);
}

int nsconf_check(const struct spec *s, struct ctr_error *err)
{
	uint64_t seen = 0, joined = nsconf_joined(s);
	struct nsconf_join join;

	for (size_t i = 0; i < s->join_namespaces.n; i++) {
		if (nsconf_read_join(s->join_namespaces.v[i], &join) < 0 || (seen & join.flag))
			return bad(err, "JoinNamespaces= has two of one type");
		seen |= join.flag;
	}
	if ((joined & CLONE_NEWUSER) && s->users.mode != IDMAP_NO)
		return bad(err, "PrivateUsers= and JoinNamespaces=user: exclude each other");
	/* names belong to who else is in there */
	if ((joined & CLONE_NEWUTS) && (s->hostname || s->domain_name))
		return bad(err,
			   "Hostname= and DomainName= cannot be used with a joined uts namespace");
	if (s->time_offset.n && (!(s->namespaces & CLONE_NEWTIME) || (joined & CLONE_NEWTIME)))
		return bad(err,
			   "TimeOffset= needs a time namespace of its own, Namespaces=... time");
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "contradict.h"
#include "keys.h"
#include "netconf.h"
#include "nsconf.h"

enum { HOOKS_MAX = 32 };
enum { ENVIRONMENT_MAX = 4096 }; /* restrict.h carries that much */

static int bad(struct ctr_error *err, const char *text)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s", text);
}

int verdict_new_rule(struct policy *p, const char *name, const char *file, unsigned int line,
		     struct ctr_error *err)
{
	struct match_rule *rules, rule = {0};

	name += strspn(name, " \t");
	if (!*name)
		return bad(err, "[Match] needs a name: [Match NAME]");
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->rules[i].name, name) == 0)
			return err_set(err, CTR_E_CONFIG, EEXIST, "config",
				       "second [Match %s]; the first is at %s", name,
				       p->rules[i].origin);
	rules = reallocarray(p->rules, p->n + 1, sizeof(*rules));
	if (!rules)
		return err_sys(err, ENOMEM, "config", "read rule");
	p->rules = rules;
	rule.name = strdup(name);
	rule.origin = str_dup_format("%s:%u", file, line);
	if (!rule.name || !rule.origin || keys_defaults("Match", &rule) < 0) {
		free(rule.name);
		free(rule.origin);
		return err_sys(err, ENOMEM, "config", "read rule");
	}
	rules[p->n++] = rule;
	return 0;
}

int verdict_check_policy(const struct policy *p, struct ctr_error *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->rules[i].container)
			return err_set(err, CTR_E_CONFIG, EINVAL, "config",
				       "%s: error: [Match %s] has no Container=",
				       p->rules[i].origin, p->rules[i].name);
	return 0;
}

static bool has_limits(const struct spec *s)
{
	const uint64_t numbers[] = {s->memory_max,	  s->memory_high,    s->memory_swap_max,
				    s->memory_min,	  s->memory_low,     s->memory_swappiness,
				    s->kernel_memory_max, s->tasks_max,	     s->cpu_quota,
				    s->cpu_weight,	  s->cpu_shares,     s->cpu_period,
				    s->cpu_burst,	  s->cpu_rt_runtime, s->cpu_rt_period,
				    s->io_weight,	  s->net_class_id};
	const struct strv *lists[] = {&s->io_read_bps,	 &s->io_write_bps,     &s->io_read_iops,
				      &s->io_write_iops, &s->io_device_weight, &s->hugetlb_max,
				      &s->rdma_max,	 &s->net_priority,     &s->unified,
				      &s->device_allow,	 &s->device_deny};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i] != SPEC_UNSET)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i]->n > 0)
			return true;
	return s->allowed_cpus || s->allowed_mems || s->oom_kill_disable;
}

static bool is_beyond(const struct spec_capset *a, const struct spec_capset *b)
{
	return a->set && b->set && (a->mask & ~b->mask);
}

static int check_caps(const struct spec *s, struct ctr_error *err)
{
	if (is_beyond(&s->cap_effective, &s->cap_permitted))
		return bad(err, "CapabilityEffectiveSet= has more than CapabilityPermittedSet=");
	if (is_beyond(&s->cap_permitted, &s->cap_bounding))
		return bad(err, "CapabilityPermittedSet= has more than CapabilityBoundingSet=");
	if (is_beyond(&s->cap_ambient, &s->cap_bounding))
		return bad(err, "AmbientCapabilities= has more than CapabilityBoundingSet=");
	if (is_beyond(&s->cap_ambient, &s->cap_permitted))
		return bad(err, "AmbientCapabilities= has more than CapabilityPermittedSet=");
	if (is_beyond(&s->cap_ambient, &s->cap_inheritable))
		return bad(err, "AmbientCapabilities= has more than CapabilityInheritableSet=");
	return 0;
}

/* Defaults are no news. */
static bool is_given(const struct spec *s, const char *name)
{
	size_t n;
	const struct keys_row *rows = keys_table(&n);

	for (size_t i = 0; i < s->n_given; i++)
		if (strcmp(rows[s->given[i].key].name, name) == 0)
			return true;
	return false;
}

/* By root inside, whoever that is */
static bool tree_is_writable(const struct spec *s)
{
	return !s->read_only && (s->volatile_mode == SPEC_VOLATILE_OVERLAY ||
				 (s->root_directory && s->volatile_mode == SPEC_VOLATILE_NO));
}

bool verdict_code_is_theirs(const struct spec *s)
{
	return !s->no_new_privileges && tree_is_writable(s);
}

static int warn(const struct spec *s, struct strv *w)
{
	int r = 0;

	if (verdict_code_is_theirs(s))
		r = strv_add(w,
			     "NoNewPrivileges=no lets users write the tree's programs as root: su, "
			     "login and other programs that join are refused");

	if (r == 0 && s->memory_max != SPEC_UNSET && s->memory_high != SPEC_UNSET &&
	    s->memory_high > s->memory_max)
		r = strv_add(w, "MemoryHigh= is above MemoryMax=: it does nothing");
	if (r == 0 && s->kernel_memory_max != SPEC_UNSET)
		r = strv_add(w, "KernelMemoryMax= is ignored; kernel memory counts in MemoryMax=");
	if (r == 0 && s->slice && s->cgroup == SPEC_CG_CGROUPFS)
		r = strv_add(w, "Slice= does nothing with Cgroup=cgroupfs");
	if (r == 0 && s->no_new_privileges && is_given(s, "NoNewPrivileges"))
		r = strv_add(w, "NoNewPrivileges=yes makes sudo, su, passwd and ping fail inside");
	return r;
}

/* Realtime is apart from the rest: it shares neither file nor unit with quota and period. */
static int check_cpu(const struct spec *s, struct ctr_error *err)
{
	uint64_t period = s->cpu_rt_period == SPEC_UNSET ? 1000000 : s->cpu_rt_period;

	if (s->cpu_weight != SPEC_UNSET && s->cpu_shares != SPEC_UNSET)
		return bad(err, "CPUWeight= and CPUShares= say the same thing: give one of them");
	if (s->cpu_rt_runtime != SPEC_UNSET && s->cpu_rt_runtime > period)
		return bad(err, "CPURealtimeRuntimeSec= is more than CPURealtimePeriodSec=");
	return 0;
}

static int check_hooks(const struct spec *s, struct ctr_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < SPEC_HOOKS; i++)
		n += s->hooks[i].n;
	if (n > HOOKS_MAX)
		return bad(err, "more than 32 hooks");
	/* NoNewPrivileges= does not help: processes of a container of the library are root's */
	if (s->hooks[SPEC_HOOK_START_CONTAINER].n > 0 && tree_is_writable(s))
		return bad(err, "StartContainer= runs as root in a tree whose programs can be "
				"written from inside; use CreateContainer= or ReadOnly=yes");
	return 0;
}

int verdict_check_spec(const struct spec *s, struct strv *warnings, struct ctr_error *err)
{
	size_t env = 0;
	int r = check_caps(s, err);

	if (r == 0)
		r = check_cpu(s, err);
	if (r == 0)
		r = netconf_check(s, err);
	if (r == 0)
		r = check_hooks(s, err);
	if (r == 0)
		r = nsconf_check(s, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->environment.n; i++)
		env += strlen(s->environment.v[i]) + 1;
	if (env > ENVIRONMENT_MAX)
		return err_set(err, CTR_E_CONFIG, E2BIG, "config", "Environment= over %d bytes",
			       ENVIRONMENT_MAX);
	/* A limit that cannot be set would be a missing wall. */
	if (s->cgroup == SPEC_CG_INHERIT && has_limits(s))
		return bad(err, "limits of [Resources] cannot be set with Cgroup=inherit");
	if (s->cgroup == SPEC_CG_INHERIT && s->slice)
		return bad(err, "Slice= cannot be used with Cgroup=inherit");
	if (s->read_only && s->volatile_mode == SPEC_VOLATILE_OVERLAY)
		return bad(err, "ReadOnly=yes and Volatile=overlay contradict each other");
	r = contradict_check(s, err);
	if (r < 0)
		return r;
	if (warnings && warn(s, warnings) < 0)
		return err_sys(err, ENOMEM, "config", "check definition");
	return 0;
}

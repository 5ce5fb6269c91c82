/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compile.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/capability.h>

#include "cleanup.h"
#include "compileattr.h"
#include "ociprofile.h"
#include "seccompfilter.h"
#include "str.h"
#include "sysgroups.h"
#include "sysguard.h"

/* ---- system calls ---- */

/* What a word of SystemCallFilter= is applied to. */
struct filling {
	struct seccompfilter *f;
	uint32_t denied;
};

static int apply(void *arg, const char *name, bool allow)
{
	const struct filling *fill = arg;
	uint32_t action = allow ? SECCOMP_RET_ALLOW : fill->denied;

	if (strcmp(name, "@known") != 0)
		return seccompfilter_set(fill->f, name, action);
	seccompfilter_all(fill->f, action);
	return 0;
}

/*
 * What is allowed is allowed for its usual purpose, and for all of them only where a call is listed
 * by its own name: "@login socket" opens all families, @network-io does not.
 */
static int add_guards(const struct spec *spec, const struct filling *fill)
{
	bool wanted = false;
	int r = 0;

	for (unsigned int i = 0; r == 0 && sysguard_name(i); i++) {
		const char *name = sysguard_name(i);

		if (i == 0 || strcmp(name, sysguard_name(i - 1)) != 0)
			wanted = seccompfilter_verdict(fill->f, name) == SECCOMP_RET_ALLOW &&
				 !strv_has(&spec->syscall_filter, name);
		if (wanted)
			r = sysguard_add(i, fill->f, fill->denied);
	}
	return r;
}

/*
 * Allow-lists: what is not listed is denied, and what no libseccomp knew when this was built is
 * ENOSYS, so that libraries fall back. A list whose first word takes away stands behind an empty
 * setting (else the default profile is before it) and so starts from everything.
 */
static int from_words(const struct spec *spec, struct seccompfilter **ret, struct ctr_error *err)
{
	const struct strv *words = &spec->syscall_filter;
	struct filling fill = {.denied = SECCOMP_RET_ERRNO | (uint32_t)spec->syscall_errno};
	bool open = words->v[0][0] == '~';
	autofilter struct seccompfilter *f = NULL;
	int r = 0;

	f = open ? seccompfilter_new(SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW)
		 : seccompfilter_new(fill.denied, SECCOMP_RET_ERRNO | ENOSYS);
	if (!f)
		return err_sys(err, ENOMEM, "compile", "write the system call filter");
	fill.f = f;
	if (!open)
		r = sysgroups_expand("@enter", apply, &fill);
	for (size_t i = 0; r == 0 && i < words->n; i++)
		r = sysgroups_expand(words->v[i], apply, &fill);
	if (r == 0)
		r = add_guards(spec, &fill);
	if (r < 0)
		return err_sys(err, r, "compile", "SystemCallFilter=");
	*ret = take_ptr(f);
	return 0;
}

/* The filter of a definition; *ret is NULL when it has none. */
static int make_filter(const struct spec *spec, struct seccompfilter **ret, struct ctr_error *err)
{
	const struct strv *words = &spec->syscall_filter;
	struct ociprofile_facts facts;

	if (!spec->seccomp_profile && words->n == 0) {
		*ret = NULL;
		return 0;
	}
	if (!spec->seccomp_profile)
		return from_words(spec, ret, err);
	if (words->n > 1 || (words->n == 1 && strcmp(words->v[0], "@login") != 0))
		return err_set(err, CTR_E_CONFIG, EINVAL, "compile",
			       "SeccompProfile= and SystemCallFilter= exclude each other");
	ociprofile_facts(spec->cap_bounding.set ? spec->cap_bounding.mask : UINT64_MAX, &facts);
	return ociprofile_load(spec->seccomp_profile, &facts, ret, err);
}

static int set_filter(const struct spec *spec, struct restrict_set *ret, struct ctr_error *err)
{
	autofilter struct seccompfilter *f = NULL;
	int r = make_filter(spec, &f, err);

	if (r < 0 || !f)
		return r;
	r = seccompfilter_emit(f, ret->filter, RESTRICT_FILTER_MAX, err);
	if (r < 0)
		return r;
	ret->filter_len = (uint32_t)r;
	return 0;
}

/* ---- capabilities ---- */

static int not_within(const char *key, uint64_t extra, const char *other, struct ctr_error *err)
{
	int cap = __builtin_ctzll(extra);
	char *name = cap_to_name(cap);

	(void)err_set(err, CTR_E_CONFIG, EINVAL, "compile", "%s has %s, which is not in %s", key,
		      name ? name : "a capability", other);
	(void)cap_free(name); /* of libcap, or NULL */
	return -EINVAL;
}

/* The kernel would refuse the login (inheritable, ambient) or take nothing of it (the others). */
static int check_caps(const struct spec *spec, struct ctr_error *err)
{
	const struct {
		const char *key;
		const struct spec_capset *set, *within;
		const char *other;
	} rows[] = {
	    {"CapabilityPermittedSet=", &spec->cap_permitted, &spec->cap_bounding,
	     "CapabilityBoundingSet="},
	    {"CapabilityInheritableSet=", &spec->cap_inheritable, &spec->cap_bounding,
	     "CapabilityBoundingSet="},
	    {"AmbientCapabilities=", &spec->cap_ambient, &spec->cap_bounding,
	     "CapabilityBoundingSet="},
	    {"CapabilityEffectiveSet=", &spec->cap_effective, &spec->cap_permitted,
	     "CapabilityPermittedSet="},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t extra = rows[i].set->mask & ~rows[i].within->mask;

		if (rows[i].set->set && rows[i].within->set && extra)
			return not_within(rows[i].key, extra, rows[i].other, err);
	}
	return 0;
}

static void set_cap(const struct spec_capset *from, uint8_t *has, uint64_t *mask)
{
	*has = from->set;
	*mask = from->mask;
}

static void set_caps(const struct spec *spec, struct restrict_set *ret)
{
	set_cap(&spec->cap_bounding, &ret->has_bounding, &ret->bounding);
	set_cap(&spec->cap_permitted, &ret->has_permitted, &ret->permitted);
	set_cap(&spec->cap_effective, &ret->has_effective, &ret->effective);
	set_cap(&spec->cap_inheritable, &ret->has_inheritable, &ret->inheritable);
	set_cap(&spec->cap_ambient, &ret->has_ambient, &ret->ambient);
}

/* ---- the rest ---- */

static_assert((int)SPEC_DISCONNECT_CHECKPOINT == (int)RESTRICT_DISCONNECT_CHECKPOINT &&
		  (int)SPEC_REATTACH_NO == (int)RESTRICT_REATTACH_NO &&
		  (int)SPEC_ATTACHMENTS_SHARED == (int)RESTRICT_ATTACHMENTS_SHARED,
	      "PID 1 knows what was parsed");

/* Is there a later assignment of the same name? */
static bool is_overridden(const struct strv *env, size_t i)
{
	size_t n = strcspn(env->v[i], "=") + 1;

	for (size_t k = i + 1; k < env->n; k++)
		if (strncmp(env->v[i], env->v[k], n) == 0)
			return true;
	return false;
}

static int set_environment(const struct spec *spec, struct restrict_set *ret, struct ctr_error *err)
{
	for (size_t i = 0; i < spec->environment.n; i++) {
		size_t n = strlen(spec->environment.v[i]) + 1;

		if (is_overridden(&spec->environment, i))
			continue;
		if (n > sizeof(ret->env) - ret->env_len)
			return err_set(err, CTR_E_CONFIG, E2BIG, "compile",
				       "Environment= is over %zu bytes", sizeof(ret->env));
		memcpy(ret->env + ret->env_len, spec->environment.v[i], n);
		ret->env_len += (uint32_t)n;
	}
	return 0;
}

static void set_limits(const struct spec *spec, struct restrict_set *ret)
{
	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		ret->rlimit_set[i] = spec->rlimits[i].set;
		ret->rlimits[i] = spec->rlimits[i].lim;
	}
	ret->oom_set = spec->oom_score_adjust_set;
	ret->oom_score_adjust = spec->oom_score_adjust;
	ret->nice_set = spec->nice_set;
	ret->nice = spec->nice;
	ret->umask_set = spec->umask_set;
	ret->umask = spec->umask;
	ret->no_new_privs = spec->no_new_privileges;
	ret->on_disconnect = (uint8_t)spec->on_disconnect;
	ret->reattach = (uint8_t)spec->reattach;
	ret->attachments = (uint8_t)spec->attachments;
}

int restrict_compile(const struct spec *spec, struct restrict_set *ret, struct ctr_error *err)
{
	int r = check_caps(spec, err);

	if (r < 0)
		return r;
	set_caps(spec, ret);
	set_limits(spec, ret);
	r = compileattr(spec, &ret->attr, err);
	if (r == 0)
		r = set_environment(spec, ret, err);
	return r < 0 ? r : set_filter(spec, ret, err);
}

int restrict_compile_one(const struct spec *spec, const struct spec *all, struct restrictone *ret,
			 struct ctr_error *err)
{
	const struct spec_capset *const sets[] = {&spec->cap_bounding, &spec->cap_permitted,
						  &spec->cap_effective, &spec->cap_inheritable,
						  &spec->cap_ambient};
	uint64_t extra = spec->cap_bounding.mask & ~all->cap_bounding.mask;
	struct restrictone one = {0};
	int r = check_caps(spec, err);

	static_assert(ARRAY_SIZE(sets) == RESTRICTONE_SETS, "in the order of restrictone.h");
	if (r == 0 && all->cap_bounding.set && extra)
		r = not_within("CapabilityBoundingSet=", extra, "that of the container", err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		one.caps[i].set = sets[i]->set;
		one.caps[i].mask = sets[i]->mask;
	}
	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		one.rlimit_set[i] = spec->rlimits[i].set;
		one.rlimits[i] = spec->rlimits[i].lim;
	}
	*ret = one;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compileattr.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "num.h"

enum { NSS_BUFFER = 256 * 1024, IO_LEVEL = 4 };

static void set_scheduler(const struct spec *s, struct procattr *ret)
{
	static const int policies[] = {
	    [SPEC_SCHED_OTHER] = SCHED_OTHER, [SPEC_SCHED_BATCH] = SCHED_BATCH,
	    [SPEC_SCHED_IDLE] = SCHED_IDLE,   [SPEC_SCHED_FIFO] = SCHED_FIFO,
	    [SPEC_SCHED_RR] = SCHED_RR,
	};
	bool realtime = s->sched_policy == SPEC_SCHED_FIFO || s->sched_policy == SPEC_SCHED_RR;

	if (s->sched_policy == SPEC_SCHED_INHERIT)
		return;
	ret->sched_set = 1;
	ret->sched_policy = policies[s->sched_policy];
	if (realtime)
		ret->sched_priority =
		    s->sched_priority == SPEC_UNSET ? 1 : (int32_t)s->sched_priority;
}

/* As systemd.exec(5): a level alone is one of best-effort, and a class alone has the middle one. */
static void set_io(const struct spec *s, struct procattr *ret)
{
	static const int classes[] = {
	    [SPEC_IO_INHERIT] = IOPRIO_CLASS_BE,
	    [SPEC_IO_REALTIME] = IOPRIO_CLASS_RT,
	    [SPEC_IO_BEST_EFFORT] = IOPRIO_CLASS_BE,
	    [SPEC_IO_IDLE] = IOPRIO_CLASS_IDLE,
	};
	int level = s->io_sched_priority == SPEC_UNSET ? IO_LEVEL : (int)s->io_sched_priority;

	if (s->io_sched_class == SPEC_IO_INHERIT && s->io_sched_priority == SPEC_UNSET)
		return;
	if (s->io_sched_class == SPEC_IO_IDLE)
		level = 0;
	ret->io_set = 1;
	ret->io_priority = classes[s->io_sched_class] << IOPRIO_CLASS_SHIFT | level;
}

/* "0-3,8", as quantity.c wrote it */
static int set_cpus(const char *list, struct procattr *ret, struct ctr_error *err)
{
	autostrv struct strv words = {0};

	if (strv_split(&words, list, ",") < 0)
		return err_sys(err, ENOMEM, "compile", "read CPUAffinity=");
	for (size_t i = 0; i < words.n; i++) {
		char *dash = strchr(words.v[i], '-');
		int from, to;

		if (dash)
			*dash = '\0';
		if (num_int_in(words.v[i], 0, PROCATTR_CPUS - 1, &from) < 0 ||
		    num_int_in(dash ? dash + 1 : words.v[i], from, PROCATTR_CPUS - 1, &to) < 0)
			return err_set(err, CTR_E_CONFIG, EINVAL, "compile", "bad CPUAffinity=%s",
				       list);
		for (int cpu = from; cpu <= to; cpu++)
			ret->cpus[cpu / 64] |= UINT64_C(1) << (cpu % 64);
	}
	ret->cpus_set = 1;
	return 0;
}

static int set_personality(const struct spec *s, struct procattr *ret, struct ctr_error *err)
{
	bool x86 =
	    s->personality == SPEC_PERSONALITY_X86 || s->personality == SPEC_PERSONALITY_X86_64;
	bool narrow =
	    s->personality == SPEC_PERSONALITY_LINUX32 || s->personality == SPEC_PERSONALITY_X86;
	struct utsname u;

	if (s->personality == SPEC_PERSONALITY_INHERIT)
		return 0;
	if (x86 && (uname(&u) < 0 || (strcmp(u.machine, "x86_64") != 0 && u.machine[0] != 'i')))
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "compile",
			       "Personality=: this machine is no x86");
	ret->personality_set = 1;
	ret->personality = narrow ? PER_LINUX32 : PER_LINUX;
	return 0;
}

/* MUST-7: of the host, and asked in the supervisor: what is in the container's files is not read.
 */
static int find_group(const char *word, char *buffer, uint32_t *ret, struct ctr_error *err)
{
	struct group gr, *found = NULL;
	int r;

	if (num_id(word, ret) == 0)
		return 0;
	r = getgrnam_r(word, &gr, buffer, NSS_BUFFER, &found);
	if (!found)
		return err_set(err, CTR_E_CONFIG, r ? r : ENOENT, "compile",
			       "SupplementaryGroups=: %s group '%s'",
			       r ? "can not find" : "unknown", word);
	*ret = gr.gr_gid;
	return 0;
}

static int set_groups(const struct strv *words, struct procattr *ret, struct ctr_error *err)
{
	autofree char *buffer = words->n ? malloc(NSS_BUFFER) : NULL;
	int r = 0;

	if (words->n && !buffer)
		return err_sys(err, ENOMEM, "compile", "find SupplementaryGroups=");
	if (words->n > ARRAY_SIZE(ret->groups))
		return err_set(err, CTR_E_CONFIG, E2BIG, "compile",
			       "SupplementaryGroups= has more than %zu groups",
			       ARRAY_SIZE(ret->groups));
	for (size_t i = 0; r == 0 && i < words->n; i++)
		r = find_group(words->v[i], buffer, &ret->groups[i], err);
	ret->ngroups = (uint32_t)words->n;
	return r;
}

static bool has_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static bool has_apparmor(void)
{
	char text[8];

	return fd_read_file_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text,
			       sizeof(text)) > 0 &&
	       text[0] == 'Y';
}

/* A label that nobody enforces would be a missing wall (MUST-1). */
static int set_label(const char *key, const char *label, char ret[PROCATTR_LABEL],
		     struct ctr_error *err)
{
	bool selinux = strcmp(key, "SELinuxContext") == 0;

	if (!label)
		return 0;
	if (!(selinux ? has_selinux() : has_apparmor()))
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "compile",
			       "%s=: %s is not active on this machine", key,
			       selinux ? "SELinux" : "AppArmor");
	if (str_copy(ret, PROCATTR_LABEL, label) < 0)
		return err_set(err, CTR_E_CONFIG, E2BIG, "compile", "%s= is over %d bytes", key,
			       PROCATTR_LABEL - 1);
	return 0;
}

int compileattr(const struct spec *spec, struct procattr *ret, struct ctr_error *err)
{
	int r = spec->cpu_affinity ? set_cpus(spec->cpu_affinity, ret, err) : 0;

	set_scheduler(spec, ret);
	set_io(spec, ret);
	if (r == 0)
		r = set_personality(spec, ret, err);
	if (r == 0)
		r = set_groups(&spec->supplementary_groups, ret, err);
	if (r == 0)
		r = set_label("SELinuxContext", spec->selinux_context, ret->selinux, err);
	if (r == 0)
		r = set_label("AppArmorProfile", spec->apparmor_profile, ret->apparmor, err);
	return r;
}

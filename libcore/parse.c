/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parse.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "cleanup.h"
#include "idmap.h"
#include "list.h"
#include "match.h"
#include "netconf.h"
#include "num.h"
#include "path.h"
#include "quantity.h"
#include "spec.h"

static const char *const volatile_words[] = {"no", "overlay", "state", NULL};
static const char *const proc_words[] = {"default", "noaccess", "invisible", "ptraceable", NULL};
static const char *const propagation_words[] = {"slave", "private", NULL};
static const char *const sched_words[] = {"inherit", "other", "batch", "idle", "fifo", "rr", NULL};
static const char *const io_words[] = {"inherit", "realtime", "best-effort", "idle", NULL};
static const char *const personality_words[] = {"inherit", "linux",  "linux32",
						"x86",	   "x86-64", NULL};
static const char *const cgroup_words[] = {"auto", "scope", "cgroupfs", "inherit", NULL};
static const char *const device_words[] = {"closed", "strict", "auto", NULL};
static const char *const init_words[] = {"container-init", "none", NULL};
static const char *const disconnect_words[] = {"kill", "keep", "checkpoint", NULL};
static const char *const reattach_words[] = {"yes", "ask", "no", NULL};
static const char *const attachments_words[] = {"one", "shared", NULL};
static const char *const mode_words[] = {"enforce", "permissive", "off", NULL};
static const char *const on_error_words[] = {"deny", "host", NULL};
static const char *const instance_words[] = {"session", "user", "shared", NULL};
static const char *const entry_words[] = {"auto", "late", "join", NULL};
static const char *const attach_words[] = {"auto", "yes", "no", NULL};
static const char *const bool_words[] = {"yes", "no", "true", "false", "on", "off", "1", "0", NULL};

/* Order of words is that of the enums of spec.h and match.h. */
static const char *const *const choices[PARSE_TYPES] = {
    [PARSE_VOLATILE] = volatile_words,
    [PARSE_PROTECT_PROC] = proc_words,
    [PARSE_CGROUP] = cgroup_words,
    [PARSE_MODE] = mode_words,
    [PARSE_DEVICE_POLICY] = device_words,
    [PARSE_ON_ERROR] = on_error_words,
    [PARSE_INSTANCE] = instance_words,
    [PARSE_ENTRY] = entry_words,
    [PARSE_ATTACH] = attach_words,
    [PARSE_ON_DISCONNECT] = disconnect_words,
    [PARSE_REATTACH] = reattach_words,
    [PARSE_ATTACHMENTS] = attachments_words,
    [PARSE_SCHED_POLICY] = sched_words,
    [PARSE_PROPAGATION] = propagation_words,
    [PARSE_IO_CLASS] = io_words,
    [PARSE_PERSONALITY] = personality_words,
    [PARSE_INIT] = init_words,
};
static_assert(SPEC_VOLATILE_STATE == 2 && SPEC_PROC_PTRACEABLE == 3 && SPEC_CG_INHERIT == 3 &&
		  SPEC_DEV_AUTO == 2 && MATCH_OFF == 2 && MATCH_ERROR_HOST == 1 &&
		  MATCH_SHARED == 2 && MATCH_ENTRY_JOIN == 2 && MATCH_ATTACH_NO == 2 &&
		  SPEC_DISCONNECT_CHECKPOINT == 2 && SPEC_REATTACH_NO == 2 &&
		  SPEC_ATTACHMENTS_SHARED == 1 && SPEC_SCHED_RR == 5 &&
		  SPEC_PROPAGATION_PRIVATE == 1 && SPEC_IO_IDLE == 3 &&
		  SPEC_PERSONALITY_X86_64 == 4 && SPEC_INIT_NONE == 1,
	      "words stand in the order of their enums");

static const struct {
	const char *name;
	uint64_t flag;
} namespaces[] = {
    {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},	 {"ipc", CLONE_NEWIPC},
    {"uts", CLONE_NEWUTS},  {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};

static const struct {
	const char *name;
	int number;
} errnos[] = {
    {"EPERM", EPERM},	{"EACCES", EACCES},
    {"ENOSYS", ENOSYS}, {"EINVAL", EINVAL},
    {"ENOENT", ENOENT}, {"ENOTSUP", ENOTSUP},
    {"EAGAIN", EAGAIN}, {"EOPNOTSUPP", EOPNOTSUPP},
    {"ENODEV", ENODEV}, {"EAFNOSUPPORT", EAFNOSUPPORT},
};

bool parse_is_list(int type)
{
	return list_is(type) || type == PARSE_CAPS;
}

bool parse_has_specifiers(int type)
{
	static const bool has[PARSE_TYPES] = {
	    [PARSE_HOSTNAME] = true,	[PARSE_SLICE] = true, [PARSE_PATH] = true,
	    [PARSE_ENVIRONMENT] = true, [PARSE_BIND] = true,  [PARSE_TMPFS] = true,
	    [PARSE_OPT_PATH] = true,	[PARSE_MOUNT] = true, [PARSE_OVERLAY] = true,
	    [PARSE_INTERFACE] = true,
	};

	return has[type];
}

bool parse_name_is_valid(const char *name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strspn(name, chars);

	return n > 0 && n <= 32 && !name[n] && !strchr("._-", name[0]);
}

const char *parse_suggest(const char *given, const char *const *words)
{
	size_t len = strlen(given);
	unsigned int best = len <= 3 ? 2 : len <= 5 ? 3 : 4;
	const char *near = NULL;

	for (; words && *words; words++) {
		unsigned int d = str_distance(given, *words);

		if (d < best) {
			best = d;
			near = *words;
		}
	}
	return near;
}

int parse_bad(struct ctr_error *err, const char *what, const char *value, const char *near)
{
	if (near)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "bad %s '%s'; did you mean '%s'?", what, value, near);
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "bad %s '%s'", what, value);
}

static int set_string(const struct parse_in *in, const char *s, struct ctr_error *err)
{
	char *copy = strdup(s);

	if (!copy)
		return err_sys(err, ENOMEM, "config", "read value");
	free(*(char **)in->field);
	*(char **)in->field = copy;
	return 0;
}

/* "bad value 'on'; did you mean ...?", or all there are when none is near. */
static int bad_choice(const char *value, const char *const *words, struct ctr_error *err)
{
	const char *near = parse_suggest(value, words);
	char all[128] = "";
	size_t used = 0;

	if (near)
		return parse_bad(err, "value", value, near);
	for (size_t i = 0; words[i] && used < sizeof(all); i++) {
		if (str_format(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", words[i]) < 0)
			break; /* a shorter list is told */
		used += strlen(all + used);
	}
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "bad value '%s'; it takes one of: %s",
		       value, all);
}

static int read_choice(const struct parse_in *in, struct ctr_error *err)
{
	const char *const *words = choices[in->type];

	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], in->value) == 0) {
			*(int *)in->field = i;
			return 0;
		}
	}
	return bad_choice(in->value, words, err);
}

static int read_bool(const struct parse_in *in, struct ctr_error *err)
{
	int v;

	if (num_bool(in->value, &v) < 0)
		return parse_bad(err, "yes or no", in->value, parse_suggest(in->value, bool_words));
	*(bool *)in->field = v;
	return 0;
}

static int read_string(const struct parse_in *in, struct ctr_error *err)
{
	return set_string(in, in->value, err);
}

static int read_name(const struct parse_in *in, struct ctr_error *err)
{
	bool word = strcmp(in->value, "host") == 0 || strcmp(in->value, "deny") == 0;

	if (!parse_name_is_valid(in->value) || (word && in->type == PARSE_EXTENDS))
		return parse_bad(err, "name of a definition", in->value, NULL);
	return in->type == PARSE_EXTENDS ? 0 : set_string(in, in->value, err);
}

/* What a host name can not hold becomes '-', so that "lab-%u" works for every user's name. */
static int read_hostname(const struct parse_in *in, struct ctr_error *err)
{
	autofree char *name = NULL;
	int r = expand_specifiers(in->value, in->who, &name, err);

	if (r < 0)
		return r;
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-.", *p))
			*p = strchr(in->value, '%') && !strchr(in->value, *p) ? '-' : *p;
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-.", *p))
			return parse_bad(err, "host name", in->value, NULL);
	if (strlen(name) > 64)
		name[64] = '\0';
	if (name[0] == '-' || name[0] == '.' || (strlen(in->value) > 64 && !strchr(in->value, '%')))
		return parse_bad(err, "host name", in->value, NULL);
	return set_string(in, in->who ? name : in->value, err);
}

static int read_slice(const struct parse_in *in, struct ctr_error *err)
{
	autofree char *name = NULL;
	int r = expand_specifiers(in->value, in->who, &name, err);
	size_t n;

	if (r < 0)
		return r;
	n = strlen(name);
	if (n <= 6 || strcmp(name + n - 6, ".slice") != 0 || name[0] == '-')
		return parse_bad(err, "slice (NAME.slice)", in->value, NULL);
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(":_.\\-", *p))
			return parse_bad(err, "slice", in->value, NULL);
	return set_string(in, in->who ? name : in->value, err);
}

static int read_path(const struct parse_in *in, struct ctr_error *err)
{
	autofree char *path = NULL;
	int r = expand_specifiers(in->value, in->who, &path, err);

	if (r < 0)
		return r;
	if (!path_is_clean(path) || !path[1])
		return parse_bad(err, "absolute path without '.', '..' and '//'", in->value, NULL);
	return set_string(in, in->who ? path : in->value, err);
}

static int read_namespaces(const struct parse_in *in, struct ctr_error *err)
{
	autostrv struct strv words = {0};
	const char *names[ARRAY_SIZE(namespaces) + 1] = {NULL};
	uint64_t mask = 0;
	size_t k;

	if (strv_split(&words, in->value, ", \t") < 0)
		return err_sys(err, ENOMEM, "config", "read namespaces");
	for (k = 0; k < ARRAY_SIZE(namespaces); k++)
		names[k] = namespaces[k].name;
	for (size_t i = 0; i < words.n; i++) {
		for (k = 0; names[k] && strcmp(names[k], words.v[i]) != 0; k++)
			;
		if (strcmp(words.v[i], "net") == 0)
			return parse_bad(err, "namespace (use Private=)", "net", NULL);
		if (!names[k])
			return parse_bad(err, "namespace", words.v[i],
					 parse_suggest(words.v[i], names));
		mask |= namespaces[k].flag;
	}
	if (!(mask & CLONE_NEWNS) || !(mask & CLONE_NEWPID))
		return parse_bad(err, "list (mount and pid cannot be left out)", in->value, NULL);
	*(uint64_t *)in->field = mask;
	return 0;
}

static const char *suggest_cap(const char *given)
{
	const char *names[CAP_LAST_CAP + 2] = {NULL};
	const char *near;
	char *owned[CAP_LAST_CAP + 1];
	static const char *const none = NULL;

	for (int i = 0; i <= CAP_LAST_CAP; i++)
		names[i] = owned[i] = cap_to_name(i);
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (!names[i])
			names[i] = "";
	near = parse_suggest(given, names);
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (owned[i] && owned[i] != near)
			(void)cap_free(owned[i]); /* of libcap, can not fail for its own */
	return near ? near : none;
}

static int cap_bit(const char *word, uint64_t *mask, struct ctr_error *err)
{
	cap_value_t v;
	const char *near;
	int r;

	/* libcap would take numbers too, and ones the kernel does not have. */
	if (!isdigit((unsigned char)word[0]) && cap_from_name(word, &v) == 0 && v <= 63) {
		*mask |= UINT64_C(1) << v;
		return 0;
	}
	near = suggest_cap(word);
	r = parse_bad(err, "capability", word, near);
	if (near)
		(void)cap_free((void *)(uintptr_t)near); /* as above */
	return r;
}

/* As systemd.exec(5): "~" alone is all, "~A B" takes away from what is there. */
static int read_caps(const struct parse_in *in, struct ctr_error *err)
{
	const uint64_t all = (UINT64_C(2) << CAP_LAST_CAP) - 1;
	bool invert = in->value[0] == '~';
	autostrv struct strv words = {0};
	struct spec_capset *set = in->field;
	uint64_t mask = 0;
	int r = strv_split(&words, in->value + invert, ", \t");

	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = cap_bit(words.v[i], &mask, err);
	if (r < 0)
		return r;
	if (invert && words.n == 0)
		set->mask = all;
	else if (invert)
		set->mask = (set->set ? set->mask : all) & ~mask;
	else
		set->mask = (set->set ? set->mask : 0) | mask;
	set->set = true;
	return 0;
}

static int read_errno(const struct parse_in *in, struct ctr_error *err)
{
	const char *names[ARRAY_SIZE(errnos) + 1] = {NULL};
	int v;

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		names[i] = errnos[i].name;
		if (strcmp(in->value, names[i]) == 0) {
			*(int *)in->field = errnos[i].number;
			return 0;
		}
	}
	if (num_int_in(in->value, 1, 4095, &v) < 0)
		return parse_bad(err, "errno", in->value, parse_suggest(in->value, names));
	*(int *)in->field = v;
	return 0;
}

static int read_oom(const struct parse_in *in, struct ctr_error *err)
{
	struct spec *s = in->base;

	if (num_int_in(in->value, -1000, 1000, &s->oom_score_adjust) < 0)
		return parse_bad(err, "number from -1000 to 1000", in->value, NULL);
	s->oom_score_adjust_set = true;
	return 0;
}

static int read_nice(const struct parse_in *in, struct ctr_error *err)
{
	struct spec *s = in->base;

	if (num_int_in(in->value, -20, 19, &s->nice) < 0)
		return parse_bad(err, "number from -20 to 19", in->value, NULL);
	s->nice_set = true;
	return 0;
}

static int read_umask(const struct parse_in *in, struct ctr_error *err)
{
	struct spec *s = in->base;
	mode_t m;

	if (num_octal(in->value, &m) < 0 || m > 0777)
		return parse_bad(err, "octal mode up to 0777", in->value, NULL);
	s->umask = m;
	s->umask_set = true;
	return 0;
}

static int read_users(const struct parse_in *in, struct ctr_error *err)
{
	static const char *const words[] = {"no", "identity", "pick", NULL};

	if (idmap_parse_choice(in->value, in->field) == 0)
		return 0;
	return parse_bad(err, "user namespace (no, identity, pick or UID:RANGE)", in->value,
			 parse_suggest(in->value, words));
}

static int (*const readers[PARSE_TYPES])(const struct parse_in *in, struct ctr_error *err) = {
    [PARSE_TEXT] = read_string,	   [PARSE_EXTENDS] = read_name,
    [PARSE_CONTAINER] = read_name, [PARSE_HOSTNAME] = read_hostname,
    [PARSE_SLICE] = read_slice,	   [PARSE_PATH] = read_path,
    [PARSE_BOOL] = read_bool,	   [PARSE_NAMESPACES] = read_namespaces,
    [PARSE_CAPS] = read_caps,	   [PARSE_ERRNO] = read_errno,
    [PARSE_OOM] = read_oom,	   [PARSE_NICE] = read_nice,
    [PARSE_UMASK] = read_umask,	   [PARSE_USERS] = read_users,
};

int parse_value(const struct parse_in *in, struct ctr_error *err)
{
	if (list_is(in->type))
		return list_parse(in, err);
	if (quantity_is(in->type))
		return quantity_parse(in, err);
	if (netconf_is(in->type))
		return netconf_parse(in, err);
	if (choices[in->type])
		return read_choice(in, err);
	return readers[in->type](in, err);
}

/* Types that are one owned string. */
static bool is_string(int type)
{
	return type == PARSE_TEXT || type == PARSE_HOSTNAME || type == PARSE_SLICE ||
	       type == PARSE_PATH || type == PARSE_CONTAINER || type == PARSE_CPU_LIST;
}

void parse_reset(const struct parse_in *in)
{
	struct spec *s = in->base;

	if (list_is(in->type)) {
		strv_done(in->field);
	} else if (netconf_is(in->type)) {
		netconf_reset(in);
	} else if (is_string(in->type)) {
		free(*(char **)in->field);
		*(char **)in->field = NULL;
	} else if (in->type == PARSE_CAPS) {
		*(struct spec_capset *)in->field = (struct spec_capset){0};
	} else if (in->type == PARSE_USERS) {
		*(struct idmap_choice *)in->field = (struct idmap_choice){0};
	} else if (in->type == PARSE_OOM) {
		s->oom_score_adjust_set = false;
	} else if (in->type == PARSE_NICE) {
		s->nice_set = false;
	} else if (in->type == PARSE_UMASK) {
		s->umask_set = false;
	} else if (quantity_is_rlimit(in->type)) {
		*(struct spec_rlimit *)in->field = (struct spec_rlimit){0};
	} else if (quantity_is(in->type)) {
		*(uint64_t *)in->field = SPEC_UNSET;
	}
}

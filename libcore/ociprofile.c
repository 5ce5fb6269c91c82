/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ociprofile.h"

#include <errno.h>
#include <json-c/json.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "path.h"
#include "str.h"
#include "sysabi.h"

enum { PROFILE_MAX = 1 << 20 };

static const struct {
	const char *name;
	uint32_t action;
	bool has_errno;
} actions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
};

static const char *const ops[] = {
    [BPFPROG_EQ] = "SCMP_CMP_EQ",
    [BPFPROG_NE] = "SCMP_CMP_NE",
    [BPFPROG_LT] = "SCMP_CMP_LT",
    [BPFPROG_LE] = "SCMP_CMP_LE",
    [BPFPROG_GE] = "SCMP_CMP_GE",
    [BPFPROG_GT] = "SCMP_CMP_GT",
    [BPFPROG_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

/* A profile being read: what decides, what it becomes, where complaints go. */
struct reading {
	const struct ociprofile_facts *facts;
	struct seccompfilter *f;
	uint32_t default_action;
	struct ctr_error *err;
};

static int bad(const struct reading *in, const char *what, const char *value)
{
	return err_set(in->err, CTR_E_CONFIG, EINVAL, "compile", "%s '%s'", what,
		       value ? value : "");
}

/* *ret is NULL when the member is absent or null; -EINVAL when it is of another type. */
static int member(const struct reading *in, struct json_object *o, const char *key, int type,
		  struct json_object **ret)
{
	struct json_object *v = NULL;

	*ret = NULL;
	if (!json_object_object_get_ex(o, key, &v) || !v)
		return 0;
	if (!json_object_is_type(v, (enum json_type)type))
		return bad(in, "not of the type that it must have:", key);
	*ret = v;
	return 0;
}

static const char *text_of(struct json_object *v)
{
	return v && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

/* Whole and from 0 on; json-c cuts what is too large to UINT64_MAX. */
static int number(const struct reading *in, struct json_object *o, const char *key, uint64_t *ret)
{
	struct json_object *v;
	int r = member(in, o, key, json_type_int, &v);

	if (r < 0 || !v)
		return r;
	if (json_object_get_int64(v) < 0)
		return bad(in, "negative number:", key);
	*ret = json_object_get_uint64(v);
	return 0;
}

static int read_action(const struct reading *in, struct json_object *o, const char *const key[2],
		       uint32_t *ret)
{
	uint64_t errnum = EPERM;
	struct json_object *v;
	int r = member(in, o, key[0], json_type_string, &v);

	if (r == 0)
		r = number(in, o, key[1], &errnum);
	if (r < 0)
		return r;
	if (!v)
		return bad(in, "profile without", key[0]);
	if (errnum > 4095)
		return bad(in, "errno over 4095:", key[1]);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, text_of(v)) != 0)
			continue;
		*ret = actions[i].action | (actions[i].has_errno ? (uint32_t)errnum : 0);
		return 0;
	}
	return bad(in, "unknown or unsupported action", text_of(v));
}

/* ---- includes, excludes ---- */

static bool kernel_is_older(const struct ociprofile_facts *facts, unsigned int major,
			    unsigned int minor)
{
	return facts->kernel_major < major ||
	       (facts->kernel_major == major && facts->kernel_minor < minor);
}

/* "MAJOR.MINOR" */
static int read_kernel(const struct reading *in, const char *text, bool *ret_older)
{
	autostrv struct strv parts = {0};
	int major, minor;

	if (strv_split(&parts, text, ".") < 0 || parts.n != 2 ||
	    num_int_in(parts.v[0], 0, 9999, &major) < 0 ||
	    num_int_in(parts.v[1], 0, 9999, &minor) < 0)
		return bad(in, "kernel version", text);
	*ret_older = kernel_is_older(in->facts, (unsigned int)major, (unsigned int)minor);
	return 0;
}

static bool has_cap(const struct ociprofile_facts *facts, const char *name)
{
	cap_value_t v;

	return cap_from_name(name, &v) == 0 && v < 64 && (facts->caps >> v & 1);
}

/* Docker's words for architectures are those of Go. */
static bool is_native(const char *word)
{
	static const struct {
		const char *word, *token;
	} words[] = {
	    {"amd64", "SCMP_ARCH_X86_64"},
	    {"x86", "SCMP_ARCH_X86"},
	    {"arm64", "SCMP_ARCH_AARCH64"},
	    {"arm", "SCMP_ARCH_ARM"},
	};
	struct sysabi abis[SYSABI_MAX];

	(void)sysabi_list(abis);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return sysabi_from_token(words[i].token) == abis[0].arch;
	return false;
}

/*
 * Does a list hold? Of `caps` each must (all) or one is enough (excludes); of `arches` always one.
 */
static int list_holds(const struct reading *in, struct json_object *o, const char *key, bool all,
		      bool *ret)
{
	bool caps = strcmp(key, "caps") == 0;
	struct json_object *v;
	size_t n, hits = 0;
	int r = member(in, o, key, json_type_array, &v);

	if (r < 0 || !v)
		return r;
	n = json_object_array_length(v);
	for (size_t i = 0; i < n; i++) {
		const char *word = text_of(json_object_array_get_idx(v, i));

		if (!word)
			return bad(in, "not a list of words:", key);
		hits += caps ? has_cap(in->facts, word) : is_native(word);
	}
	*ret = n == 0 ? all : (all && caps ? hits == n : hits > 0);
	return 0;
}

/* Do all of includes hold, and none of excludes? */
static int applies(const struct reading *in, struct json_object *rule, bool *ret)
{
	static const char *const sides[] = {"includes", "excludes"};
	bool yes = true;

	for (int side = 0; side < 2; side++) {
		bool caps = side == 0, arches = side == 0, older = false;
		struct json_object *o, *kernel;
		int r = member(in, rule, sides[side], json_type_object, &o);

		if (r < 0)
			return r;
		if (!o)
			continue;
		r = list_holds(in, o, "caps", side == 0, &caps);
		if (r == 0)
			r = list_holds(in, o, "arches", side == 0, &arches);
		if (r == 0)
			r = member(in, o, "minKernel", json_type_string, &kernel);
		if (r == 0 && kernel)
			r = read_kernel(in, text_of(kernel), &older);
		if (r < 0)
			return r;
		yes = yes && (side == 0 ? caps && arches && !older
					: !caps && !arches && !(kernel && !older));
	}
	*ret = yes;
	return 0;
}

/* ---- rules ---- */

static int read_cond(const struct reading *in, struct json_object *o, struct bpfprog_cond *ret)
{
	uint64_t index = UINT64_MAX, value = 0, second = 0;
	struct json_object *op;
	const char *name;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return bad(in, "not an object:", "args");
	r = member(in, o, "op", json_type_string, &op);
	if (r == 0)
		r = number(in, o, "index", &index);
	if (r == 0)
		r = number(in, o, "value", &value);
	if (r == 0)
		r = number(in, o, "valueTwo", &second);
	if (r < 0)
		return r;
	name = text_of(op);
	if (index >= BPFPROG_ARGS)
		return bad(in, "argument without index from 0 to 5, op", name);
	for (int i = 0; name && i < BPFPROG_OPS; i++) {
		if (strcmp(ops[i], name) != 0)
			continue;
		*ret = (struct bpfprog_cond){.arg = (unsigned int)index, .op = i, .value = value};
		if (i == BPFPROG_MASKED_EQ) {
			ret->mask = value;
			ret->value = second;
		}
		return 0;
	}
	return bad(in, "unknown comparison", name);
}

static int read_args(const struct reading *in, struct json_object *rule,
		     struct seccompfilter_rule *ret)
{
	struct json_object *v;
	int r = member(in, rule, "args", json_type_array, &v);
	size_t n = r == 0 && v ? json_object_array_length(v) : 0;

	if (n > BPFPROG_ARGS)
		return bad(in, "more than 6 of", "args");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_cond(in, json_object_array_get_idx(v, i), &ret->conds[i]);
	ret->n = n;
	return r;
}

/*
 * As libseccomp has it: the first verdict without conditions stays and beats every one with
 * them; a name that this libseccomp does not know is left out, the number is ENOSYS or the default.
 */
static int add_name(const struct reading *in, const char *name,
		    const struct seccompfilter_rule *rule)
{
	if (!name)
		return bad(in, "not a list of words:", "names");
	if (!sysabi_knows(name) || seccompfilter_has(in->f, name))
		return 0;
	if (rule->n > 0)
		return seccompfilter_when(in->f, name, rule);
	return seccompfilter_set(in->f, name, rule->action);
}

static int read_rule(const struct reading *in, struct json_object *o)
{
	static const char *const keys[2] = {"action", "errnoRet"};
	struct seccompfilter_rule rule = {0};
	struct json_object *names, *name;
	bool wanted = false;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return bad(in, "not an object:", "syscalls");
	r = member(in, o, "names", json_type_array, &names);
	if (r == 0)
		r = member(in, o, "name", json_type_string, &name);
	if (r == 0)
		r = read_action(in, o, keys, &rule.action);
	if (r == 0)
		r = read_args(in, o, &rule);
	if (r == 0)
		r = applies(in, o, &wanted);
	if (r < 0)
		return r;
	if (!names && !name)
		return bad(in, "rule without", "names");
	if (!wanted)
		return 0;
	r = name ? add_name(in, text_of(name), &rule) : 0;
	for (size_t i = 0; r == 0 && names && i < json_object_array_length(names); i++)
		r = add_name(in, text_of(json_object_array_get_idx(names, i)), &rule);
	return r;
}

/* ---- the profile ---- */

/* Is the word in the list one for the second ABI? Words must look like architectures. */
static int scan_arches(const struct reading *in, struct json_object *list, uint32_t second,
		       bool *ret_listed)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *word = text_of(json_object_array_get_idx(list, i));

		if (!word || !str_has_prefix(word, "SCMP_ARCH_", NULL))
			return bad(in, "unknown architecture", word);
		*ret_listed = *ret_listed || sysabi_from_token(word) == second;
	}
	return 0;
}

static int scan_map(const struct reading *in, struct json_object *map, const struct sysabi *abis,
		    bool *ret_listed)
{
	for (size_t i = 0; map && i < json_object_array_length(map); i++) {
		struct json_object *o = json_object_array_get_idx(map, i), *main, *subs;
		int r;

		if (!json_object_is_type(o, json_type_object))
			return bad(in, "not an object:", "archMap");
		r = member(in, o, "architecture", json_type_string, &main);
		if (r == 0)
			r = member(in, o, "subArchitectures", json_type_array, &subs);
		if (r == 0 && main && sysabi_from_token(text_of(main)) == abis[0].arch)
			r = scan_arches(in, subs, abis[1].arch, ret_listed);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_arches(const struct reading *in, struct json_object *top)
{
	struct json_object *list, *map;
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);
	bool listed = false;
	int r = member(in, top, "architectures", json_type_array, &list);

	if (r == 0)
		r = member(in, top, "archMap", json_type_array, &map);
	if (r < 0 || n < 2)
		return r;
	r = scan_arches(in, list, abis[1].arch, &listed);
	if (r == 0)
		r = scan_map(in, map, abis, &listed);
	if (r == 0 && !listed)
		seccompfilter_without(in->f, abis[1].arch);
	return r;
}

static int read_profile(struct reading *in, struct json_object *top)
{
	static const char *const keys[2] = {"defaultAction", "defaultErrnoRet"};
	struct json_object *rules;
	uint32_t known, unknown;
	int r;

	if (!json_object_is_type(top, json_type_object))
		return bad(in, "seccomp profile is", "no JSON object");
	r = read_action(in, top, keys, &known);
	if (r == 0)
		r = member(in, top, "syscalls", json_type_array, &rules);
	if (r < 0)
		return r;
	/* libraries fall back on ENOSYS when a call is newer than profile and libseccomp */
	unknown = (known & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
		      ? SECCOMP_RET_ERRNO | ENOSYS
		      : known;
	in->f = seccompfilter_new(known, unknown);
	if (!in->f)
		return -ENOMEM;
	r = read_arches(in, top);
	for (size_t i = 0; r == 0 && rules && i < json_object_array_length(rules); i++)
		r = read_rule(in, json_object_array_get_idx(rules, i));
	return r;
}

int ociprofile_parse(const char *text, const struct ociprofile_facts *facts,
		     struct seccompfilter **ret, struct ctr_error *err)
{
	struct reading in = {.facts = facts, .err = err};
	struct json_tokener *tok = json_tokener_new();
	struct json_object *top;
	int r;

	if (!tok)
		return err_sys(err, ENOMEM, "compile", "read the seccomp profile");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	/* with the final NUL, so that a number or a torn text at the end is told apart */
	top = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
	if (json_tokener_get_error(tok) != json_tokener_success)
		r = err_set(err, CTR_E_CONFIG, EINVAL, "compile",
			    "seccomp profile is no JSON: %s at byte %zu",
			    json_tokener_error_desc(json_tokener_get_error(tok)),
			    json_tokener_get_parse_end(tok));
	else
		r = read_profile(&in, top);
	json_object_put(top);
	json_tokener_free(tok);
	if (r == -ENOMEM)
		(void)err_sys(err, ENOMEM, "compile", "read the seccomp profile"); /* r says it */
	if (r < 0)
		seccompfilter_free(in.f);
	else
		*ret = in.f;
	return r;
}

int ociprofile_load(const char *path, const struct ociprofile_facts *facts,
		    struct seccompfilter **ret, struct ctr_error *err)
{
	autofree char *text = NULL;
	autofd int fd = -1;
	size_t len = 0;
	int r = path_open_trusted(path, S_IFREG, &fd, err);

	if (r == -ENOENT)
		return err_set(err, CTR_E_CONFIG, ENOENT, "compile",
			       "SeccompProfile=%s: no such file", path);
	if (r < 0)
		return r;
	r = fd_read_dup(fd, PROFILE_MAX, &text, &len);
	if (r < 0)
		return err_sys(err, r, "compile", "read SeccompProfile=%s", path);
	if (strlen(text) != len)
		return err_set(err, CTR_E_CONFIG, EINVAL, "compile",
			       "SeccompProfile=%s: has a NUL byte", path);
	r = ociprofile_parse(text, facts, ret, err);
	if (r < 0)
		err_prefix(err, "SeccompProfile=%s", path);
	return r;
}

void ociprofile_facts(uint64_t caps, struct ociprofile_facts *ret)
{
	autostrv struct strv parts = {0};
	struct utsname u;
	int major = 0, minor = 0;

	/* "6.1.0-9-amd64"; what can not be read is an old kernel, which gets the fewer calls */
	if (uname(&u) == 0 && strv_split(&parts, u.release, ".-+_") == 0 && parts.n >= 2 &&
	    num_int_in(parts.v[0], 0, 9999, &major) == 0)
		(void)!num_int_in(parts.v[1], 0, 9999, &minor); /* then 0 */
	*ret = (struct ociprofile_facts){
	    .caps = caps, .kernel_major = (unsigned int)major, .kernel_minor = (unsigned int)minor};
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fit.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "cleanup.h"
#include "str.h"

enum { KERNEL_PARTS = 2, CRIU_PARTS = 4 };

/* ---- versions ---- */

static unsigned long next_number(const char **s)
{
	unsigned long n = 0;

	for (; **s >= '0' && **s <= '9' && n < 1000000; (*s)++)
		n = n * 10 + (unsigned long)(**s - '0');
	*s = **s == '.' ? *s + 1 : "";
	return n;
}

int fit_compare_versions(const char *a, const char *b, unsigned int parts)
{
	for (; parts > 0; parts--) {
		unsigned long x = next_number(&a), y = next_number(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* ---- instruction sets ---- */

/* What CPUs of x86 can do for a process, in the kernel's words (asm/cpufeatures.h of 6.12) */
static const char *const x86_words[] = {
    "3dnow*",	 "adx",	      "aes",	    "amx*",   "apx*",	    "avx*",	 "bmi[12]",
    "cldemote",	 "clfl*",     "clwb",	    "clzero", "cmov",	    "cmpccxadd", "cx8",
    "cx16",	 "erms",      "f16c",	    "fma*",   "fpu",	    "fsgsbase",	 "fsrm",
    "fxsr*",	 "gfni",      "hle",	    "ibt",    "lahf_lm",    "mmx*",	 "monitorx",
    "movbe",	 "movdir*",   "mwaitx",	    "ospke",  "pclmulqdq",  "pku",	 "pni",
    "popcnt",	 "prefetch*", "rdpid",	    "rdrand", "rdseed",	    "rdtscp",	 "rtm",
    "serialize", "sha*",      "sm[34]",	    "sse*",   "ssse3",	    "syscall",	 "tbm",
    "tsc",	 "tsxldtrk",  "user_shstk", "vaes",   "vpclmulqdq", "waitpkg",	 "wbnoinvd",
    "xgetbv1",	 "xop",	      "xsave*",	    "abm",    "enqcmd",	    "lkgs"};

static bool counts(const char *arch, const char *word)
{
	if (strcmp(arch, "x86_64") != 0 && strcmp(arch, "i686") != 0)
		return true; /* elsewhere the kernel lists these only */
	for (size_t i = 0; i < ARRAY_SIZE(x86_words); i++)
		if (fnmatch(x86_words[i], word, 0) == 0)
			return true;
	return false;
}

/* Words of the one that the other lacks; one line for all. */
static int check_flags(const struct hostfacts *there, const struct hostfacts *here,
		       struct strv *ret)
{
	autostrv struct strv need = {0}, have = {0};
	autofree char *lacks = strdup("");
	autofree char *line = NULL;
	int r = lacks ? 0 : -ENOMEM;

	if (!*here->flags)
		return r;
	if (r == 0)
		r = strv_split(&need, there->flags, " ");
	if (r == 0)
		r = strv_split(&have, here->flags, " ");
	for (size_t i = 0; r == 0 && i < need.n; i++) {
		char *more;

		if (!counts(there->arch, need.v[i]) || strv_has(&have, need.v[i]))
			continue;
		more = str_dup_format("%s %s", lacks, need.v[i]);
		r = more ? 0 : -ENOMEM;
		if (more) {
			free(lacks);
			lacks = more;
		}
	}
	if (r < 0 || !*lacks)
		return r;
	line = str_dup_format("CPU: lacks%s", lacks);
	return line ? strv_add(ret, line) : -ENOMEM;
}

/* ---- the rest ---- */

enum { EQUAL, SILENT, AT_LEAST };

static const struct {
	const char *what;
	size_t offset;
	int how; /* SILENT: equal, but the texts tell people nothing */
	unsigned int parts;
} rows[] = {
#define ROW(what, member) what, offsetof(struct manifest, member)
    {ROW("container", id), EQUAL, 0},
    {ROW("user", user), EQUAL, 0},
    {ROW("definition", definition), EQUAL, 0},
    {ROW("definition: not the text that it was made of", definition_digest), SILENT, 0},
    {ROW("architecture", host.arch), EQUAL, 0},
    {ROW("CPU vendor", host.vendor), EQUAL, 0},
    {ROW("kernel", host.kernel), AT_LEAST, KERNEL_PARTS},
    {ROW("criu", criu), AT_LEAST, CRIU_PARTS},
    {ROW("container-init: another build of it", init_digest), SILENT, 0},
    {ROW("container-attach: another build of it", attach_digest), SILENT, 0},
};

static int check_row(size_t i, const char *there, const char *here, struct strv *ret)
{
	bool fits = rows[i].how == AT_LEAST ? fit_compare_versions(here, there, rows[i].parts) >= 0
					    : strcmp(here, there) == 0;
	autofree char *line = NULL;

	if (fits || !*here)
		return 0;
	if (rows[i].how == SILENT)
		return strv_add(ret, rows[i].what);
	line = str_dup_format("%s: %s here, needs %s%s", rows[i].what, here,
			      *there ? there : "none", rows[i].how == AT_LEAST ? " or later" : "");
	return line ? strv_add(ret, line) : -ENOMEM;
}

int fit_check(const struct manifest *m, const struct manifest *here, struct strv *ret)
{
	autostrv struct strv lines = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		r = check_row(i, (const char *)m + rows[i].offset,
			      (const char *)here + rows[i].offset, &lines);
	if (r == 0 && *here->user && here->uid != m->uid) {
		autofree char *line = str_dup_format("uid: %u here, needs %u", here->uid, m->uid);

		r = line ? strv_add(&lines, line) : -ENOMEM;
	}
	if (r == 0)
		r = check_flags(&m->host, &here->host, &lines);
	if (r < 0)
		return r;
	strv_done(ret);
	*ret = lines;
	lines = (struct strv){0};
	return 0;
}

int fit_require(const struct manifest *m, const struct manifest *here, struct ctr_error *err)
{
	autostrv struct strv lines = {0};
	autofree char *all = NULL;
	int r = fit_check(m, here, &lines);

	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		char *more = str_dup_format("%s%s%s", all ? all : "", all ? "; " : "", lines.v[i]);

		r = more ? 0 : -ENOMEM;
		free(all);
		all = more;
	}
	if (r < 0)
		return err_sys(err, r, "manifest", "compare a checkpoint with this machine");
	return lines.n == 0
		   ? 0
		   : err_set(err, CTR_E_MISFIT, ENOTSUP, "manifest",
			     "the checkpoint of container %s does not fit: %s", m->id, all);
}

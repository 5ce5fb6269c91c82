/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "ociprofile.h"
#include "simulate.h"
#include "str.h"
#include "sysabi.h"

enum { MAX = 4096 };

/* Quotes are written as ' in the tables below. */
static char *json(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static const struct ociprofile_facts facts = {
    .caps = 1 << CAP_SYS_CHROOT | 1 << CAP_KILL, .kernel_major = 5, .kernel_minor = 10};

static uint32_t verdict(const char *text, uint32_t arch, int nr, uint64_t arg)
{
	static struct sock_filter program[MAX];
	struct seccomp_data d = {.arch = arch, .nr = nr, .args = {arg, arg, arg, arg, arg, arg}};
	autofilter struct seccompfilter *f = NULL;
	autofree char *copy = json(text);
	struct ctr_error err = {0};
	int n;

	if (ociprofile_parse(copy, &facts, &f, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	n = seccompfilter_emit(f, program, MAX, NULL);
	assert_true(n > 0);
	return simulate(program, (size_t)n, &d);
}

#define DENY	   "'defaultAction':'SCMP_ACT_ERRNO'"
#define RULE(more) "{" DENY ",'syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW'" more "}]}"
#define ERR(e)	   (SECCOMP_RET_ERRNO | (e))

static const struct {
	const char *text;
	const char *name;
	uint64_t arg;
	uint32_t want;
} profiles[] = {
    {"{" DENY "}", "read", 0, ERR(EPERM)},
    {"{" DENY ",'defaultErrnoRet':38}", "read", 0, ERR(ENOSYS)},
    {"{'defaultAction':'SCMP_ACT_KILL'}", "read", 0, SECCOMP_RET_KILL_THREAD},
    {"{'defaultAction':'SCMP_ACT_KILL_PROCESS'}", "read", 0, SECCOMP_RET_KILL_PROCESS},
    {"{'defaultAction':'SCMP_ACT_LOG'}", "read", 0, SECCOMP_RET_LOG},
    {"{'defaultAction':'SCMP_ACT_TRAP'}", "read", 0, SECCOMP_RET_TRAP},
    {"{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':7}", "read", 0, SECCOMP_RET_TRACE | 7},
    {RULE(""), "read", 0, SECCOMP_RET_ALLOW},
    {RULE(""), "write", 0, ERR(EPERM)},
    {RULE(",'errnoRet':null,'args':null,'includes':{}"), "read", 0, SECCOMP_RET_ALLOW},
    {"{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'name':'read','action':"
     "'SCMP_ACT_ERRNO','errnoRet':13}]}",
     "read", 0, ERR(EACCES)},
    /* the first without conditions stays; it beats those with them */
    {"{" DENY ",'syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW'},"
     "{'names':['read'],'action':'SCMP_ACT_KILL'}]}",
     "read", 0, SECCOMP_RET_ALLOW},
    {"{" DENY ",'syscalls':[{'names':['read'],'action':'SCMP_ACT_KILL','args':[{'index':0,"
     "'value':0,'op':'SCMP_CMP_EQ'}]},{'names':['read'],'action':'SCMP_ACT_ALLOW'}]}",
     "read", 0, SECCOMP_RET_ALLOW},
    /* a name that no libseccomp has */
    {"{" DENY ",'syscalls':[{'names':['nonsense','read'],'action':'SCMP_ACT_ALLOW'}]}", "read", 0,
     SECCOMP_RET_ALLOW},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_EQ'}]"), "read", 5, SECCOMP_RET_ALLOW},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_EQ'}]"), "read", 6, ERR(EPERM)},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_NE'}]"), "read", 6, SECCOMP_RET_ALLOW},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_GT'}]"), "read", 5, ERR(EPERM)},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_GE'}]"), "read", 5, SECCOMP_RET_ALLOW},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_LT'}]"), "read", 5, ERR(EPERM)},
    {RULE(",'args':[{'index':1,'value':5,'op':'SCMP_CMP_LE'}]"), "read", 5, SECCOMP_RET_ALLOW},
    {RULE(",'args':[{'index':0,'value':2114060288,'valueTwo':0,'op':'SCMP_CMP_MASKED_EQ'}]"),
     "read", 17, SECCOMP_RET_ALLOW},
    {RULE(",'args':[{'index':0,'value':2114060288,'valueTwo':0,'op':'SCMP_CMP_MASKED_EQ'}]"),
     "read", 0x10000011, ERR(EPERM)},
    {RULE(",'args':[{'index':0,'value':18446744073709551615,'op':'SCMP_CMP_EQ'}]"), "read",
     UINT64_MAX, SECCOMP_RET_ALLOW},
};

static void reads_profiles(void **state)
{

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		uint32_t got =
		    verdict(profiles[i].text, seccomp_arch_native(),
			    seccomp_syscall_resolve_name(profiles[i].name), profiles[i].arg);

		if (got != profiles[i].want)
			fail_msg("row %zu: %#x, not %#x", i, got, profiles[i].want);
	}
}

static void decides_by_includes_and_excludes(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
	    {RULE(",'includes':{'caps':['CAP_SYS_CHROOT']}"), true},
	    {RULE(",'includes':{'caps':['CAP_SYS_CHROOT','CAP_KILL']}"), true},
	    {RULE(",'includes':{'caps':['CAP_SYS_CHROOT','CAP_SYS_ADMIN']}"), false},
	    {RULE(",'includes':{'caps':['CAP_NOT_YET']}"), false},
	    {RULE(",'includes':{'caps':[]}"), true},
	    {RULE(",'excludes':{'caps':['CAP_SYS_CHROOT']}"), false},
	    {RULE(",'excludes':{'caps':['CAP_SYS_ADMIN','CAP_KILL']}"), false},
	    {RULE(",'excludes':{'caps':['CAP_SYS_ADMIN']}"), true},
	    {RULE(",'excludes':{'caps':[]}"), true},
	    {RULE(",'includes':{'minKernel':'4.8'}"), true},
	    {RULE(",'includes':{'minKernel':'5.10'}"), true},
	    {RULE(",'includes':{'minKernel':'5.11'}"), false},
	    {RULE(",'includes':{'minKernel':'6.0'}"), false},
	    {RULE(",'excludes':{'minKernel':'4.8'}"), false},
	    {RULE(",'excludes':{'minKernel':'6.0'}"), true},
	    {RULE(",'includes':{'arches':['mips']}"), false},
	    {RULE(",'includes':{'arches':['mips','amd64','arm64']}"), true},
	    {RULE(",'excludes':{'arches':['mips']}"), true},
	    {RULE(",'excludes':{'arches':['amd64','arm64']}"), false},
	    {RULE(",'includes':{'minKernel':'4.8'},'excludes':{'caps':['CAP_KILL']}"), false},
	};
	int nr = seccomp_syscall_resolve_name("read");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t got = verdict(rows[i].text, seccomp_arch_native(), nr, 0);

		if (got != (rows[i].want ? SECCOMP_RET_ALLOW : ERR(EPERM)))
			fail_msg("row %zu: %#x", i, got);
	}
}

#define ARCHES(more) "{" DENY ",'syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW'}]" more "}"

/* The second ABI is open only where the profile names it; x32 never is. */
static void opens_the_abis_that_are_named(void **state)
{
	static const struct {
		const char *text;
		bool second;
	} rows[] = {
	    {ARCHES(""), false},
	    {ARCHES(",'architectures':['SCMP_ARCH_X86_64']"), false},
	    {ARCHES(",'architectures':['SCMP_ARCH_X86_64','SCMP_ARCH_X86','SCMP_ARCH_ARM']"), true},
	    {ARCHES(",'archMap':[{'architecture':'SCMP_ARCH_S390X','subArchitectures':"
		    "['SCMP_ARCH_X86','SCMP_ARCH_ARM']}]"),
	     false},
	    {ARCHES(",'archMap':[{'architecture':'SCMP_ARCH_X86_64','subArchitectures':"
		    "['SCMP_ARCH_X86','SCMP_ARCH_X32']},{'architecture':'SCMP_ARCH_AARCH64',"
		    "'subArchitectures':['SCMP_ARCH_ARM']}]"),
	     true},
	};
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);
	int nr = n == 2 ? seccomp_syscall_resolve_name_arch(abis[1].arch, "read") : 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) && n == 2; i++) {
		uint32_t want = rows[i].second ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;

		assert_int_equal(verdict(rows[i].text, abis[1].arch, nr, 0), want);
		assert_int_equal(verdict(rows[i].text, abis[0].arch, 0x40000000, 0), ERR(ENOSYS));
	}
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"", "no JSON"},
	    {"{" DENY, "no JSON"},
	    {"{" DENY "} x", "no JSON"},
	    {"{" DENY ",}", "no JSON"},
	    {"[]", "no JSON object"},
	    {"3", "no JSON object"},
	    {"null", "no JSON object"},
	    {"{}", "defaultAction"},
	    {"{'defaultAction':'SCMP_ACT_ALOW'}", "SCMP_ACT_ALOW"},
	    {"{'defaultAction':'SCMP_ACT_NOTIFY'}", "SCMP_ACT_NOTIFY"},
	    {"{'defaultAction':3}", "defaultAction"},
	    {"{" DENY ",'defaultErrnoRet':5000}", "4095"},
	    {"{" DENY ",'defaultErrnoRet':-1}", "negative"},
	    {"{" DENY ",'defaultErrnoRet':'EPERM'}", "defaultErrnoRet"},
	    {"{" DENY ",'syscalls':{}}", "syscalls"},
	    {"{" DENY ",'syscalls':[3]}", "syscalls"},
	    {"{" DENY ",'syscalls':[{'action':'SCMP_ACT_ALLOW'}]}", "names"},
	    {"{" DENY ",'syscalls':[{'names':['read']}]}", "action"},
	    {"{" DENY ",'syscalls':[{'names':'read','action':'SCMP_ACT_ALLOW'}]}", "names"},
	    {"{" DENY ",'syscalls':[{'names':[3],'action':'SCMP_ACT_ALLOW'}]}", "names"},
	    {"{" DENY ",'syscalls':[{'names':['read'],'action':'ALLOW'}]}", "ALLOW"},
	    {RULE(",'args':{}"), "args"},
	    {RULE(",'args':[3]"), "args"},
	    {RULE(",'args':[{'index':6,'value':1,'op':'SCMP_CMP_EQ'}]"), "index"},
	    {RULE(",'args':[{'value':1,'op':'SCMP_CMP_EQ'}]"), "index"},
	    {RULE(",'args':[{'index':0,'value':1,'op':'EQ'}]"), "'EQ'"},
	    {RULE(",'args':[{'index':0,'value':1}]"), "comparison"},
	    {RULE(",'args':[{'index':0,'value':-1,'op':'SCMP_CMP_EQ'}]"), "negative"},
	    {RULE(",'args':[{'index':0,'value':1.5,'op':'SCMP_CMP_EQ'}]"), "value"},
	    {RULE(",'args':[{},{},{},{},{},{},{}]"), "more than 6"},
	    {RULE(",'includes':{'caps':'CAP_KILL'}"), "caps"},
	    {RULE(",'includes':{'caps':[1]}"), "caps"},
	    {RULE(",'includes':{'minKernel':'five'}"), "five"},
	    {RULE(",'includes':{'minKernel':5.1}"), "minKernel"},
	    {RULE(",'excludes':[]"), "excludes"},
	    {ARCHES(",'architectures':['x86_64']"), "x86_64"},
	    {ARCHES(",'archMap':['SCMP_ARCH_X86']"), "archMap"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccompfilter *f = NULL;
		autofree char *text = json(rows[i].text);
		struct ctr_error err = {0};

		if (ociprofile_parse(text, &facts, &f, &err) != -EINVAL)
			fail_msg("row %zu is taken", i);
		assert_int_equal(err.code, CTR_E_CONFIG);
		assert_null(f);
		if (!strstr(err.text, rows[i].why))
			fail_msg("row %zu: %s", i, err.text);
	}
}

static void write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* A folder that root alone can write, gone at the end whatever happens. */
static int make_folder(void **state)
{
	static const char name[] = "/run/pam_container-test-XXXXXX";

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	*state = strdup(name);
	return *state && mkdtemp(*state) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	if (!*state)
		return 0;
	if (str_format(path, sizeof(path), "%s/p.json", (char *)*state) == 0)
		(void)unlink(path); /* absent when the test ended before it */
	if (rmdir(*state) < 0)
		return -1;
	free(*state);
	return 0;
}

/* MUST-8: the file is root's, and nobody else can write it. */
static void loads_trusted_files_alone(void **state)
{
	static const char good[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}";
	const char *dir = *state;
	char path[64];
	struct seccompfilter *f = NULL;
	struct ctr_error err = {0};

	assert_int_equal(ociprofile_load("/nowhere/x.json", &facts, &f, &err), -ENOENT);
	assert_int_equal(err.code, CTR_E_CONFIG);
	assert_non_null(strstr(err.text, "/nowhere/x.json"));
	if (!dir)
		skip();
	assert_int_equal(str_format(path, sizeof(path), "%s/p.json", dir), 0);
	write_file(path, good, sizeof(good) - 1, 0644);
	assert_int_equal(ociprofile_load(path, &facts, &f, NULL), 0);
	seccompfilter_free(take_ptr(f));
	write_file(path, good, sizeof(good), 0644); /* with a NUL */
	assert_int_equal(ociprofile_load(path, &facts, &f, &err), -EINVAL);
	write_file(path, good, sizeof(good) - 4, 0644); /* torn */
	assert_int_equal(ociprofile_load(path, &facts, &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, path));
	write_file(path, good, sizeof(good) - 1, 0666);
	assert_int_equal(ociprofile_load(path, &facts, &f, &err), -EPERM);
	assert_int_equal(err.code, CTR_E_CONFIG);
	assert_int_equal(truncate(path, 2 << 20), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(ociprofile_load(path, &facts, &f, &err), -EFBIG);
	assert_int_equal(ociprofile_load(dir, &facts, &f, &err), -EPERM);
	assert_null(f);
}

static void reads_this_machine_s_kernel(void **state)
{
	struct ociprofile_facts f;

	(void)state;
	ociprofile_facts(5, &f);
	assert_true(f.caps == 5);
	assert_in_range(f.kernel_major, 4, 99);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_profiles),
	    cmocka_unit_test(decides_by_includes_and_excludes),
	    cmocka_unit_test(opens_the_abis_that_are_named),
	    cmocka_unit_test(refuses_what_it_does_not_understand),
	    cmocka_unit_test_setup_teardown(loads_trusted_files_alone, make_folder, remove_folder),
	    cmocka_unit_test(reads_this_machine_s_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

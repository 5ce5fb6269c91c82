/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

#include "str.h"
#include "sysabi.h"
#include "sysgroups.h"

/* Calls that libseccomp of Debian 12 or 13 has no name for: new ones, or other machines'. */
static const char *const newer[] = {
    "file_getattr",	 "file_setattr",     "getxattrat",	 "listmount",  "listxattrat",
    "lsm_get_self_attr", "lsm_list_modules", "map_shadow_stack", "mseal",      "open_tree_attr",
    "removexattrat",	 "riscv_hwprobe",    "setxattrat",	 "statmount",  "uprobe",
    "uretprobe",	 "futex_requeue",    "futex_wait",	 "futex_wake", "fchmodat2",
    "cachestat"};

static int check_name(void *arg, const char *name, bool allow)
{
	size_t *n = arg;

	(void)allow;
	(*n)++;
	if (strcmp(name, "@known") == 0 || sysabi_knows(name))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if (strcmp(newer[i], name) == 0)
			return 0;
	fprintf(stderr, "nobody knows %s\n", name);
	return -ENOENT;
}

static void names_calls_that_exist(void **state)
{
	const char *name;
	size_t n = 0, groups = 0;

	(void)state;
	for (; sysgroups_words(groups, &name); groups++)
		assert_int_equal(sysgroups_expand(name, check_name, &n), 0);
	assert_true(groups >= 30);
	assert_true(n > 1000);
	/* and the check sees one that does not */
	assert_int_equal(sysgroups_expand("reed", check_name, &n), -ENOENT);
	assert_int_equal(sysgroups_expand("@nothing", check_name, &n), -EINVAL);
}

/* struct told - what was said of one name last; -1: nothing */
struct told {
	const char *name;
	int allow;
};

static int remember(void *arg, const char *name, bool allow)
{
	struct told *t = arg;

	if (strcmp(name, t->name) == 0)
		t->allow = allow;
	return 0;
}

static void expands_words(void **state)
{
	static const struct {
		const char *word, *name;
		int want;
	} rows[] = {
	    {"read", "read", 1},
	    {"~read", "read", 0},
	    {"read", "write", -1},
	    {"@basic-io", "read", 1},
	    {"~@basic-io", "read", 0},
	    {"@system-service", "read", 1},
	    {"@system-service", "execve", 1},
	    {"@system-service", "mount", -1},
	    {"@login", "@known", 1},
	    {"@login", "mount", 0},
	    {"@login", "iopl", 0},
	    {"@login", "read", -1},
	    {"~@login", "@known", 0},
	    {"~@login", "mount", -1},
	    {"@known", "@known", 1},
	    {"@enter", "setresuid", 1},
	    {"@enter", "execve", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct told t = {rows[i].name, -1};

		assert_int_equal(sysgroups_expand(rows[i].word, remember, &t), 0);
		assert_int_equal(t.allow, rows[i].want);
	}
}

static void says_what_was_meant(void **state)
{
	static const struct {
		const char *word, *near;
	} rows[] = {
	    {"raed", "'read'"},
	    {"moutn", "'mount'"},
	    {"@system-servise", "'@system-service'"},
	    {"@lgin", "'@login'"},
	    {"", "bad system call ''"},
	    {"@", "bad group"},
	    {"socketcal", "'socketcall'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};

		assert_int_equal(sysgroups_check(rows[i].word, &err), -EINVAL);
		assert_int_equal(err.code, CTR_E_CONFIG);
		assert_non_null(strstr(err.text, rows[i].near));
	}
	assert_int_equal(sysgroups_check("read", NULL), 0);
	assert_int_equal(sysgroups_check("socketcall", NULL), 0);
	assert_int_equal(sysgroups_check("@known", NULL), 0);
	assert_int_equal(sysgroups_check("@login", NULL), 0);
}

/* Numbers above SYSABI_NUMBERS are taken as unknown: there must be none, on any ABI. */
static void sees_every_number(void **state)
{
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);
	char name[SYSABI_NAME_MAX];

	(void)state;
	assert_int_equal(abis[0].arch, seccomp_arch_native());
	for (size_t i = 0; i < n; i++) {
		int last = 0;

		for (int nr = 0; nr < 0x1000; nr++)
			if (sysabi_name(&abis[i], nr, name))
				last = nr;
		assert_in_range(last, 440, SYSABI_NUMBERS - 1);
	}
	assert_int_equal(sysabi_from_token("SCMP_ARCH_X32"), 0);
	assert_int_equal(sysabi_from_token("SCMP_ARCH_S390X"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_calls_that_exist),
	    cmocka_unit_test(expands_words),
	    cmocka_unit_test(says_what_was_meant),
	    cmocka_unit_test(sees_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

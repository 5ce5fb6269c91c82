/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "load.h"
#include "verdict.h"

static const struct load_who alice = {"alice",	   "students", "/home/alice", "alice-1",
				      "/bin/bash", 1000,       1000};

/* Text of a definition and what the error says; NULL: it is good. */
static const struct {
	const char *text, *error;
} texts[] = {
    {"", NULL},
    {"[Exec]\nHostname=lab-%u\n", NULL},
    {"[Resources]\nMemoryMx=1G\n", "t:2: error: unknown key 'MemoryMx' in [Resources]; did you "
				   "mean 'MemoryMax'?"},
    {"[Resource]\n", "t:1: error: bad section 'Resource'; did you mean 'Resources'?"},
    {"[Exec]\nMemoryMax=1G\n", "t:2: error: key 'MemoryMax' belongs to [Resources], not [Exec]"},
    {"[Files]\nProtectProc=none\n", "t:2: error: ProtectProc: bad value 'none'; it takes one of: "
				    "default, noaccess, invisible, ptraceable"},
    {"[Files]\nPrivateTmp=maybe\n", "t:2: error: PrivateTmp: bad yes or no 'maybe'"},
    {"[Files]\nVolatile=overlai\n", "t:2: error: Volatile: bad value 'overlai'; did you mean "
				    "'overlay'?"},
    {"[Exec]\nAmbientCapabilities=CAP_NET_RAV\n",
     "t:2: error: AmbientCapabilities: bad capability 'CAP_NET_RAV'; did you mean 'cap_net_raw'?"},
    {"X=1\n", "t:1: error: setting before the first [Section]"},
    {"[Exec\nNice=1\n", "t:1: error: bad section header, want [Section]"},
    {"[Exec]\nNice=1 ; why\n", "t:2: error: comments go on a line of their own; ' ;' would cut the "
			       "value here"},
    {"[Exec]\nNice: 1\n", "t:2: error: neither [Section] nor Key=value"},
    {"[Exec]\n Nice=1\n", "t:2: error: indented line continues no key"},
    {"[Exec]\nNice=1\n 2\n", "t:3: error: Nice is no list: one line only"},
    {"[Exec]\nNice=1\r\n", "t:2: error: line ends in CR; convert the file to Unix line ends"},
    {"[Container]\nExtends=x\n", "t:2: error: Extends= works in files only"},
    {"[X-Mine]\nFoo=1\n[Exec]\nX-Foo=1\n", NULL},
    {"[Files]\nBind=/%q\n", "t:2: error: unknown specifier '%q'; write %% for a percent sign"},
    {"[Resources]\nCgroup=inherit\nMemoryMax=1G\n",
     "limits of [Resources] cannot be set with Cgroup=inherit"},
};

static void reads_definition_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct ctr_error err = {0};
		struct spec *s = NULL;
		int r = load_definition_text("t", texts[i].text, &alice, &s, &err);

		assert_string_equal(err.text, texts[i].error ? texts[i].error : "");
		assert_true(texts[i].error ? r < 0 && !s : r == 0 && s);
		spec_free(s);
	}
}

/* MUST-1, threat A6: su must not load what users inside have written. */
static void knows_whose_the_code_is(void **state)
{
	static const struct {
		const char *text;
		bool theirs;
	} t[] = {
	    {"", false},
	    {"[Exec]\nNoNewPrivileges=no\n", false},
	    {"[Files]\nRootDirectory=/srv/image\nVolatile=overlay\n", false},
	    {"[Exec]\nNoNewPrivileges=no\n[Files]\nRootDirectory=/srv/image\n", true},
	    {"[Exec]\nNoNewPrivileges=no\n[Files]\nRootDirectory=/srv/image\nReadOnly=yes\n",
	     false},
	    {"[Exec]\nNoNewPrivileges=no\n[Files]\nRootDirectory=/srv/image\nVolatile=state\n",
	     false},
	    {"[Exec]\nNoNewPrivileges=no\n[Files]\nVolatile=overlay\n", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct spec *s = NULL;

		assert_int_equal(load_definition_text("t", t[i].text, &alice, &s, NULL), 0);
		assert_int_equal(verdict_code_is_theirs(s), t[i].theirs);
		spec_free(s);
	}
}

static void has_safe_defaults(void **state)
{
	struct spec *s = spec_new();

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->namespaces, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
					    CLONE_NEWCGROUP);
	assert_true(s->no_new_privileges && s->private_tmp && s->cap_bounding.set);
	assert_int_equal(__builtin_popcountll(s->cap_bounding.mask), 14);
	assert_int_equal(s->protect_proc, SPEC_PROC_INVISIBLE);
	assert_int_equal(s->timeout_stop, 2000000);
	assert_true(s->linger == 0 && s->memory_max == SPEC_UNSET && s->io_weight == SPEC_UNSET);
	assert_int_equal(s->syscall_errno, EPERM);
	assert_int_equal(s->syscall_filter.n, 1);
	assert_string_equal(s->syscall_filter.v[0], "@login");
	spec_free(s);
}

static void text_makes_the_same_spec(void **state)
{
	static const char text[] =
	    "[Exec]\nHostname=lab-%u\nCapabilityBoundingSet=CAP_KILL\n"
	    "CapabilityBoundingSet=~CAP_KILL\nEnvironment=A=50%%\nLimitNOFILE=10:20\n"
	    "[Files]\nBind=%h\n /opt\nInaccessible=/a\nInaccessible=\nInaccessible=-/b\n"
	    "[Network]\nPrivate=loopback\n[Resources]\nCPUQuota=50%\nCPUQuotaPeriodSec=50ms\n"
	    "CPURealtimeRuntimeSec=5ms\nCPURealtimePeriodSec=70ms\n";
	struct spec *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(load_definition_text("t", text, &alice, &a, NULL), 0);
	assert_string_equal(a->hostname, "lab-alice");
	assert_string_equal(a->environment.v[0], "A=50%");
	assert_int_equal(a->bind.n, 2);
	assert_string_equal(a->bind.v[0], "/home/alice");
	assert_true(a->cap_bounding.set && a->cap_bounding.mask == 0);
	assert_int_equal(a->rlimits[RLIMIT_NOFILE].lim.rlim_max, 20);
	assert_int_equal(a->inaccessible.n, 1);
	assert_true(a->namespaces & CLONE_NEWNET);
	assert_int_equal(load_definition_text("t", spec_text(a), &alice, &b, NULL), 0);
	assert_string_equal(spec_text(a), spec_text(b));
	assert_string_equal(a->bind.v[1], b->bind.v[1]);
	assert_string_equal(a->environment.v[0], b->environment.v[0]);
	/* libcontainer had one JSON name for two of these each, and lost all four */
	assert_int_equal(b->cpu_quota, 50);
	assert_int_equal(b->cpu_period, 50000);
	assert_int_equal(b->cpu_rt_runtime, 5000);
	assert_int_equal(b->cpu_rt_period, 70000);
	spec_free(a);
	spec_free(b);
}

/* MUST-5, MUST-7: what a user is called is no way out. */
static void refuses_unfit_names(void **state)
{
	static const char *const names[] = {"../x", "a/b", "a:b", "a b", ".."};
	struct load_who who = alice;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct spec *s = NULL;

		who.user = names[i];
		assert_int_equal(
		    load_definition_text("t", "[Files]\nBind=/data/%u\n", &who, &s, NULL), -EINVAL);
		assert_null(s);
	}
}

static void survives_random_bytes(void **state)
{
	static const char bits[] = "[]=:;#%~!@ \t\n\n\nExecFilesBind=/a,KMG0192\\\"\xff\r";
	unsigned int seed = 1;
	char text[400];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = (size_t)rand_r(&seed) % (sizeof(text) - 1);
		struct spec *s = NULL;

		for (size_t k = 0; k < n; k++)
			text[k] = bits[(size_t)rand_r(&seed) % (sizeof(bits) - 1)];
		text[n] = '\0';
		if (load_definition_text("t", text, &alice, &s, NULL) == 0)
			spec_free(s);
		else
			assert_null(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_definition_texts),  cmocka_unit_test(has_safe_defaults),
	    cmocka_unit_test(knows_whose_the_code_is), cmocka_unit_test(text_makes_the_same_spec),
	    cmocka_unit_test(refuses_unfit_names),     cmocka_unit_test(survives_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

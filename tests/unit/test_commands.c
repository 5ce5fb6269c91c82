/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "confkind.h"
#include "execplan.h"
#include "explain.h"
#include "image.h"
#include "problem.h"
#include "sample.h"
#include "signals.h"
#include "watch.h"
#include "which.h"

/* The small decisions of the verbs. */

static void exit_code_of_a_decision(void **state)
{
	static const struct {
		int verdict;
		bool permissive;
		int code;
		const char *word;
	} t[] = {
	    {MATCH_CONTAIN, false, 0, "contained"}, {MATCH_HOST, false, 3, "host"},
	    {MATCH_DENY, false, 4, "denied"},	    {MATCH_CONTAIN, true, 3, "host"},
	    {MATCH_DENY, true, 3, "host"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct match_decision d = {.verdict = t[i].verdict,
						 .permissive = t[i].permissive};

		assert_int_equal(which_exit(&d), t[i].code);
		assert_string_equal(which_word(&d), t[i].word);
	}
}

static void explains_with_a_next_step(void **state)
{
	static const struct {
		int code, errnum, root;
		enum ctr_status status;
		const char *near, *text;
	} t[] = {
	    {CTR_E_NOT_RUNNING, ESRCH, 1, CTR_STOPPED, NULL,
	     "c-1: not running (state: stopped); try 'containerctl terminate c-1' to remove what "
	     "is left of it"},
	    {CTR_E_PAUSED, EBUSY, 1, CTR_PAUSED, NULL,
	     "c-1: not possible now (state: paused); try 'containerctl resume c-1'"},
	    {CTR_E_NOT_PAUSED, EINVAL, 1, CTR_RUNNING, NULL,
	     "c-1: not paused (state: running); there is nothing to resume"},
	    {CTR_E_NOT_FOUND, ENOENT, 1, CTR_STOPPED, "c-2",
	     "c-1: no such container; try 'containerctl list --all'; did you mean 'c-2'?"},
	    {CTR_E_STATE, EBADMSG, 1, CTR_STOPPED, NULL, "c-1: text 100%; try 'containerctl gc'"},
	    {CTR_E_SYSTEM, EIO, 1, CTR_RUNNING, NULL, "c-1: text 100%"},
	    {CTR_E_SYSTEM, EPERM, 0, CTR_RUNNING, NULL, "c-1: text 100%; run it as root"},
	    {CTR_E_SYSTEM, EPERM, 1, CTR_RUNNING, NULL, "c-1: text 100%"},
	};
	char text[EXPLAIN_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct ctr_error err = {t[i].code, t[i].errnum, "x", "text 100%"};
		const struct explain_facts f = {"c-1", t[i].near, t[i].status, &err, t[i].root};

		explain(&f, text);
		assert_string_equal(text, t[i].text);
	}
}

static void takes_problems_apart(void **state)
{
	static const struct {
		const char *line, *file, *message;
		unsigned int number;
		bool warning;
	} t[] = {
	    {"/etc/a.conf:14: error: unknown key 'X'", "/etc/a.conf", "unknown key 'X'", 14, false},
	    {"/etc/a.conf: warning: surprises", "/etc/a.conf", "surprises", 0, true},
	    {"error: out of memory", "", "out of memory", 0, false},
	    {"/a:3: error: bad warning: x", "/a", "bad warning: x", 3, false},
	    {"/a:3: warning: error: x", "/a", "error: x", 3, true},
	    {"/a:b:3: error: x", "/a:b", "x", 3, false},
	    {"nonsense", "", "nonsense", 0, false},
	    {"/a\033[2J:3: error: x\\x07", "/a\\x1b[2J", "x\\x07", 3, false}, /* MUST-11 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct problem p;

		problem_parse(t[i].line, &p);
		assert_string_equal(p.file, t[i].file);
		assert_string_equal(p.message, t[i].message);
		assert_int_equal(p.line, t[i].number);
		assert_int_equal(p.warning, t[i].warning);
		assert_int_equal(problem_is_warning(t[i].line), t[i].warning);
	}
}

static void formats_problems(void **state)
{
	char line[2200];
	struct problem p;

	(void)state;
	problem_parse("/a:3: warning: x", &p);
	problem_format(&p, line, sizeof(line));
	assert_string_equal(line, "/a:3: warning: x");
	problem_parse("error: x", &p);
	problem_format(&p, line, sizeof(line));
	assert_string_equal(line, "error: x");
}

static void tells_policy_from_definition(void **state)
{
	static const struct {
		const char *text;
		int kind;
	} t[] = {
	    {"[Global]\nMode=off\n", CONFKIND_POLICY},
	    {"# x\n[Match a]\nContainer=b\n", CONFKIND_POLICY},
	    {"[X-Mine]\na=b\n[Match a]\n", CONFKIND_POLICY},
	    {"[Exec]\nNice=1\n", CONFKIND_DEFINITION},
	    {"[Recources]\n[Files]\n", CONFKIND_DEFINITION}, /* a typo does not hide the rest */
	    {"[Container]\n[Global]\n", CONFKIND_DEFINITION},
	    {"\xef\xbb\xbf[Match a]\r\nContainer=b\r\n", CONFKIND_POLICY},
	    {"[Match]\n", CONFKIND_POLICY},
	    {"[Global]", CONFKIND_POLICY},
	    {"[\n[]\n]\n[Global] \t\n", CONFKIND_POLICY},
	    {"", CONFKIND_DEFINITION},
	    {"a=b\n", CONFKIND_DEFINITION},
	    {"[Service]\n", CONFKIND_DEFINITION},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(confkind_of(t[i].text, strlen(t[i].text)), t[i].kind);
}

static void finds_signals(void **state)
{
	static const struct {
		const char *word;
		int number;
	} t[] = {{"TERM", 15}, {"SIGTERM", 15}, {"kill", 9},  {"sigusr1", 10}, {"9", 9},
		 {"64", 64},   {"0", 0},	{"65", 0},    {"NOPE", 0},     {"", 0},
		 {"-9", 0},    {"09", 9},	{"TERMX", 0}, {"SIG", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ctr_error err = {0};
		int n = 0, r = signals_find(t[i].word, &n, &err);

		assert_int_equal(n, t[i].number);
		assert_int_equal(r, t[i].number ? 0 : -EINVAL);
	}
}

static void plans_what_is_watched(void **state)
{
	static const struct {
		struct watch w;
		bool terminal, once, clears;
		uint64_t interval;
	} t[] = {
	    {{0}, true, true, true, 2000000},
	    {{0}, false, true, false, 2000000},
	    {{.every = ""}, true, false, true, 2000000},
	    {{.every = "5"}, true, false, true, 5000000},
	    {{.every = "500ms"}, true, false, true, 500000},
	    {{.every = ""}, false, true, false, 2000000}, /* no terminal: one iteration */
	    {{.every = "", .iterations = 3}, false, false, false, 2000000},
	    {{.iterations = 3, .delay = 1000000}, false, false, false, 1000000},
	    {{.iterations = 1}, true, true, true, 2000000},
	    {{.batch = true}, false, false, false, 2000000},
	    {{.batch = true}, true, false, false, 2000000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct watch w = t[i].w;

		assert_int_equal(watch_plan(&w, t[i].terminal, NULL), 0);
		assert_int_equal(w.once, t[i].once);
		assert_int_equal(w.clears, t[i].clears);
		assert_int_equal(w.interval, t[i].interval);
	}
}

static void refuses_bad_intervals(void **state)
{
	static const char *const bad[] = {"x", "-1", "infinity", "0", "1ms"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct watch w = {.every = bad[i]};

		assert_true(watch_plan(&w, true, NULL) < 0);
	}
}

static int count(void *arg)
{
	unsigned int *n = arg;

	return ++*n == 3 ? 7 : 0;
}

static void watches_as_planned(void **state)
{
	struct watch w = {.iterations = 2, .delay = 100000};
	unsigned int n = 0;

	(void)state;
	assert_int_equal(watch_plan(&w, false, NULL), 0);
	assert_int_equal(watch_run(&w, count, &n), 0);
	assert_int_equal(n, 2);
	w.iterations = 9;
	assert_int_equal(watch_run(&w, count, &n), 7); /* stops at the first failure */
	assert_int_equal(n, 3);
}

static void samples_cpu_time(void **state)
{
	struct samples s = {0};
	struct sample a = {"a", 1000000, 10000000};

	(void)state;
	assert_int_equal(samples_take(&s, &a), UINT64_MAX);
	a.cpu_us += 500000;
	a.at_us += 1000000;
	assert_int_equal(samples_take(&s, &a), 5000);
	a.cpu_us += 4000000;
	a.at_us += 1000000;
	assert_int_equal(samples_take(&s, &a), 40000); /* four CPUs */
	assert_int_equal(samples_take(&s, &(const struct sample){"b", 0, 1}), UINT64_MAX);
	a.cpu_us = 5; /* another container of that ID */
	a.at_us += 1000000;
	assert_int_equal(samples_take(&s, &a), UINT64_MAX);
	assert_int_equal(samples_take(&s, &a), UINT64_MAX); /* no time has passed */
	a.cpu_us = UINT64_MAX;
	a.at_us += 1;
	assert_int_equal(samples_take(&s, &a), UINT64_MAX);
	samples_done(&s);
	assert_int_equal(sample_share(1, 0), UINT64_MAX);
	assert_int_equal(sample_share(UINT64_MAX / 2, UINT64_MAX - 1), 5000);
	assert_int_equal(sample_share(1, UINT64_MAX), UINT64_MAX);
}

static void next_step_about_checkpoints(void **state)
{
	static const struct {
		struct ctr_error err;
		const char *text; /* NULL: nothing to add */
	} t[] = {
	    {{CTR_E_NOT_FOUND, ENOENT, "key", ""}, "checkpoint-key create"},
	    {{CTR_E_NOT_FOUND, ENOENT, "checkpoint", ""}, "containerctl checkpoints"},
	    {{CTR_E_ID_IN_USE, EEXIST, "key", ""}, "cannot be restored"},
	    {{CTR_E_ID_IN_USE, EEXIST, "import", ""}, "--replace"},
	    {{CTR_E_IMAGE, EKEYREJECTED, "manifest", ""}, "checkpoint-key import"},
	    {{CTR_E_IMAGE, EBADMSG, "manifest", ""}, NULL},
	    {{CTR_E_IMAGE, ESTALE, "ledger", ""}, NULL},
	    {{CTR_E_MISFIT, ENOTSUP, "manifest", ""}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (t[i].text)
			assert_non_null(strstr(image_hint(&t[i].err), t[i].text));
		else
			assert_string_equal(image_hint(&t[i].err), "");
	}
}

static void code_of_what_was_not_started(void **state)
{
	static const struct {
		struct ctr_error err;
		int code;
	} t[] = {
	    {{CTR_E_SYSTEM, ENOENT, "exec", ""}, 127},	{{CTR_E_SYSTEM, EACCES, "exec", ""}, 126},
	    {{CTR_E_SYSTEM, ENOEXEC, "exec", ""}, 126}, {{CTR_E_SYSTEM, ENOENT, "start", ""}, 125},
	    {{CTR_E_PAUSED, EBUSY, "state", ""}, 125},	{{CTR_E_CONFIG, ENOENT, "user", ""}, 125},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(execplan_code(&t[i].err), t[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exit_code_of_a_decision),
	    cmocka_unit_test(explains_with_a_next_step),
	    cmocka_unit_test(takes_problems_apart),
	    cmocka_unit_test(formats_problems),
	    cmocka_unit_test(tells_policy_from_definition),
	    cmocka_unit_test(finds_signals),
	    cmocka_unit_test(plans_what_is_watched),
	    cmocka_unit_test(refuses_bad_intervals),
	    cmocka_unit_test(watches_as_planned),
	    cmocka_unit_test(samples_cpu_time),
	    cmocka_unit_test(next_step_about_checkpoints),
	    cmocka_unit_test(code_of_what_was_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

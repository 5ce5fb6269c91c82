/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include "str.h"

/* What each call of libpam returns, and what the user is told. */

#define REFUSED "This login is refused: its container can not be used now.\n"
#define PAUSED	"Your session's container is paused; ask the administrator.\n"

static void loads_and_has_the_four_hooks(void **state)
{
	static const char *const there[] = {"pam_sm_authenticate", "pam_sm_setcred",
					    "pam_sm_open_session", "pam_sm_close_session"};
	void *so = dlopen(MODULE_REAL, RTLD_NOW | RTLD_LOCAL);

	(void)state;
	if (!so)
		print_error("%s\n", dlerror());
	assert_non_null(so);
	for (size_t i = 0; i < ARRAY_SIZE(there); i++)
		assert_non_null(dlsym(so, there[i]));
	assert_int_equal(dlclose(so), 0);
}

/* Alone in every stack: the module decides nothing about who somebody is. */
static void all_six_calls(void **state)
{
	struct app a;
	char text[1024];

	(void)state;
	app_init(&a);
	assert_int_equal(str_format(text, sizeof(text),
				    "auth required %s\naccount required %s\n"
				    "password required %s\nsession required %s\n",
				    MODULE_MISSING, MODULE_MISSING, MODULE_MISSING, MODULE_MISSING),
			 0);
	app_write(&a, text);
	app_start(&a, APP_USER);
	assert_int_not_equal(pam_authenticate(a.pamh, 0), PAM_SUCCESS);
	assert_int_not_equal(pam_setcred(a.pamh, PAM_ESTABLISH_CRED), PAM_ABORT);
	assert_int_equal(pam_acct_mgmt(a.pamh, 0), PAM_MODULE_UNKNOWN);
	assert_int_equal(pam_chauthtok(a.pamh, 0), PAM_MODULE_UNKNOWN);
	assert_int_equal(a.messages, 0);
	assert_int_equal(app_open(&a, 0), PAM_ABORT);
	assert_int_equal(app_close(&a, 0), PAM_PERM_DENIED);
	app_done(&a);
}

/* As installed: beside another auth module ours changes nothing. */
static void auth_line_is_neutral(void **state)
{
	static const int flags[] = {PAM_ESTABLISH_CRED, PAM_REINITIALIZE_CRED, PAM_REFRESH_CRED,
				    PAM_DELETE_CRED};
	struct app a;

	(void)state;
	app_fresh(&a, MODULE_MISSING, "", APP_USER);
	assert_int_equal(pam_authenticate(a.pamh, 0), PAM_SUCCESS);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(pam_setcred(a.pamh, flags[i]), PAM_SUCCESS);
	assert_int_equal(a.messages, 0);
	app_done(&a);
}

/* MUST-1: PAM_ABORT, since sudo goes on after PAM_SESSION_ERR; one line, without a reason. */
static void user_is_refused_without_helper(void **state)
{
	struct app a;

	(void)state;
	app_fresh(&a, MODULE_MISSING, "", APP_USER);
	assert_int_equal(app_open(&a, 0), PAM_ABORT);
	assert_int_equal(a.messages, 1);
	assert_string_equal(a.said, REFUSED);
	assert_int_equal(app_close(&a, 0), PAM_PERM_DENIED);
	assert_int_equal(a.messages, 1);
	app_done(&a);
}

static void silent_is_silent(void **state)
{
	struct app a;

	(void)state;
	app_fresh(&a, MODULE_MISSING, "", APP_USER);
	assert_int_equal(app_open(&a, PAM_SILENT), PAM_ABORT);
	assert_int_equal(app_close(&a, PAM_SILENT), PAM_PERM_DENIED);
	assert_int_equal(a.messages, 0);
	app_done(&a);
}

/* MUST-2: whatever stands in the file and whatever the supervisor does, it is not asked. */
static void root_passes_whatever_is_broken(void **state)
{
	static const struct {
		const char *module, *args;
	} cases[] = {
	    {MODULE_MISSING, ""},
	    {MODULE_MISSING, "nonsense"},
	    {MODULE_MISSING, "timeout=0"},
	    {MODULE_MISSING, "conf=relative"},
	    {MODULE_MISSING, "conf=/nonexistent/container.conf"},
	    {MODULE_FAKE, "conf=/nonexistent/silent"},
	    {MODULE_FAKE, "conf=/nonexistent/denied"},
	    {MODULE_FAKE, "conf=/nonexistent/die"},
	    {MODULE_FAKE, "conf=/nonexistent/garbage"},
	    {MODULE_REAL, "conf=/nonexistent/container.conf"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app a;

		app_fresh(&a, cases[i].module, cases[i].args, APP_ROOT);
		assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
		assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
		assert_int_equal(a.messages, 0);
		app_done(&a);
	}
}

/* The supervisor would have left a report: the module decides uid 0 alone. */
static void root_is_decided_without_the_supervisor(void **state)
{
	struct app a;
	char path[80];

	(void)state;
	app_init(&a);
	app_play(&a, "report", "");
	app_start(&a, APP_ROOT);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_int_equal(str_format(path, sizeof(path), "%s/report", a.dir), 0);
	assert_int_equal(access(path, F_OK), -1);
	app_done(&a);
}

static void unknown_user_is_refused(void **state)
{
	struct app a;

	(void)state;
	app_init(&a);
	app_play(&a, "host", "");
	app_start(&a, "no-such-user-here");
	assert_int_equal(app_open(&a, 0), PAM_ABORT);
	assert_string_equal(a.said, REFUSED);
	app_done(&a);
}

/* A misspelt argument must not be a missing wall. */
static void arguments(void **state)
{
	static const struct {
		const char *args;
		int want;
	} cases[] = {
	    {"", PAM_SUCCESS},
	    {"debug", PAM_SUCCESS},
	    {"timeout=1", PAM_SUCCESS},
	    {"timeout=60", PAM_SUCCESS},
	    {"debug timeout=2", PAM_SUCCESS},
	    {"nonsense", PAM_ABORT},
	    {"Debug", PAM_ABORT},
	    {"debug=yes", PAM_ABORT},
	    {"timeout", PAM_ABORT},
	    {"timeout=", PAM_ABORT},
	    {"timeout=0", PAM_ABORT},
	    {"timeout=61", PAM_ABORT},
	    {"timeout=-1", PAM_ABORT},
	    {"timeout=5s", PAM_ABORT},
	    {"timeout=4294967297", PAM_ABORT},
	    {"conf=container.conf", PAM_ABORT},
	    {"conf=", PAM_ABORT},
	    {"debug nonsense", PAM_ABORT},
	    {"nonsense timeout=2", PAM_ABORT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app a;
		int r;

		app_init(&a);
		app_play(&a, "host", cases[i].args);
		app_start(&a, APP_USER);
		r = app_open(&a, 0);
		if (r != cases[i].want)
			print_error("arguments '%s'\n", cases[i].args);
		assert_int_equal(r, cases[i].want);
		assert_int_equal(a.messages, cases[i].want == PAM_SUCCESS ? 0 : 1);
		assert_int_equal(app_close(&a, 0),
				 cases[i].want == PAM_SUCCESS ? PAM_SUCCESS : PAM_PERM_DENIED);
		app_done(&a);
	}
}

static void *wait_for_release(void *arg)
{
	(void)pthread_mutex_lock(arg);
	(void)pthread_mutex_unlock(arg);
	return NULL;
}

/* setns(2) acts on one thread: the others would stay outside. Root has no walls to miss. */
static void threads_are_refused(void **state)
{
	pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	struct app a;

	(void)state;
	assert_int_equal(pthread_mutex_lock(&hold), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_release, &hold), 0);
	app_init(&a);
	app_play(&a, "host", "");
	app_start(&a, APP_USER);
	assert_int_equal(app_open(&a, 0), PAM_ABORT);
	assert_string_equal(a.said, REFUSED);
	app_end(&a);
	app_start(&a, APP_ROOT);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	app_done(&a);
	assert_int_equal(pthread_mutex_unlock(&hold), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* One line for all reasons but the one that the user can do something about (threats B9). */
static void what_the_user_is_told(void **state)
{
	static const struct {
		const char *scenario, *said;
	} cases[] = {{"denied", REFUSED},      {"paused", PAUSED},   {"die", REFUSED},
		     {"bare-denied", REFUSED}, {"garbage", REFUSED}, {"no-walls", REFUSED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app a;

		app_init(&a);
		app_play(&a, cases[i].scenario, "");
		app_start(&a, APP_USER);
		assert_int_equal(app_open(&a, 0), PAM_ABORT);
		assert_int_equal(a.messages, 1);
		assert_string_equal(a.said, cases[i].said);
		app_done(&a);
	}
}

/* Closing what was not opened, and twice, and opening twice. */
static void odd_orders(void **state)
{
	struct app a;

	(void)state;
	app_init(&a);
	app_play(&a, "host", "");
	app_start(&a, APP_USER);
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_int_equal(app_open(&a, 0), PAM_SUCCESS);
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	assert_int_equal(app_close(&a, 0), PAM_SUCCESS);
	assert_int_equal(pam_setcred(a.pamh, PAM_DELETE_CRED), PAM_SUCCESS);
	assert_int_equal(a.messages, 0);
	app_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(loads_and_has_the_four_hooks),
	    cmocka_unit_test(all_six_calls),
	    cmocka_unit_test(auth_line_is_neutral),
	    cmocka_unit_test(user_is_refused_without_helper),
	    cmocka_unit_test(silent_is_silent),
	    cmocka_unit_test(root_passes_whatever_is_broken),
	    cmocka_unit_test(root_is_decided_without_the_supervisor),
	    cmocka_unit_test(unknown_user_is_refused),
	    cmocka_unit_test(arguments),
	    cmocka_unit_test(threads_are_refused),
	    cmocka_unit_test(what_the_user_is_told),
	    cmocka_unit_test(odd_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

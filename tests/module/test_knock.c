/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"
#include "witness.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "msg.h"
#include "str.h"

/*
 * The module asks a living supervisor before it executes one. Here both play: whatever the living
 * one does but to contain, the login goes on as if it were not there.
 */

#define STATE MODULE_BUILD "/tests/module/state" /* that of MODULE_KNOCK */

enum { SLACK_MS = 600 };

/** struct living - what the living supervisor makes of a `knock` */
struct living {
	const char *answer; /* verb, on the session socket; NULL: none */
	bool keeps;	    /* the session socket open, until it is ended */
	bool deaf;	    /* does not even accept */
	int nfds;	    /* descriptors that come with the answer */
};

static void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* As a supervisor of before answers to a verb that it does not know. */
static void say_unknown(int client)
{
	const struct ctr_error err = {.code = CTR_E_UNSUPPORTED,
				      .errnum = EINVAL,
				      .stage = "control",
				      .text = "unknown verb"};
	struct msg no;

	msg_init(&no, "denied");
	msg_add_error(&no, &err);
	(void)!msg_send(client, &no, 1000); /* who asked may be gone */
}

static void be_living(int listener, const struct living *how)
{
	int client, sock;
	struct msg m;

	(void)alarm(20);
	if (how->deaf)
		wait_for_ever();
	client = accept(listener, NULL, NULL);
	if (client < 0 || msg_recv(client, &m, 5000) < 0 || !str_equal(msg_verb(&m), "knock") ||
	    m.nfds != 2 || !msg_get(&m, "conf"))
		_exit(1);
	sock = msg_take_fd(&m, 1);
	msg_done(&m);
	if (how->answer) {
		msg_init(&m, how->answer);
		msg_add(&m, "entry", "join");
		msg_add(&m, "attach", "0");
		msg_add(&m, "shell", "/bin/sh");
		msg_add(&m, "ns", "mnt,pid");
		for (int i = 0; i < how->nfds; i++)
			msg_add_fd(&m, listener);
		(void)!msg_send(sock, &m, 1000);
	} else {
		say_unknown(client);
	}
	if (how->keeps)
		wait_for_ever();
	_exit(0);
}

static void state_path(char path[200], const char *name)
{
	const struct passwd *pw = getpwnam(APP_USER);

	assert_non_null(pw);
	assert_int_equal(str_format(path, 200, STATE "%s", name), 0);
	if (str_equal(name, "/recent/"))
		assert_int_equal(str_format(path, 200, STATE "/recent/%u", pw->pw_uid), 0);
}

/* Its socket is where the link to it would be. */
static pid_t start_living(const struct living *how)
{
	char path[200];
	int dir, listener;
	pid_t pid;

	(void)mkdir(STATE, 0700);
	assert_int_equal(chmod(STATE, 0700), 0);
	(void)mkdir(STATE "/recent", 0700);
	state_path(path, "/recent/");
	(void)unlink(path);
	dir = open(STATE "/recent", O_PATH | O_DIRECTORY | O_CLOEXEC);
	listener = msg_listen_at(dir, strrchr(path, '/') + 1, 0600);
	assert_true(listener >= 0);
	/* it waits in accept() */
	assert_int_equal(fcntl(listener, F_SETFL, 0), 0);
	close(dir);
	pid = fork();
	if (pid == 0)
		be_living(listener, how);
	assert_true(pid > 0);
	close(listener);
	return pid;
}

static void end_living(pid_t pid)
{
	char path[200];

	(void)kill(pid, SIGKILL); /* one that has ended is waited for all the same */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	state_path(path, "/recent/");
	(void)unlink(path);
	(void)rmdir(STATE "/recent");
	assert_int_equal(rmdir(STATE), 0);
}

/* The result of open_session; helper: what the executed one plays */
static int open_with(const struct living *how, const char *helper, uint64_t *ret_ms)
{
	struct witness before, after;
	pid_t pid = start_living(how);
	uint64_t begin;
	char args[160];
	struct app a;
	int r;

	app_init(&a);
	assert_int_equal(str_format(args, sizeof(args), "conf=%s/%s timeout=3", a.dir, helper), 0);
	app_service(&a, MODULE_KNOCK, args);
	app_start(&a, APP_USER);
	begin = child_now_ms();
	witness_take(&before);
	r = app_open(&a, 0);
	witness_take(&after);
	*ret_ms = child_now_ms() - begin;
	if (r != PAM_SUCCESS)
		witness_assert_same(&before, &after); /* MUST-3 */
	app_done(&a);
	end_living(pid);
	return r;
}

/* MUST-1, MUST-2: nobody stays on the host, and nobody is refused, on a living supervisor's word.
 */
static void what_is_not_contained_is_decided_anew(void **state)
{
	static const struct living hows[] = {
	    {.answer = "elsewhere"},	       {.answer = "elsewhere", .keeps = true},
	    {.answer = "host", .keeps = true}, {.answer = "denied", .keeps = true},
	    {.answer = "later", .nfds = 3},    {.answer = NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		uint64_t ms;

		assert_int_equal(open_with(&hows[i], "host", &ms), PAM_SUCCESS);
		assert_int_equal(open_with(&hows[i], "denied", &ms), PAM_ABORT);
		assert_true(ms < SLACK_MS);
	}
}

/* MUST-1: one that says that it contains must prove it, as the executed one must. */
static void contained_without_walls_is_refused(void **state)
{
	(void)state;
	for (int n = 0; n < 5; n++) {
		const struct living how = {.answer = "contained", .keeps = true, .nfds = n};
		uint64_t ms;

		assert_int_equal(open_with(&how, "host", &ms), PAM_ABORT);
	}
}

/* MUST-4: one that is stopped costs a moment, and the login goes on. */
static void silence_costs_a_moment(void **state)
{
	static const struct living hows[] = {{.answer = NULL, .keeps = true}, {.deaf = true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		uint64_t ms;

		assert_int_equal(open_with(&hows[i], "host", &ms), PAM_SUCCESS);
		assert_in_range(ms, 200, 250 + SLACK_MS);
	}
}

/* MUST-4: there is one deadline for both ways. */
static void the_deadline_counts_for_both(void **state)
{
	static const struct living how = {.deaf = true};
	uint64_t ms;

	(void)state;
	assert_int_equal(open_with(&how, "silent", &ms), PAM_ABORT);
	assert_in_range(ms, 3000, 3000 + SLACK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_contained_is_decided_anew),
	    cmocka_unit_test(contained_without_walls_is_refused),
	    cmocka_unit_test(silence_costs_a_moment),
	    cmocka_unit_test(the_deadline_counts_for_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

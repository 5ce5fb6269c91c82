/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "err.h"
#include "msg.h"
#include "parent.h"
#include "proto.h"
#include "sys.h"

/** struct pair - a process of who asks, and its parent */
struct pair {
	struct parent parent;
	int asker, report;
};

static struct pair open_pair(void)
{
	struct pair p;
	int sv[2];

	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(parent_open(&p.parent, sv[0], &p.report), 0);
	p.parent.pid = getpid();
	p.asker = sv[1];
	return p;
}

static void close_pair(struct pair *p)
{
	parent_done(&p->parent);
	cleanup_fd(&p->asker);
	cleanup_fd(&p->report);
}

static void tells_that_it_executed_and_how_it_ended(void **state)
{
	struct pair p = open_pair();
	automsg struct msg m;
	uint64_t pid;
	int status;

	(void)state;
	assert_int_equal(parent_hear_report(&p.parent), -EAGAIN);
	cleanup_fd(&p.report);
	assert_int_equal(parent_hear_report(&p.parent), 0);
	assert_int_equal(msg_recv(p.asker, &m, 0), 0);
	assert_string_equal(msg_verb(&m), "started");
	assert_true(msg_get_u64(&m, "pid", &pid) == 0 && pid == (uint64_t)getpid());
	parent_exited(&p.parent, SIGTERM);
	assert_int_equal(proto_wait(p.asker, 0, &status, NULL), 0);
	assert_int_equal(status, SIGTERM);
	assert_int_equal(proto_wait(p.asker, 0, &status, NULL), -ESRCH); /* nobody is there */
	close_pair(&p);
}

/* Both are there when the parent looks: it started, and it ended. */
static void tells_of_a_quick_end_in_this_order(void **state)
{
	struct pair p = open_pair();
	struct msg m;
	int status;

	(void)state;
	cleanup_fd(&p.report);
	parent_exited(&p.parent, 3 << 8);
	assert_int_equal(msg_recv(p.asker, &m, 0), 0);
	assert_string_equal(msg_verb(&m), "started");
	assert_int_equal(proto_wait(p.asker, 0, &status, NULL), 0);
	assert_int_equal(WEXITSTATUS(status), 3);
	close_pair(&p);
}

static void passes_on_why_it_did_not_execute(void **state)
{
	struct pair p = open_pair();
	struct ctr_error err, got;
	struct msg m;

	(void)state;
	err_set(&err, CTR_E_SYSTEM, ENOENT, "exec", "execute x");
	assert_int_equal(write(p.report, &err, sizeof(err)), sizeof(err));
	parent_exited(&p.parent, 127 << 8);
	assert_int_equal(msg_recv(p.asker, &m, 0), 0);
	assert_int_equal(msg_get_error(&m, &got), 0);
	assert_int_equal(got.errnum, ENOENT);
	assert_int_equal(msg_recv(p.asker, &m, 0), -ENOTCONN); /* and no `exited` */
	close_pair(&p);
}

/* The pipe ends as it does when a program is executed. */
static void tells_who_was_killed_before_he_executed(void **state)
{
	struct pair p = open_pair();
	struct ctr_error got;
	struct msg m;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	p.parent.pid = pid;
	p.parent.pidfd = sys_pidfd_open(pid, 0);
	assert_true(p.parent.pidfd >= 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	cleanup_fd(&p.report);
	assert_int_equal(parent_hear_report(&p.parent), -ESRCH);
	assert_int_equal(msg_recv(p.asker, &m, 0), 0);
	assert_int_equal(msg_get_error(&m, &got), 0);
	assert_int_equal(got.errnum, ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close_pair(&p);
}

static void hears_signals_and_the_end(void **state)
{
	struct pair p = open_pair();

	(void)state;
	assert_int_equal(parent_hear(&p.parent), 0);
	assert_int_equal(proto_signal(p.asker, SIGUSR1, NULL), 0);
	assert_int_equal(parent_hear(&p.parent), SIGUSR1);
	assert_int_equal(proto_signal(p.asker, 9999, NULL), 0);
	assert_int_equal(parent_hear(&p.parent), 0);
	cleanup_fd(&p.asker);
	assert_int_equal(parent_hear(&p.parent), -ENOTCONN);
	assert_int_equal(p.parent.sock, -1);
	close_pair(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_that_it_executed_and_how_it_ended),
	    cmocka_unit_test(tells_of_a_quick_end_in_this_order),
	    cmocka_unit_test(passes_on_why_it_did_not_execute),
	    cmocka_unit_test(tells_who_was_killed_before_he_executed),
	    cmocka_unit_test(hears_signals_and_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

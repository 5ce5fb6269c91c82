/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "proc.h"

static int answer(void *arg, struct ctr_error *err)
{
	return *(int *)arg == 0 ? 0 : err_sys(err, *(int *)arg, "child", "asked for");
}

static int hang(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	return pause();
}

static int die(void *arg, struct ctr_error *err)
{
	(void)arg;
	(void)err;
	return raise(SIGKILL);
}

/* MUST-4: a child that hangs is killed in time; MUST-3: nobody else's wait sees it */
static void children_report_or_are_killed(void **state)
{
	struct ctr_error e;
	int zero = 0, why = EXDEV;
	uint64_t t0;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(child_run(answer, &zero, 5000, &e), 0);
	assert_int_equal(child_run(answer, &why, 5000, &e), -EXDEV);
	assert_int_equal(e.errnum, EXDEV);
	assert_int_equal(child_run(die, NULL, 5000, &e), -ECHILD);
	t0 = child_now_ms();
	assert_int_equal(child_run(hang, NULL, 100, &e), -ETIMEDOUT);
	assert_true(child_now_ms() - t0 < 2000);
	assert_int_equal(e.code, CTR_E_TIMEOUT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	signal(SIGCHLD, SIG_DFL);
}

/* MUST-8: a pid is an identity only with its start time */
static void identity_is_pid_and_start_time(void **state)
{
	struct proc_id id;

	(void)state;
	assert_int_equal(proc_identify(getpid(), &id), 0);
	assert_true(proc_is_alive(&id));
	id.start_ticks++;
	assert_false(proc_is_alive(&id));
	assert_int_equal(proc_identify(0x3ffffff, &id), -ESRCH);
}

/* Somebody who does not wait for it may keep it for as long as he likes. */
static void a_zombie_is_not_alive(void **state)
{
	struct proc_id id;
	siginfo_t end;
	int p[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)!read(p[0], &p, 1);
		_exit(0);
	}
	assert_int_equal(proc_identify(pid, &id), 0);
	assert_true(proc_is_alive(&id));
	assert_int_equal(write(p[1], "", 1), 1);
	assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
	assert_false(proc_is_alive(&id));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(p[0]);
	(void)close(p[1]);
}

static void reads_awkward_names(void **state)
{
	struct proc_stat st;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a) R 1 (\n"), 0);
	assert_int_equal(proc_read_stat(getpid(), &st), 0);
	assert_string_equal(st.comm, "a) R 1 (\\x0a");
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(st.state, 'R');
	assert_int_equal(st.threads, 1);
}

static void knows_itself(void **state)
{
	uint64_t ino = 0;
	uid_t uid = 77;
	pid_t pids[32];
	int n;

	(void)state;
	assert_int_equal(proc_thread_count(), 1);
	assert_int_equal(proc_uid(getpid(), &uid), 0);
	assert_int_equal(uid, getuid());
	n = proc_nspids(getpid(), pids, 32);
	assert_true(n > 0);
	assert_int_equal(pids[n - 1], getpid());
	assert_int_equal(proc_nspids(getpid(), pids, 0), -E2BIG);
	assert_int_equal(proc_ns_inode(getpid(), "mnt", &ino), 0);
	assert_true(ino != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(children_report_or_are_killed),
	    cmocka_unit_test(identity_is_pid_and_start_time),
	    cmocka_unit_test(a_zombie_is_not_alive),
	    cmocka_unit_test(reads_awkward_names),
	    cmocka_unit_test(knows_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

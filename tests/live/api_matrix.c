/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every operation in every status, by two processes. */
#include "api_ops.h"

#include <sys/mount.h>

#define SILENCE "/srv/silence"

/* ---- a container that is pausing: one of its processes waits for a file system ---- */

/* A FUSE file system whose server says nothing, not even that it is there. */
static int mount_silence(struct test *t)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char *options = NULL;

	if (asprintf(&options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd) < 0)
		exit(3);
	(void)mkdir(SILENCE, 0755);
	need(t, fd >= 0 && mount("silence", SILENCE, "fuse", 0, options) == 0,
	     "a file system that does not answer");
	free(options);
	return fd;
}

/* Who waits for it is told that it is gone, while others are at work on the container. */
static pid_t let_go_later(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		nap(300);
		_exit(umount2(SILENCE, MNT_FORCE | MNT_DETACH) < 0);
	}
	return pid;
}

static bool has_stuck(struct test *t, struct ctr_container *c)
{
	struct ctr_proc_info *v = NULL;
	size_t n = 0, stuck = 0;

	if (ctr_processes(c, &v, &n, &t->err) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		stuck += strcmp(v[i].command, "mkdir") == 0 && v[i].state == 'D';
	free(v);
	return stuck == 2;
}

/*
 * Who waits for the server can be frozen (Linux 6.1); who waits for the lock of the folder that he
 * has meanwhile can not. By the freezer itself: ctr_pause() would wait, and then undo it.
 */
static void get_stuck(struct test *t, struct ctr_container *c)
{
	const char *state = "FROZEN";
	struct ctr_process *p;
	struct ctr_info info;
	char *path = NULL;
	int fd;

	p = run(t, c,
		"trap '' HUP; mkdir " SILENCE "/a 2>/dev/null & mkdir " SILENCE
		"/b 2>/dev/null & wait");
	for (int i = 0; i < 500 && !has_stuck(t, c); i++)
		nap(10);
	need(t, has_stuck(t, c) && ctr_state(c, &info, &t->err) == 0, "two wait");
	ctr_process_free(p);
	if (asprintf(&path, "/sys/fs/cgroup/freezer/%s/freezer.state", info.cgroup) < 0)
		exit(3);
	if (access(path, F_OK) < 0) {
		free(path);
		state = "1";
		if (asprintf(&path, "/sys/fs/cgroup/%s/cgroup.freeze", info.cgroup) < 0)
			exit(3);
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	need(t, fd >= 0 && write(fd, state, strlen(state)) > 0, "and shall stop");
	close(fd);
	free(path);
}

/* ---- the matrix ---- */

static void kill_init(struct test *t, struct ctr_container *c)
{
	struct ctr_info info;

	need(t, ctr_state(c, &info, &t->err) == 0 && info.init_pid > 1, "PID 1 is known");
	(void)kill(info.init_pid, SIGKILL);
}

static struct ctr_container *make_in(struct test *t, enum ctr_status s)
{
	struct ctr_container *c = make(t, "matrix");

	if (s == CTR_PAUSING)
		get_stuck(t, c);
	if (s == CTR_RUNNING || s == CTR_PAUSED)
		ctr_process_free(run(t, c, "exec sleep 1000 >/dev/null & wait"));
	if (s == CTR_PAUSED)
		need(t, ctr_pause(c, &t->err) == 0, "it is paused");
	if (s == CTR_STOPPED)
		kill_init(t, c);
	need(t, becomes(t, c, s), "it has the status");
	return c;
}

/* What the status is after an operation that succeeds; 103: not found */
static int next_status(enum op op, int s)
{
	if (op == START && s == CTR_CREATED)
		return CTR_RUNNING;
	if (op == PAUSE)
		return CTR_PAUSED;
	if (op == RESUME)
		return CTR_RUNNING;
	return op >= DESTROY ? 100 + CTR_E_NOT_FOUND : s;
}

/* In the other process: the code of the operation */
static int load_and_operate(struct test *t, const char *arg)
{
	struct ctr_container *c;
	int r = ctr_load(t->f, "matrix", &c, &t->err);

	if (r == 0)
		r = operate(t, c, (enum op)(arg[0] - '0'));
	return r < 0 ? t->err.code : 0;
}

static void try_one(struct test *t, enum op op, enum ctr_status status)
{
	struct ctr_container *c = make_in(t, status);
	pid_t helper = op == PAUSE && status == CTR_PAUSING ? let_go_later() : 0;
	int want = table[op].code[status];
	int got = elsewhere(load_and_operate, (char[]){(char)('0' + op), '\0'});
	int after = want ? (int)status : next_status(op, status);
	int seen = seen_status("matrix");

	check(t, got == want, "%s of a %s one: code %d is %d", table[op].name,
	      ctr_status_name(status), got, want);
	check(t, seen == after, "after it: status %d is %d", seen, after);
	if (helper > 0)
		(void)waitpid(helper, NULL, 0);
	(void)ctr_destroy(c, 1, 0, &t->err);
	ctr_container_free(c);
}

static void test_matrix(struct test *t)
{
	static const enum ctr_status statuses[] = {CTR_STOPPED, CTR_PAUSED, CTR_CREATED,
						   CTR_RUNNING};

	for (size_t i = 0; i < COUNT(statuses); i++)
		for (enum op op = 0; op < OPS; op++)
			try_one(t, op, statuses[i]);
}

static void test_matrix_pausing(struct test *t)
{
	for (enum op op = 0; op < OPS; op++) {
		int server = mount_silence(t);

		try_one(t, op, CTR_PAUSING);
		close(server);
		need(t, umount2(SILENCE, MNT_DETACH) == 0 || op == PAUSE, "the file system goes");
	}
}

/* Of one that is on disk alone nothing is possible but to restore and to remove it. */
static int checkpoint_elsewhere(struct test *t, const char *id)
{
	struct ctr_container *c;
	int r = ctr_load(t->f, id, &c, &t->err);

	return r == 0 && ctr_checkpoint(c, NULL, &t->err) == 0 ? 0 : t->err.code;
}

static int restore_elsewhere(struct test *t, const char *id)
{
	return ctr_restore(t->f, id, NULL, &t->err) == 0 ? 0 : t->err.code;
}

static void test_matrix_on_disk(struct test *t)
{
	struct ctr_container *c = make(t, "matrix");

	need(t, elsewhere(checkpoint_elsewhere, "matrix") == 0, "it is checkpointed");
	check(t, status_of(t, c) == CTR_CHECKPOINTED, "as others see");
	for (int op = 0; op < DESTROY; op++) {
		int want = table[op].code[CTR_CHECKPOINTED];
		int got = elsewhere(load_and_operate, (char[]){(char)('0' + op), '\0'});

		check(t, got == want, "%s: code %d is %d", table[op].name, got, want);
	}
	check(t, elsewhere(checkpoint_elsewhere, "matrix") == CTR_E_CHECKPOINTED, "not again");
	check(t, elsewhere(restore_elsewhere, "matrix") == 0, "it comes back");
	check(t, seen_status("matrix") == CTR_CREATED, "as what it was");
	check(t, elsewhere(restore_elsewhere, "matrix") != 0, "once");
	need(t, elsewhere(checkpoint_elsewhere, "matrix") == 0, "it goes to the disk again");
	check(t, elsewhere(load_and_operate, (char[]){(char)('0' + DESTROY), '\0'}) == 0,
	      "and is destroyed there, without force");
	check(t, seen_status("matrix") == 100 + CTR_E_NOT_FOUND, "it is gone");
	ctr_container_free(c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"matrix", test_matrix},
	    {"matrix_pausing", test_matrix_pausing},
	    {"matrix_on_disk", test_matrix_on_disk},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcontainer's tests assert of user namespaces and groups, by their names. */
#include "api_template.h"

#include <sched.h>

#define USERNS                                                                                     \
	{                                                                                          \
		"Exec", "PrivateUsers", "700000:65536"                                             \
	}
#define PICK                                                                                       \
	{                                                                                          \
		"Exec", "PrivateUsers", "pick"                                                     \
	}

/* Has a container a user namespace of its own, and which number is its root outside? */
static void check_users(struct test *t, struct ctr_container *c)
{
	struct ctr_info info;
	struct stat st;
	char *path = NULL;

	need(t, ctr_state(c, &info, &t->err) == 0, "its state");
	if (asprintf(&path, "/proc/%d/root/tmp", info.init_pid) < 0)
		exit(3);
	check(t, stat(path, &st) == 0 && st.st_uid == 700000, "root of its tree is 700000 outside");
	free(path);
	check(t,
	      says(t, c, "id -u; head -1 /proc/self/uid_map | tr -s ' ' | cut -d' ' -f2,3",
		   "0\n0 700000\n"),
	      "and root inside is that number");
}

static void test_userns_exec_ps(struct test *t)
{
	const struct ctr_process_spec waits = {.argv = (const char *const[]){"sleep", "100", NULL},
					       .stdin_fd = -1,
					       .stdout_fd = -1,
					       .stderr_fd = -1};
	struct ctr_container *c = make_by(t, "userns_ps", USERNS);
	struct ctr_process *p;

	check(t,
	      says(t, c,
		   "exec ps -eo pid=,user=,comm=", "      1 root     init\n      2 root     ps\n"),
	      "ps sees PID 1 and itself, of root");
	check_users(t, c);
	end(t, c);
	c = make_by(t, "userns_ps", USERNS, {"Container", "Init", "none"});
	need(t, ctr_start(c, &waits, &p, &t->err) == 0, "PID 1 is the program");
	check_users(t, c);
	check(t, says(t, c, "ps -o pid=,user=,comm= --pid 1", "      1 root     sleep\n"),
	      "seen by what entered");
	ctr_process_free(p);
	end(t, c);
}

static char *path_of(const char *prefix, pid_t pid, const char *type)
{
	char *path = NULL;

	if (asprintf(&path, "%s/proc/%d/ns/%s", prefix, pid, type) < 0)
		exit(3);
	return path;
}

static void check_same(struct test *t, struct ctr_container *a, struct ctr_container *b,
		       const char *command)
{
	struct output one = sh(t, a, command), two = sh(t, b, command);

	check(t, *one.text && strcmp(one.text, two.text) == 0, "%s: %s%s", command, one.text,
	      two.text);
}

/* MUST-1: one of root's that is no container's: who else has its numbers? */
static void check_foreign(struct test *t)
{
	int fds[2];
	char byte, *path;
	pid_t pid;

	need(t, pipe2(fds, O_CLOEXEC) == 0, "a pipe");
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) == 0 && write(fds[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	need(t, read(fds[0], &byte, 1) == 1, "another user namespace");
	path = path_of("user:", pid, "user");
	check(t,
	      !try_make(t, "join_foreign",
			(const struct setting[]){{"Container", "JoinNamespaces", path}, {0}}) &&
		  strstr(t->err.text, "no living container"),
	      "is refused");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	free(path);
}

static void test_init_join_network_and_user(struct test *t)
{
	struct ctr_container *first = make_by(t, "join_first", PICK), *second, *third;
	struct ctr_info info;
	char *user, *net;

	need(t, ctr_state(first, &info, &t->err) == 0, "its state");
	user = path_of("user:", info.init_pid, "user");
	net = path_of("", info.init_pid, "net");
	second = make_by(t, "join_second", {"Container", "JoinNamespaces", user},
			 {"Network", "Private", net});
	check_same(t, first, second, "readlink /proc/self/ns/user");
	check_same(t, first, second, "readlink /proc/self/ns/net");
	check_same(t, first, second, "cat /proc/self/uid_map");
	check(t, ctr_destroy(first, 1, 0, &t->err) == 0, "the first one goes");
	ctr_container_free(first);
	check(t, says(t, second, "ulimit -n; id -u", "1025\n0\n"), "the second one stays");
	third = make_by(t, "join_first", PICK);
	check(t,
	      strcmp(sh(t, second, "cat /proc/self/uid_map").text,
		     sh(t, third, "cat /proc/self/uid_map").text) != 0,
	      "its numbers are not given away");
	check_foreign(t);
	free(user);
	free(net);
	end(t, third);
	end(t, second);
}

static void test_userns_rlimit(struct test *t)
{
	struct ctr_container *c = make_by(t, "userns_rlimit", USERNS);

	check(t, says(t, c, "ulimit -n; ulimit -Hn", "1025\n1025\n"), "1025 files");
	end(t, c);
}

/* A limit above the one of who asks: only root of the host may give it, and does before. */
static void test_exec_in_userns_rlimit(struct test *t)
{
	struct ctr_container *c =
	    make_by(t, "exec_userns", USERNS, {"Exec", "LimitNOFILE", "1026"});
	struct ctr_process *first = run(t, c, "exec sleep 1000");

	check(t, says(t, c, "ulimit -n", "1026\n"), "1026 files");
	ctr_process_free(first);
	end(t, c);
}

static void test_exec_in_userns(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_userns", USERNS);
	struct ctr_process *first = run(t, c, "exec sleep 1000");
	struct output out = sh(t, c, "readlink /proc/[0-9]*/ns/user | sort -u | wc -l");
	char link[64] = "";

	check(t, strcmp(out.text, "1\n") == 0, "both are in one user namespace: %s", out.text);
	out = sh(t, c, "readlink -n /proc/self/ns/user");
	check(t,
	      readlink("/proc/self/ns/user", link, sizeof(link) - 1) > 0 &&
		  strcmp(link, out.text) != 0,
	      "which is not the host's");
	ctr_process_free(first);
	end(t, c);
}

static void test_additional_groups(struct test *t)
{
	struct ctr_container *c =
	    make_by(t, "groups", {"Exec", "SupplementaryGroups", "plugdev audio"});
	struct output out = sh(t, c, "id -Gn");

	check(t, strstr(out.text, "plugdev") && strstr(out.text, "audio"), "both are there: %s",
	      out.text);
	end(t, c);
}

static void test_exec_groups(struct test *t)
{
	struct ctr_container *c = make_by(t, "exec_groups", {0});
	struct ctr_process *first = run(t, c, "exec sleep 1000");
	struct ctr_process_spec spec = {.argv = (const char *const[]){"id", NULL},
					.user = "daemon:audio"};
	struct output out = {0};

	check(t, get(t, c, spec, &out) == 0 && strstr(out.text, "uid=1(daemon) gid=29(audio)"),
	      "user and group: %s", out.text);
	ctr_process_free(first);
	end(t, c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"userns_exec_ps", test_userns_exec_ps},
	    {"init_join_network_and_user", test_init_join_network_and_user},
	    {"userns_rlimit", test_userns_rlimit},
	    {"exec_in_userns", test_exec_in_userns},
	    {"exec_in_userns_rlimit", test_exec_in_userns_rlimit},
	    {"additional_groups", test_additional_groups},
	    {"exec_groups", test_exec_groups},
	};

	return case_main(argc, argv, groups, COUNT(groups));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcontainer's tests assert of user namespaces and groups, by their names. */
#include "api_template.h"

#define USERNS                                                                                     \
	{                                                                                          \
		"Exec", "PrivateUsers", "700000:65536"                                             \
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
	struct ctr_container *c = make_by(t, "userns_ps", USERNS);

	check(t,
	      says(t, c,
		   "exec ps -eo pid=,user=,comm=", "      1 root     init\n      2 root     ps\n"),
	      "ps sees PID 1 and itself, of root");
	check_users(t, c);
	end(t, c);
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
	    {"userns_rlimit", test_userns_rlimit},
	    {"exec_in_userns", test_exec_in_userns},
	    {"exec_in_userns_rlimit", test_exec_in_userns_rlimit},
	    {"additional_groups", test_additional_groups},
	    {"exec_groups", test_exec_groups},
	};

	return case_main(argc, argv, groups, COUNT(groups));
}

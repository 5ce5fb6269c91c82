/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers as a whole: their IDs, and many processes at work on one. */
#include "api_ops.h"

/* ---- IDs ---- */

static void test_ids(struct test *t)
{
	static const char *const bad[] = {
	    "",		"/",
	    "..",	".",
	    "a/b",	"../x",
	    "a..b",	"a\x01",
	    "a\n",	"\033[1m",
	    "-x",	".x",
	    "_x",	"a b",
	    "%s",	"\xff",
	    "\303\244", "a123456789b123456789c123456789d123456789e123456789f12345678912345"};
	const char *longest = "a123456789b123456789c123456789d123456789e123456789f1234567891234";
	struct ctr_container *c = NULL;
	struct ctr_config *cfg;

	need(t, ctr_config_new(&cfg, &t->err) == 0, "a configuration");
	for (size_t i = 0; i < COUNT(bad); i++) {
		check(t,
		      ctr_create(t->f, bad[i], cfg, &c, &t->err) == -EINVAL &&
			  t->err.code == CTR_E_INVALID_ID,
		      "create refuses bad ID %zu", i);
		check(t,
		      ctr_load(t->f, bad[i], &c, &t->err) == -EINVAL &&
			  t->err.code == CTR_E_INVALID_ID,
		      "load refuses bad ID %zu", i);
	}
	check(t, c == NULL, "nothing was given out");
	check(t, ctr_load(t->f, "nobody", &c, &t->err) == -ENOENT && t->err.code == CTR_E_NOT_FOUND,
	      "an unknown ID is not found");
	ctr_config_free(cfg);
	end(t, make(t, longest));
}

static int create_racer(struct test *t, const char *id)
{
	struct ctr_container *c;
	struct ctr_config *cfg;
	struct stat st;
	int r;

	if (ctr_config_new(&cfg, &t->err) < 0)
		return 200;
	while (stat("/tmp/api_race_go", &st) < 0)
		;
	r = ctr_create(t->f, id, cfg, &c, &t->err);
	return r == 0 ? 0 : r == -EEXIST && t->err.code == CTR_E_ID_IN_USE ? 1 : 2;
}

static void race_once(struct test *t, int round)
{
	enum { RACERS = 4 };
	int won = 0, lost = 0;
	pid_t pids[RACERS];

	for (int i = 0; i < RACERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(elsewhere(create_racer, "race"));
	}
	close(open("/tmp/api_race_go", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	for (int i = 0; i < RACERS; i++) {
		int status = 0;

		waitpid(pids[i], &status, 0);
		won += status == 0;
		lost += WIFEXITED(status) && WEXITSTATUS(status) == 1;
	}
	unlink("/tmp/api_race_go");
	check(t, won == 1 && lost == RACERS - 1, "round %d: %d won, %d were told so", round, won,
	      lost);
}

static void test_race(struct test *t)
{
	for (int i = 0; i < 8; i++) {
		struct ctr_container *c;

		race_once(t, i);
		need(t, ctr_load(t->f, "race", &c, &t->err) == 0, "the winner's is there");
		end(t, c);
	}
}

/* A handle means that very container, not whatever has its ID later. */
static void test_identity(struct test *t)
{
	struct ctr_container *old = make(t, "again"), *new = NULL;
	enum ctr_status s;

	need(t, ctr_destroy(old, 0, 0, &t->err) == 0, "a created one goes without force");
	new = make(t, "again");
	check(t,
	      ctr_container_status(old, &s, &t->err) == -ENOENT && t->err.code == CTR_E_NOT_FOUND,
	      "the old handle finds nothing");
	check(t, ctr_destroy(old, 1, 0, &t->err) == -ENOENT, "and destroys nothing");
	check(t, status_of(t, new) == CTR_CREATED, "the new one lives");
	ctr_container_free(old);
	end(t, new);
}

static void test_list(struct test *t)
{
	struct ctr_container *b = make(t, "list-b"), *a = make(t, "list-a");
	char **ids = NULL;
	size_t n = 0;

	check(t, ctr_list(t->f, &ids, &n, &t->err) == 0 && n == 2, "both are listed");
	check(t, n == 2 && !strcmp(ids[0], "list-a") && !strcmp(ids[1], "list-b"), "sorted");
	ctr_list_free(ids, n);
	end(t, a);
	end(t, b);
	check(t, ctr_list(t->f, &ids, &n, &t->err) == 0 && n == 0, "none is left");
	ctr_list_free(ids, n);
}

/* ---- many at once ---- */

enum { SLOW_S = 4 }; /* nobody waits for who waits for him: that takes five seconds to give up */

/* What may come of an operation while others do theirs; anything else is a race that nobody saw */
static bool is_expected(int code)
{
	switch (code) {
	case CTR_E_ID_IN_USE:
	case CTR_E_NOT_FOUND:
	case CTR_E_PAUSED:
	case CTR_E_NOT_STOPPED:
	case CTR_E_NOT_RUNNING:
	case CTR_E_NOT_PAUSED:
	case CTR_E_NO_PROCESS:
	case CTR_E_BUSY:
		return true;
	default:
		return false;
	}
}

static int storm_once(struct test *t, unsigned int n)
{
	struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	int r = ctr_load(t->f, "storm", &c, &t->err);

	if (r < 0 && t->err.code == CTR_E_NOT_FOUND && ctr_config_new(&cfg, &t->err) == 0)
		r = ctr_create(t->f, "storm", cfg, &c, &t->err);
	ctr_config_free(cfg);
	if (r == 0)
		r = operate(t, c, (enum op)(n % OPS));
	ctr_container_free(c);
	return r;
}

static int storm(struct test *t, const char *seed)
{
	unsigned int n = (unsigned int)seed[0] * 7919;
	time_t end = time(NULL) + 5;

	while (time(NULL) < end) {
		time_t start = time(NULL);

		n = n * 1103515245 + 12345;
		if ((storm_once(t, n >> 16) == 0 || is_expected(t->err.code)) &&
		    time(NULL) - start < SLOW_S)
			continue;
		fprintf(stderr, "%s of storm: %d s, %d %s: %s\n", table[(n >> 16) % OPS].name,
			(int)(time(NULL) - start), t->err.code, t->err.stage, t->err.text);
		return 1;
	}
	return 0;
}

static int wait_for_go(void)
{
	struct stat st;

	while (stat("/tmp/api_race_go", &st) < 0)
		;
	return 0;
}

static int start_racer(struct test *t, const char *id)
{
	struct ctr_container *c;

	if (ctr_load(t->f, id, &c, &t->err) < 0)
		return 100;
	return wait_for_go() < 0 || start_true(t, c) < 0 ? t->err.code : 0;
}

static int destroy_racer(struct test *t, const char *id)
{
	struct ctr_container *c;

	if (ctr_load(t->f, id, &c, &t->err) < 0)
		return 100;
	return wait_for_go() < 0 || ctr_destroy(c, 0, 0, &t->err) < 0 ? t->err.code : 0;
}

/* Without force a container goes as merely created, or starts its first process: never both. */
static void test_first(struct test *t)
{
	int started = 0, destroyed = 0;

	for (int i = 0; i < 60; i++) {
		struct ctr_container *c = make(t, "first");
		int a = -1, b = -1;
		pid_t p = fork(), q;

		if (p == 0)
			_exit(start_racer(t, "first"));
		q = fork();
		if (q == 0)
			_exit(destroy_racer(t, "first"));
		nap(20);
		close(open("/tmp/api_race_go", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		(void)waitpid(p, &a, 0);
		(void)waitpid(q, &b, 0);
		unlink("/tmp/api_race_go");
		check(t, (a == 0) != (b == 0), "round %d: start %x, destroy %x", i, a, b);
		started += a == 0;
		destroyed += b == 0;
		(void)ctr_destroy(c, 1, 0, &t->err);
		ctr_container_free(c);
	}
	printf("# %d started, %d destroyed\n", started, destroyed);
}

static void test_storm(struct test *t)
{
	static const char *const seeds[] = {"a", "b", "c", "d"};
	struct ctr_container *c;
	pid_t pids[COUNT(seeds)];

	for (size_t i = 0; i < COUNT(seeds); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(elsewhere(storm, seeds[i]));
	}
	for (size_t i = 0; i < COUNT(seeds); i++) {
		int status = -1;

		(void)waitpid(pids[i], &status, 0);
		check(t, status == 0, "process %zu saw nothing that it should not: %d", i, status);
	}
	if (ctr_load(t->f, "storm", &c, &t->err) == 0)
		end(t, c);
	check(t, seen_status("storm") == 100 + CTR_E_NOT_FOUND, "nothing is left");
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"ids", test_ids},	 {"race", test_race},	{"identity", test_identity},
	    {"list", test_list}, {"first", test_first}, {"storm", test_storm},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Being told that a container is out of memory, that it runs short of it, and that it is over. */
#include "api_test.h"

static bool is_ready(const struct ctr_notify *n, int ms)
{
	struct pollfd p = {.fd = ctr_notify_fd(n), .events = POLLIN};

	return poll(&p, 1, ms) == 1;
}

static struct ctr_container *small(struct test *t)
{
	struct ctr_container *c = make(t, "small");
	static const char *const limit[] = {"MemoryMax", "32M", "MemorySwapMax", "0", NULL};

	need(t, ctr_set(c, limit, &t->err) == 0, "a limit");
	return c;
}

static void test_oom(struct test *t)
{
	struct ctr_container *c = small(t);
	struct ctr_notify *n = NULL, *other = NULL;
	uint64_t kills = 9;
	struct ctr_process *p;
	int status;

	need(t, ctr_notify_oom(c, &n, &t->err) == 0, "it will be told");
	need(t, ctr_notify_oom(c, &other, &t->err) == 0, "so will somebody else");
	check(t, !is_ready(n, 0) && ctr_notify_read(n, &kills) == CTR_NOTICE_NONE, "nothing yet");
	check(t, kills == 0, "nobody was killed");
	p = run(t, c, "head -c 100000000 /dev/zero | tail");
	check(t, ctr_process_wait(p, 20000, &status, &t->err) == 0, "one takes too much");
	check(t, is_ready(n, 5000) && is_ready(other, 5000), "both hear of it");
	check(t, ctr_notify_read(n, NULL) == CTR_NOTICE_OOM, "what it was");
	for (int i = 0; i < 100 && kills == 0; i++, nap(10))
		(void)ctr_notify_read(n, &kills);
	check(t, kills == 1, "one was killed");
	check(t, ctr_notify_read(n, NULL) == CTR_NOTICE_NONE, "it is told once");
	ctr_notify_free(other);
	ctr_process_free(p);
	need(t, ctr_destroy(c, 1, 0, &t->err) == 0, "the container goes");
	check(t, is_ready(n, 2000) && ctr_notify_read(n, NULL) == CTR_NOTICE_GONE, "that is told");
	check(t, ctr_notify_read(n, NULL) == CTR_NOTICE_GONE, "and stays so");
	ctr_notify_free(n);
	ctr_notify_free(NULL);
	check(t, ctr_notify_oom(c, &n, &t->err) == -ENOENT, "there is nothing to be told of");
	ctr_container_free(c);
}

static void test_pressure(struct test *t)
{
	struct ctr_container *c = small(t);
	struct ctr_notify *low = NULL, *critical = NULL, *bad = NULL;
	struct ctr_process *p;

	need(t,
	     ctr_notify_pressure(c, CTR_PRESSURE_LOW, &low, &t->err) == 0 &&
		 ctr_notify_pressure(c, CTR_PRESSURE_CRITICAL, &critical, &t->err) == 0,
	     "two levels");
	check(t,
	      ctr_notify_pressure(c, (enum ctr_pressure_level)3, &bad, &t->err) == -EINVAL &&
		  t->err.code == CTR_E_CONFIG && !bad,
	      "no third");
	check(t, !is_ready(low, 0) && !is_ready(critical, 0), "there is room");
	/* pages of a file that is read can be taken back: that is low pressure */
	p = run(t, c,
		"head -c 100000000 /dev/zero >/var/cache/big; for i in 1 2 3; do "
		"cat /var/cache/big >/dev/null; done; rm /var/cache/big");
	check(t, is_ready(low, 20000), "memory runs short");
	check(t, ctr_notify_read(low, NULL) == CTR_NOTICE_PRESSURE, "and that is what is told");
	ctr_process_free(p);
	need(t, ctr_destroy(c, 1, 0, &t->err) == 0, "the container goes");
	check(t, is_ready(critical, 2000), "that is told");
	for (int i = 0; i < 3; i++) /* the level may have been reached, too */
		(void)ctr_notify_read(critical, NULL);
	check(t, ctr_notify_read(critical, NULL) == CTR_NOTICE_GONE, "as it was");
	ctr_notify_free(low);
	ctr_notify_free(critical);
	ctr_container_free(c);
}

/* Why PID 1 could not be made, and why it has ended; it is the first that the kernel takes here. */
static void test_end_by_oom(struct test *t)
{
	static const char *const tiny[] = {"Resources", "MemoryMax", "128K"};
	struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	struct ctr_process_spec spec = {.argv = (const char *const[]){"true", NULL}};
	struct ctr_process *p, *other;
	struct ctr_info info;
	char *path = NULL;
	int fd;

	need(t, ctr_config_new(&cfg, &t->err) == 0, "a configuration");
	need(t, ctr_config_set(cfg, tiny[0], tiny[1], tiny[2], &t->err) == 0,
	     "with next to nothing");
	check(t,
	      ctr_create(t->f, "tiny", cfg, &c, &t->err) == -ENOMEM &&
		  strstr(t->err.text, "out of memory"),
	      "is not made: %s", t->err.text);
	ctr_config_free(cfg);
	c = small(t);
	p = run(t, c, "exec sleep 1000");
	/* each has less than the limit, by which the score of PID 1 is raised */
	other = run(t, c,
		    "sleep 1; for i in 1 2 3; do head -c 100000000 /dev/zero | tail & done; wait");
	need(t, ctr_state(c, &info, &t->err) == 0, "its PID 1");
	if (asprintf(&path, "/proc/%d/oom_score_adj", info.init_pid) < 0)
		exit(3);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	need(t, fd >= 0 && write(fd, "1000", 4) == 4, "is the first to go");
	close(fd);
	free(path);
	check(t,
	      ctr_process_wait(p, 20000, NULL, &t->err) == -ESRCH &&
		  t->err.code == CTR_E_NO_PROCESS && strstr(t->err.text, "out of memory"),
	      "who waits is told: %s", t->err.text);
	ctr_process_free(p);
	ctr_process_free(other);
	spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = -1;
	check(t, ctr_start(c, &spec, &p, &t->err) == -ESRCH && strstr(t->err.text, "out of memory"),
	      "and who starts: %s", t->err.text);
	end(t, c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"oom", test_oom}, {"pressure", test_pressure}, {"end_by_oom", test_end_by_oom}};

	return test_main(argc, argv, groups, COUNT(groups));
}

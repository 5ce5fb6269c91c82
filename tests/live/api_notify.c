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

int main(int argc, char **argv)
{
	static const struct group groups[] = {{"oom", test_oom}, {"pressure", test_pressure}};

	return test_main(argc, argv, groups, COUNT(groups));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sys/wait.h>

#include "folder.h"
#include "ledger.h"

/* MUST-10: the newest checkpoint of a container is restored once, and no other. */

static int set_up(void **state)
{
	static struct folder f;

	folder_make(&f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	folder_remove(*state);
	return 0;
}

static void rule(void **state)
{
	static const struct {
		struct ledger l;
		uint64_t counter;
		bool check, admit;
	} t[] = {
	    {{0, 0, 0}, 0, false, false},
	    {{0, 0, 0}, 1, false, true},
	    {{5, 0, 0}, 5, true, true},
	    {{5, 4, 0}, 5, true, true},
	    {{5, 5, 0}, 5, false, false},
	    {{5, 0, 0}, 4, false, false},
	    {{5, 4, 0}, 4, false, false},
	    {{5, 5, 0}, 6, false, true},
	    {{5, 0, 0}, 0, false, false},
	    {{5, 5, 0}, INT64_MAX, false, true},
	    {{5, 5, 0}, 1ULL << 63, false, false},
	    {{5, 0, 0}, UINT64_MAX, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(ledger_allows(&t[i].l, LEDGER_CHECK, t[i].counter), t[i].check);
		assert_int_equal(ledger_allows(&t[i].l, LEDGER_ADMIT, t[i].counter), t[i].admit);
	}
}

static void next_is_always_larger(void **state)
{
	static const struct {
		uint64_t issued, now, next;
	} t[] = {
	    {0, 1000, 1000},	  {1000, 1000, 1001},
	    {2000, 1000, 2001}, /* the clock was set back */
	    {999, 1000, 1000},	  {INT64_MAX - 1, 1000, INT64_MAX},
	    {INT64_MAX, 1000, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct ledger l = {t[i].issued, 0, 0};

		assert_int_equal(ledger_next(&l, t[i].now), t[i].next);
	}
}

static void an_image_is_restored_once(void **state)
{
	struct folder *f = *state;
	struct ctr_error e = {0};
	uint64_t first, second;

	assert_int_equal(ledger_check(f->fd, "a-1", 1, NULL, &e), -ESTALE);
	assert_int_equal(e.code, CTR_E_IMAGE);
	assert_non_null(strstr(e.text, "not taken or imported here"));
	assert_int_equal(ledger_issue(f->fd, "a-1", &first, NULL), 0);
	assert_int_equal(ledger_check(f->fd, "a-1", first, NULL, NULL), 0);
	assert_int_equal(ledger_check(f->fd, "a-2", first, NULL, NULL), -ESTALE); /* of another */
	assert_int_equal(ledger_spend(f->fd, "a-1", first, NULL), 0);
	assert_int_equal(ledger_spend(f->fd, "a-1", first, &e), -ESTALE);
	assert_non_null(strstr(e.text, "restored before"));
	assert_int_equal(ledger_check(f->fd, "a-1", first, NULL, &e), -ESTALE);
	assert_int_equal(ledger_issue(f->fd, "a-1", &second, NULL), 0);
	assert_true(second > first);
	assert_int_equal(ledger_check(f->fd, "a-1", first, NULL, &e), -ESTALE);
	assert_int_equal(ledger_check(f->fd, "a-1", second, NULL, NULL), 0);
}

static void an_older_one_is_not_the_newest(void **state)
{
	struct folder *f = *state;
	struct ctr_error e = {0};
	uint64_t first, second;

	assert_int_equal(ledger_issue(f->fd, "a-1", &first, NULL), 0);
	assert_int_equal(ledger_issue(f->fd, "a-1", &second, NULL), 0);
	assert_int_equal(ledger_check(f->fd, "a-1", first, NULL, &e), -ESTALE);
	assert_non_null(strstr(e.text, "not the newest"));
	assert_int_equal(ledger_check(f->fd, "a-1", second, NULL, NULL), 0);
}

static void what_comes_from_elsewhere(void **state)
{
	struct folder *f = *state;
	bool imported = false;
	uint64_t own;

	assert_int_equal(ledger_admit(f->fd, "a-1", 7, NULL), 0);
	assert_int_equal(ledger_admit(f->fd, "a-1", 7, NULL), 0); /* once more, not restored yet */
	assert_int_equal(ledger_admit(f->fd, "a-1", 6, NULL), -ESTALE);
	assert_int_equal(ledger_check(f->fd, "a-1", 7, &imported, NULL), 0);
	assert_true(imported);
	assert_int_equal(ledger_spend(f->fd, "a-1", 7, NULL), 0);
	assert_int_equal(ledger_admit(f->fd, "a-1", 7, NULL), -ESTALE);
	assert_int_equal(ledger_admit(f->fd, "a-1", 8, NULL), 0);
	assert_int_equal(ledger_issue(f->fd, "a-1", &own, NULL), 0);
	assert_true(own > 8);
	assert_int_equal(ledger_check(f->fd, "a-1", own, &imported, NULL), 0);
	assert_false(imported);					    /* what was taken here since */
	assert_int_equal(ledger_admit(f->fd, "a-1", own, NULL), 0); /* and away and back */
	assert_int_equal(ledger_check(f->fd, "a-1", own, &imported, NULL), 0);
	assert_true(imported);
	assert_int_equal(ledger_admit(f->fd, "a-1", 9, NULL), -ESTALE);
}

/* MUST-8: what is no whole entry of ours is reported, and no checkpoint is believed. */
static void damaged_entries(void **state)
{
	static const char *const bad[] = {
	    "",
	    "pam_container-ledger 1\nissued 5\nspent 0",
	    "pam_container-ledger 1\nissued 5\n",
	    "pam_container-ledger 2\nissued 5\nspent 0\n",
	    "pam_container-ledger 1\nissued 05\nspent 0\n",
	    "pam_container-ledger 1\nissued -5\nspent 0\n",
	    "pam_container-ledger 1\nspent 0\nissued 5\n",
	    "pam_container-ledger 1\nissued 5\nspent 0\n\n",
	    "pam_container-ledger 1\nissued 99999999999999999999\nspent 0\n",
	    "pam_container-ledger 1\nissued 5\nspent 0\nadmitted 0\n",
	    "pam_container-ledger 1\nissued 5\nspent 0\nadmitted 5\nadmitted 5\n",
	    "pam_container-ledger 1\nissued 5\nspent 0\nimported 5\n",
	};
	struct folder *f = *state;
	struct ctr_error e;
	uint64_t counter = 77;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		folder_put(f->fd, "ledger/a-1", bad[i], strlen(bad[i]));
		assert_int_equal(fchmodat(f->fd, "ledger/a-1", 0600, 0), 0);
		assert_int_equal(ledger_check(f->fd, "a-1", 5, NULL, &e), -EBADMSG);
		assert_int_equal(e.code, CTR_E_STATE);
		assert_int_equal(ledger_issue(f->fd, "a-1", &counter, &e), -EBADMSG);
		assert_int_equal(ledger_admit(f->fd, "a-1", 9, &e), -EBADMSG);
	}
	assert_int_equal(counter, 77);
	assert_int_equal(unlinkat(f->fd, "ledger/a-1", 0), 0);
	assert_int_equal(ledger_issue(f->fd, "a-1", &counter, NULL), 0);
	assert_int_equal(fchmodat(f->fd, "ledger/a-1", 0640, 0), 0);
	assert_int_equal(ledger_check(f->fd, "a-1", counter, NULL, &e), -EBADMSG);
	assert_int_equal(unlinkat(f->fd, "ledger/a-1", 0), 0);
	assert_int_equal(symlinkat("../key", f->fd, "ledger/a-1"), 0);
	assert_int_equal(ledger_check(f->fd, "a-1", counter, NULL, &e), -EBADMSG);
	assert_int_equal(ledger_issue(f->fd, "../key", &counter, &e), -EINVAL); /* MUST-7 */
	assert_int_equal(e.code, CTR_E_INVALID_ID);
}

/* Many at once: no counter is given twice. */
static void counters_of_many_processes(void **state)
{
	enum { N = 4, EACH = 25 };
	struct folder *f = *state;
	uint64_t seen[N * EACH];
	pid_t pids[N];
	size_t n = 0;
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		for (int k = 0; pids[i] == 0 && k < EACH; k++) {
			uint64_t c;

			if (ledger_issue(f->fd, "a-1", &c, NULL) < 0 ||
			    fd_write_all(p[1], &c, sizeof(c)) < 0)
				_exit(1);
		}
		if (pids[i] == 0)
			_exit(0);
	}
	(void)close(p[1]);
	for (int i = 0; i < N; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(fd_read_all(p[0], seen, sizeof(seen)), sizeof(seen));
	(void)close(p[0]);
	for (n = 0; n < ARRAY_SIZE(seen); n++)
		for (size_t k = 0; k < n; k++)
			assert_int_not_equal(seen[n], seen[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    cmocka_unit_test(rule),	   cmocka_unit_test(next_is_always_larger),
	    T(an_image_is_restored_once),  T(an_older_one_is_not_the_newest),
	    T(what_comes_from_elsewhere),  T(damaged_entries),
	    T(counters_of_many_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

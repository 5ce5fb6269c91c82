/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgnotify.h"
#include "fd.h"
#include "str.h"
#include "tree.h"

/* A tree of files that looks like a group; what is told of real ones is in cg.notify of the live
 * tests. */
struct fake {
	char path[32];
	struct cg_facts facts;
	struct cg cg;
	int dir;
};

static void put(struct fake *f, const char *file, const char *text)
{
	int fd = openat(f->dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static void make(struct fake *f, bool v2, const char *controllers)
{
	struct cg_hierarchy *h = &f->facts.h[0];

	*f = (struct fake){.path = "/tmp/test_notify.XXXXXX", .facts = {.n = 1}};
	f->facts.layout = v2 ? CG_V2 : CG_V1;
	f->cg = (struct cg){.facts = &f->facts, .path = "g"};
	assert_non_null(mkdtemp(f->path));
	h->v2 = v2;
	assert_int_equal(str_copy(h->mount, sizeof(h->mount), f->path), 0);
	assert_int_equal(str_copy(h->controllers, sizeof(h->controllers), controllers), 0);
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(f->dir, "g", 0755), 0);
	(void)close(f->dir);
	assert_int_equal(chdir(f->path), 0);
	f->dir = open("g", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void done(struct fake *f)
{
	(void)close(f->dir);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(tree_remove(AT_FDCWD, f->path, NULL), 0);
}

static bool is_ready(const struct cgnotify *n)
{
	struct pollfd p = {.fd = n->fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void tells_by_memory_events(void **state)
{
	struct cgnotify n = CGNOTIFY_NONE;
	struct fake f;
	uint64_t kills;

	(void)state;
	make(&f, true, "memory,pids");
	put(&f, "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
	assert_int_equal(cgnotify_oom(&f.cg, &n, NULL), 0);
	assert_false(is_ready(&n));
	assert_int_equal(cgnotify_read(&n, &kills), CTR_NOTICE_NONE);
	assert_int_equal(kills, 0);
	put(&f, "memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\n");
	assert_true(is_ready(&n));
	assert_int_equal(cgnotify_read(&n, &kills), CTR_NOTICE_OOM);
	assert_int_equal(kills, 2);
	assert_int_equal(cgnotify_read(&n, &kills), CTR_NOTICE_NONE);
	assert_false(is_ready(&n));
	/* the descriptor keeps the file of this tree alive; those of a group go with it */
	(void)close(n.file);
	n.file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlinkat(f.dir, "memory.events", 0), 0);
	assert_true(is_ready(&n));
	assert_int_equal(cgnotify_read(&n, &kills), CTR_NOTICE_GONE);
	cgnotify_close(&n);
	cgnotify_close(&n);
	done(&f);
}

/* What the kernel is asked for: "EVENTFD FILE [LEVEL]" */
static void asks_by_event_control(void **state)
{
	static const struct {
		int level; /* -1: out of memory */
		const char *file, *word;
	} t[] = {
	    {-1, "memory.oom_control", ""},
	    {CTR_PRESSURE_LOW, "memory.pressure_level", "low"},
	    {CTR_PRESSURE_MEDIUM, "memory.pressure_level", "medium"},
	    {CTR_PRESSURE_CRITICAL, "memory.pressure_level", "critical"},
	};
	struct fake f;

	(void)state;
	make(&f, false, "memory");
	put(&f, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	put(&f, "memory.pressure_level", "");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cgnotify n = CGNOTIFY_NONE;
		char text[64], want[64];
		uint64_t kills, one = 1;

		put(&f, "cgroup.event_control", "");
		assert_int_equal(
		    t[i].level < 0
			? cgnotify_oom(&f.cg, &n, NULL)
			: cgnotify_pressure(&f.cg, (enum ctr_pressure_level)t[i].level, &n, NULL),
		    0);
		assert_true(fd_read_file_at(f.dir, "cgroup.event_control", text, sizeof(text)) > 0);
		assert_int_equal(str_format(want, sizeof(want), "%d ", n.event), 0);
		assert_memory_equal(text, want, strlen(want));
		assert_string_equal(strrchr(text, ' ') + 1, t[i].word);
		assert_false(is_ready(&n));
		assert_int_equal(write(n.event, &one, sizeof(one)), sizeof(one));
		assert_true(is_ready(&n));
		assert_int_equal(cgnotify_read(&n, &kills),
				 t[i].level < 0 ? CTR_NOTICE_OOM : CTR_NOTICE_PRESSURE);
		assert_int_equal(kills, 3);
		assert_int_equal(cgnotify_read(&n, &kills), CTR_NOTICE_NONE);
		cgnotify_close(&n);
	}
	done(&f);
}

static void says_what_is_missing(void **state)
{
	struct cgnotify n = CGNOTIFY_NONE;
	struct ctr_error err = {0};
	struct fake f;

	(void)state;
	make(&f, true, "pids");
	assert_int_equal(cgnotify_oom(&f.cg, &n, &err), -ENOTSUP);
	assert_int_equal(err.code, CTR_E_UNSUPPORTED);
	assert_int_equal(cgnotify_pressure(&f.cg, CTR_PRESSURE_LOW, &n, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "pressure"));
	f.cg.inherit = true;
	assert_int_equal(cgnotify_oom(&f.cg, &n, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "inherit"));
	f.cg.inherit = false;
	(void)!str_copy(f.facts.h[0].controllers, 128, "memory");
	assert_int_equal(cgnotify_oom(&f.cg, &n, &err), -ENOENT);
	assert_int_equal(n.fd, -1);
	done(&f);
}

/* Another window than two seconds needs CAP_SYS_RESOURCE. */
static void has_triggers_that_grow(void **state)
{
	(void)state;
	assert_string_equal(cgnotify_trigger(CTR_PRESSURE_LOW), "some 200000 2000000");
	assert_string_equal(cgnotify_trigger(CTR_PRESSURE_MEDIUM), "some 600000 2000000");
	assert_string_equal(cgnotify_trigger(CTR_PRESSURE_CRITICAL), "full 200000 2000000");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_by_memory_events),
	    cmocka_unit_test(asks_by_event_control),
	    cmocka_unit_test(says_what_is_missing),
	    cmocka_unit_test(has_triggers_that_grow),
	};

	return cmocka_run_group_tests_name("cgnotify", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "record.h"

static void fill(struct state *st)
{
	memset(st, 0, sizeof(*st));
	*st = (struct state){.id = "alice-1",
			     .definition = "box",
			     .rule = "students",
			     .user = "alice",
			     .service = "sshd",
			     .rhost = "a\"b\\c/\xc3\xa9",
			     .uid = 1000,
			     .instance = -1,
			     .keep = 1,
			     .oom_killed = 1,
			     .bare = 1,
			     .created_us = 1700000000000000,
			     .init = {4711, 123456},
			     .super = {4710, 123455},
			     .cgroup = "pam_container/alice-1",
			     .ns = {{"mnt", 4026531840}, {"pid", 4026531841}},
			     .nns = 2,
			     .text = "[Exec]\nHostname=box\n"};
}

static void writes_and_reads_the_same(void **state)
{
	struct state st, back;
	autofree char *text = NULL, *again = NULL;

	(void)state;
	fill(&st);
	text = record_format(&st);
	assert_non_null(text);
	assert_int_equal(record_parse(text, "alice-1", &back, NULL), 0);
	assert_int_equal(back.oom_killed, 1);
	assert_int_equal(back.bare, 1);
	again = record_format(&back); /* not byte for byte: between members there is padding */
	assert_string_equal(text, again);
	assert_string_equal(back.rhost, st.rhost);
	assert_int_equal(back.instance, -1);
	assert_int_equal(back.created_us, st.created_us);
	assert_int_equal(back.super.start_ticks, st.super.start_ticks);
	assert_int_equal(back.ns[1].inode, st.ns[1].inode);
}

/* MUST-8: whatever byte was changed, added or lost, none of it is believed. */
static void finds_every_changed_byte(void **state)
{
	struct state st, back = {.uid = 77};
	autofree char *text = NULL;
	size_t len;

	(void)state;
	fill(&st);
	text = record_format(&st);
	assert_non_null(text);
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		struct ctr_error e = {0};
		char old = text[i];

		for (unsigned int bit = 0; bit < 8; bit++) {
			text[i] = (char)(old ^ (1 << bit));
			assert_int_equal(record_parse(text, "alice-1", &back, &e), -EBADMSG);
			assert_int_equal(e.code, CTR_E_STATE);
		}
		text[i] = '\0'; /* torn here */
		assert_int_equal(record_parse(text, "alice-1", &back, NULL), -EBADMSG);
		text[i] = old;
	}
	assert_int_equal(back.uid, 77); /* untouched */
}

static void takes_the_longest_names(void **state)
{
	struct state st, back;
	autofree char *text = NULL;
	char id[STATE_ID_MAX + 1] = {0};

	(void)state;
	fill(&st);
	memset(id, 'x', STATE_ID_MAX);
	memcpy(st.id, id, sizeof(id));
	assert_int_equal(str_format(st.cgroup, sizeof(st.cgroup), "pam_container/%s", id), 0);
	text = record_format(&st);
	assert_int_equal(record_parse(text, id, &back, NULL), 0);
	free(text);
	assert_int_equal(str_format(st.cgroup, sizeof(st.cgroup), "a/container-%s.scope", id), 0);
	text = record_format(&st);
	assert_int_equal(record_parse(text, id, &back, NULL), 0);
}

static void finds_what_was_added(void **state)
{
	autofree char *text = NULL, *more = NULL, *extra = NULL;
	struct state st, back;

	(void)state;
	fill(&st);
	text = record_format(&st);
	more = str_dup_format("%s{}", text);
	extra = str_dup_format("{\"uid\":0,%s", text + 1);
	assert_int_equal(record_parse(more, "alice-1", &back, NULL), -EBADMSG);
	assert_int_equal(record_parse(extra, "alice-1", &back, NULL), -EBADMSG);
	assert_int_equal(record_parse(text, "alice-2", &back, NULL), -EBADMSG); /* foreign */
	assert_int_equal(record_parse("", "alice-1", &back, NULL), -EBADMSG);
	assert_int_equal(record_parse("[]", "alice-1", &back, NULL), -EBADMSG);
}

/* As release 0.1 wrote it, byte for byte: read by every later one. */
static const char stored[] =
    "{\"version\":1,\"id\":\"alice-1\",\"definition\":\"box\",\"rule\":\"students\","
    "\"user\":\"alice\",\"service\":\"sshd\",\"rhost\":\"10.0.0.1\",\"tty\":\"ssh\",\"uid\":1000,"
    "\"instance\":0,\"keep\":0,\"started\":1,\"stopped\":0,\"exit_status\":0,"
    "\"created_us\":1700000000000000,\"init.pid\":4711,\"super.pid\":4710,"
    "\"init.start_ticks\":123456,\"super.start_ticks\":123455,"
    "\"cgroup\":\"pam_container\\/alice-1\",\"cgroup_inherit\":0,"
    "\"text\":\"[Exec]\\nHostname=box\\n\",\"namespaces\":{\"mnt\":4026531840,\"pid\":4026531841}";

/* With its sum, as whoever wrote it would have put it there. */
static char *with_sum(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *s = text; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	h = (h ^ '}') * 0x100000001b3;
	return str_dup_format("%s,\"sum\":\"%016llx\"}", text, (unsigned long long)h);
}

static void reads_what_an_older_release_wrote(void **state)
{
	autofree char *text = with_sum(stored);
	struct ctr_error err = {0};
	struct state st;

	(void)state;
	if (record_parse(text, "alice-1", &st, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(st.user, "alice");
	assert_true(st.uid == 1000 && st.init.pid == 4711 && st.init.start_ticks == 123456);
	assert_true(st.nns == 2 && st.ns[1].inode == 4026531841);
	assert_string_equal(st.text, "[Exec]\nHostname=box\n");
	assert_true(st.oom_killed == 0 && st.bare == 0); /* it knew nothing of these */
}

/* What was added is passed over; a later version is told from a damaged record. */
static void knows_a_later_release(void **state)
{
	autofree char *added = str_dup_format("%s,\"color\":\"red\",\"list\":[1,{}]", stored);
	autofree char *more = with_sum(added), *later = with_sum(added), *lie = NULL;
	struct state st, untouched = {.uid = 77};
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(record_parse(more, "alice-1", &st, NULL), 0);
	free(later);
	added[strlen("{\"version\":")] = '9';
	later = with_sum(added);
	assert_int_equal(record_parse(later, "alice-1", &untouched, &err), -ENOTSUP);
	assert_int_equal(err.code, CTR_E_UNSUPPORTED);
	assert_non_null(strstr(err.text, "later release"));
	assert_int_equal(untouched.uid, 77);
	later[strlen("{\"version\":9,\"id\":\"a")] = 'x'; /* its number may be what was changed */
	assert_int_equal(record_parse(later, "alice-1", &st, &err), -EBADMSG);
	added[strlen("{\"version\":")] = '0';
	lie = with_sum(added);
	assert_int_equal(record_parse(lie, "alice-1", &st, &err), -EBADMSG);
}

/* What an own sum does not make true: groups of others, numbers that mean nothing */
static void refuses_nonsense(void **state)
{
	static const struct {
		const char *cgroup;
		int want;
	} t[] = {
	    {"pam_container/alice-1", 0},
	    {"user.slice/container-alice-1.scope", 0},
	    {"user.slice/container-alice-1.scope/payload", 0},
	    {"", 0},
	    {"pam_container/alice-2", -EBADMSG},
	    {"pam_container/../alice-1", -EBADMSG},
	    {"user.slice/container-alice-1.scope/../..", -EBADMSG},
	    {"alice-1", -EBADMSG},
	    {"/pam_container/alice-1", -EBADMSG},
	    {"pam_container/alice-1/", -EBADMSG},
	    {"user.slice", -EBADMSG},
	    {"..", -EBADMSG},
	};
	struct state st, back;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		autofree char *text = NULL;

		fill(&st);
		assert_int_equal(str_copy(st.cgroup, sizeof(st.cgroup), t[i].cgroup), 0);
		text = record_format(&st);
		assert_int_equal(record_parse(text, "alice-1", &back, NULL), t[i].want);
	}
	for (int i = 0; i < 5; i++) {
		int *const field[] = {&st.started, &st.stopped, &st.init.pid, &st.super.pid,
				      &st.oom_killed};
		autofree char *text = NULL;

		fill(&st);
		*field[i] = -2;
		text = record_format(&st);
		assert_int_equal(record_parse(text, "alice-1", &back, NULL), -EBADMSG);
	}
}

/* MUST-8: the file must be a plain one, and its owner's alone. */
static void reads_only_a_private_file(void **state)
{
	char dir[] = "/tmp/test_record.XXXXXX";
	struct state st, back;
	struct ctr_error e;
	autofd int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	fill(&st);
	assert_int_equal(record_read(fd, "alice-1", &back, &e), -ENOENT);
	assert_int_equal(e.code, CTR_E_STATE);
	assert_int_equal(record_write(fd, &st, NULL), 0);
	assert_int_equal(record_read(fd, "alice-1", &back, NULL), 0);
	assert_int_equal(fchmodat(fd, "state.json", 0640, 0), 0);
	assert_int_equal(record_read(fd, "alice-1", &back, &e), -EBADMSG);
	assert_int_equal(fchmodat(fd, "state.json", 0600, 0), 0);
	assert_int_equal(renameat(fd, "state.json", fd, "real"), 0);
	assert_int_equal(symlinkat("real", fd, "state.json"), 0);
	assert_int_equal(record_read(fd, "alice-1", &back, &e), -EBADMSG);
	assert_int_equal(unlinkat(fd, "state.json", 0), 0);
	assert_int_equal(mkfifoat(fd, "state.json", 0600), 0);
	assert_int_equal(record_read(fd, "alice-1", &back, &e), -EBADMSG);
	assert_int_equal(unlinkat(fd, "state.json", 0), 0);
	assert_int_equal(unlinkat(fd, "real", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_and_reads_the_same),
	    cmocka_unit_test(finds_every_changed_byte),
	    cmocka_unit_test(takes_the_longest_names),
	    cmocka_unit_test(finds_what_was_added),
	    cmocka_unit_test(reads_what_an_older_release_wrote),
	    cmocka_unit_test(knows_a_later_release),
	    cmocka_unit_test(refuses_nonsense),
	    cmocka_unit_test(reads_only_a_private_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

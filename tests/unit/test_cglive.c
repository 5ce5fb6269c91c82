/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgline.h"
#include "cglive.h"
#include "str.h"

static const struct cg_hierarchy v1 = {.mount = "/v1", .controllers = "blkio,devices"};
static const struct cg_hierarchy v2 = {.mount = "/v2", .controllers = "io", .v2 = true};

/* Appends the writes as "FILE VALUE;", without the folders of the file's name. */
static void text_of(const struct cgset *set, size_t from, char *dst, size_t size)
{
	assert_int_equal(str_copy(dst, size, ""), 0);
	for (size_t i = from; i < set->n; i++) {
		const char *dot = strrchr(set->v[i].file, '.');
		size_t len = strlen(dst);

		assert_int_equal(
		    str_format(dst + len, size - len, "%s %s;", dot + 1, set->v[i].value), 0);
	}
}

static void lifts_io_limits(void **state)
{
	static const struct {
		const struct cg_hierarchy *h;
		const char *text, *planned, *writes;
	} t[] = {
	    {&v1, "", NULL, ""},
	    {&v1, "8:0 1024\n8:16 5\n", NULL, "read_bps_device 8:0 0;read_bps_device 8:16 0;"},
	    {&v1, "8:0 1024\n8:16 5\n", "8:0 99", "read_bps_device 8:16 0;"},
	    {&v1, "8:01 1024\n", "8:0 99", "read_bps_device 8:01 0;"},
	    {&v1, "garbage\n", NULL, ""},
	    {&v2, "8:0 rbps=1 wbps=max riops=7 wiops=max\n", NULL,
	     "max 8:0 rbps=max;max 8:0 riops=max;"},
	    {&v2, "8:0 rbps=1 wbps=max riops=7 wiops=max\n", "8:0 rbps=5", "max 8:0 riops=max;"},
	    {&v2, "8:0 rbps=max wbps=max riops=max wiops=2\n8:1 rbps=3\n", "8:0 wiops=5",
	     "max 8:1 rbps=max;"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct cgset_item item = {
		    .file = t[i].h->v2 ? "io.max" : "blkio.throttle.read_bps_device", .h = t[i].h};
		autocgset struct cgset set = {0};
		char text[256];

		if (t[i].planned)
			assert_int_equal(cgset_add(&set, item, t[i].planned, NULL), 0);
		assert_int_equal(cglive_io(t[i].text, &item, &set), 0);
		text_of(&set, t[i].planned ? 1 : 0, text, sizeof(text));
		assert_string_equal(text, t[i].writes);
	}
}

static void lifts_lines(void **state)
{
	static const struct {
		const char *text, *lift, *planned, *writes;
	} t[] = {
	    {"lo 0\neth0 5\n", "0", NULL, "ifpriomap eth0 0;"},
	    {"lo 3\neth0 5\n", "0", "eth0 9", "ifpriomap lo 0;"},
	    {"eth01 3\n", "0", "eth0 9", "ifpriomap eth01 0;"},
	    {"default 100\n8:0 5\n", "default", NULL, "ifpriomap 8:0 default;"},
	    {"", "0", NULL, ""},
	    {"m hca_handle=2 hca_object=max\nn hca_handle=max hca_object=max\n",
	     "hca_handle=max hca_object=max", NULL, "ifpriomap m hca_handle=max hca_object=max;"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct cgset_item item = {.file = "net_prio.ifpriomap", .h = &v1};
		autocgset struct cgset set = {0};
		char text[256];

		if (t[i].planned)
			assert_int_equal(cgset_add(&set, item, t[i].planned, NULL), 0);
		assert_int_equal(cgline_lift(t[i].text, &item, t[i].lift, &set), 0);
		text_of(&set, t[i].planned ? 1 : 0, text, sizeof(text));
		assert_string_equal(text, t[i].writes);
	}
}

static const struct cgdev_rule all[] = {{'a', -1, -1, CGDEV_ALL}};
static const struct cgdev_rule two[] = {{'c', -1, -1, CGDEV_MKNOD}, {'c', 1, 3, CGDEV_ALL}};

static void changes_devices(void **state)
{
	static const struct {
		const char *text;
		const struct cgdev_rule *rules;
		size_t n;
		const char *writes;
	} t[] = {
	    {"a *:* rwm\n", all, 1, ""},
	    {"a *:* rwm\n", two, 2, "deny a;allow c *:* m;allow c 1:3 rwm;"},
	    {"c 1:3 rwm\n", all, 1, "allow c 1:3 rwm;allow a;"},
	    {"c *:* m\nc 1:3 rwm\n", two, 2, ""},
	    {"c *:* m\nc 1:3 rwm\nb 8:0 rw\n", two, 2, "deny b 8:0 rw;"},
	    {"c *:* m\nc 1:3 r\nc 1:5 rwm\n", two, 2, "allow c 1:3 wm;deny c 1:5 rwm;"},
	    {"c *:* rwm\nc 1:3 rwm\n", two, 2, "deny c *:* rw;"},
	    {"", two, 2, "allow c *:* m;allow c 1:3 rwm;"},
	    {"nonsense\nc 1:3 rwm\nc x:1 r\n", two, 2, "allow c *:* m;"},
	    {"b 7:* rw\n", two, 0, "deny b 7:* rw;"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		autocgset struct cgset set = {0};
		char text[256];

		assert_int_equal(cglive_devices(t[i].text, t[i].rules, t[i].n, &v1, &set), 0);
		text_of(&set, 0, text, sizeof(text));
		assert_string_equal(text, t[i].writes);
		/* what is allowed is undone by a denial of the same, and back; a list before
		 * "everything" is allowed again */
		for (size_t k = 0; k < set.n; k++) {
			bool again = t[i].rules == all && k + 1 < set.n;

			assert_string_equal(set.v[k].value, set.v[k].undo);
			assert_int_equal(strcmp(set.v[k].file, set.v[k].undo_file) == 0, again);
		}
	}
}

static void says_when_the_list_is_too_long(void **state)
{
	autocgset struct cgset set = {0};
	char text[8192] = "";

	(void)state;
	for (int i = 0; i <= CGDEV_MAX; i++)
		assert_int_equal(
		    str_format(text + strlen(text), sizeof(text) - strlen(text), "c 1:%d r\n", i),
		    0);
	assert_int_equal(cglive_devices(text, two, 2, &v1, &set), -E2BIG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lifts_io_limits),
	    cmocka_unit_test(lifts_lines),
	    cmocka_unit_test(changes_devices),
	    cmocka_unit_test(says_when_the_list_is_too_long),
	};

	return cmocka_run_group_tests_name("cglive", tests, NULL, NULL);
}

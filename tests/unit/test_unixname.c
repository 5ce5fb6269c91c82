/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>

#include "unixname.h"

#define HEAD		  "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define LINE(inode, name) "ffff0000: 00000002 00000000 00010000 0001 01 " inode name "\n"

static struct strv list_of(const char *const *lines)
{
	struct strv list = {0};

	for (; *lines; lines++)
		assert_int_equal(strv_add(&list, *lines), 0);
	return list;
}

static const char *const host[] = {
    "21 1 254:0 / / rw - ext4 /dev/vda rw",
    "22 21 0:25 / /srv/memory rw - tmpfs tmpfs rw",
    NULL,
};

static const char *const inside[] = {
    "64 42 254:0 / / rw - ext4 /dev/vda rw",
    "65 64 0:25 / /srv/memory rw - tmpfs tmpfs rw",
    "66 64 0:50 / /tmp rw - tmpfs none rw",
    "67 66 254:0 /home/a /tmp/bound rw - ext4 /dev/vda rw",
    NULL,
};

/* MUST-5: a name is saved where nobody else reaches it */
static void names(void **state)
{
	static const struct {
		const char *table, *want; /* NULL: none */
	} t[] = {
	    {HEAD, NULL},
	    {HEAD LINE("7", ""), NULL},
	    {HEAD LINE("7", " @abstract"), NULL},
	    {HEAD LINE("7", " /tmp/s"), NULL},
	    {HEAD LINE("7", " /tmp"), NULL},
	    {HEAD LINE("7", " /tmpx/s"), "/tmpx/s"},
	    {HEAD LINE("7", " /tmp/bound/s"), "/tmp/bound/s"},
	    {HEAD LINE("7", " /home/a/s"), "/home/a/s"},
	    {HEAD LINE("7", " /srv/memory/s"), "/srv/memory/s"},
	    {HEAD LINE("7", " relative"), "relative"},
	    {HEAD LINE("8", " /home/a/s"), NULL},
	    {HEAD LINE("8", " /home/b") LINE("7", " /tmp/s") LINE("7", " /home/a b"), "/home/a b"},
	};
	uint64_t inodes[] = {6, 7};
	const struct sockown owned = {inodes, NULL, 2};
	struct strv container = list_of(inside), hosts = list_of(host);
	const struct unixname_mounts mounts = {&container, &hosts};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char *got = NULL;

		assert_int_equal(unixname_find(t[i].table, &owned, &mounts, &got), 0);
		if (t[i].want)
			assert_string_equal(got, t[i].want);
		else
			assert_null(got);
		free(got);
	}
	strv_done(&container);
	strv_done(&hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

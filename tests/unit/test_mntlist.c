/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "mntlist.h"

static struct strv list_of(const char *const *lines)
{
	struct strv list = {0};

	for (; *lines; lines++)
		assert_int_equal(strv_add(&list, *lines), 0);
	return list;
}

static const char *const host[] = {
    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "22 21 0:25 / /srv/memory rw,nosuid - tmpfs tmpfs rw,size=4k",
    "23 21 0:5 / /proc rw - proc proc rw",
    NULL,
};

static const char *const inside[] = {
    "64 42 254:0 / / ro,nosuid,nodev master:1 - ext4 /dev/vda rw",
    "65 64 0:25 / /srv/memory ro,nosuid - tmpfs tmpfs rw,size=4k",
    "66 64 0:40 / /dev rw,nosuid,noexec - tmpfs none rw,size=1024k",
    "67 66 0:41 / /dev/pts rw,nosuid - devpts none rw,gid=5,mode=620",
    "70 66 0:40 /null /dev/console rw,nosuid - tmpfs none rw,size=1024k",
    "73 64 0:43 / /proc rw,nosuid - proc none rw,hidepid=invisible",
    "74 64 0:22 / /sys ro - sysfs none rw",
    "88 73 0:43 /sys /proc/sys ro - proc none rw,hidepid=invisible",
    "89 73 0:44 / /proc/acpi ro,nosuid - tmpfs none rw,size=4k,nr_inodes=1,mode=000",
    "90 64 0:45 / /run rw,nosuid - tmpfs none rw,size=4k,nr_inodes=10,mode=755",
    "93 64 254:0 /home/a\\040b /home/a\\040b rw master:1 - ext4 /dev/vda rw",
    NULL,
};

static void what_is_not_its_own_is_external(void **state)
{
	static const char *const want[] = {"/srv/memory", "/sys", "/proc/acpi", "/home/a b"};
	struct strv lines = list_of(inside), hosts = list_of(host), got = {0};

	(void)state;
	assert_int_equal(mntlist_externals(&lines, &hosts, &got), 0);
	assert_int_equal(got.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < got.n; i++)
		assert_string_equal(got.v[i], want[i]);
	strv_done(&got);
	strv_done(&lines);
	strv_done(&hosts);
}

static struct strv walls_of(const char *const *lines)
{
	struct strv parsed = list_of(lines), hosts = list_of(host), walls = {0};

	assert_int_equal(mntlist_walls(&parsed, &hosts, &walls), 0);
	strv_done(&parsed);
	strv_done(&hosts);
	return walls;
}

/* MUST-10: each kind of difference is seen, numbers and order are none */
static void differences(void **state)
{
	static const struct {
		const char *line; /* instead of number i */
		size_t i;
		bool same;
	} t[] = {
	    {"164 142 254:0 / / ro,nosuid,nodev master:7 - ext4 /dev/vda rw", 0, true},
	    {"64 42 254:0 / / rw,nosuid,nodev master:1 - ext4 /dev/vda rw", 0, false},
	    {"64 42 254:0 / / ro,nosuid,nodev shared:1 - ext4 /dev/vda rw", 0, false},
	    {"64 42 254:0 /srv / ro,nosuid,nodev master:1 - ext4 /dev/vda rw", 0, false},
	    {"73 64 0:99 / /proc rw,nosuid - proc none rw,hidepid=invisible", 5, true},
	    {"73 64 0:43 / /proc rw,nosuid - proc none rw", 5, false},
	    {"73 64 0:43 / /proc rw,nosuid - tmpfs none rw,hidepid=invisible", 5, false},
	    {"73 64 0:43 / /prok rw,nosuid - proc none rw,hidepid=invisible", 5, false},
	    {"88 73 0:43 /sys /proc/sys rw - proc none rw,hidepid=invisible", 7, false},
	    {"66 64 0:40 / /dev rw,nosuid,noexec - tmpfs none rw,size=2048k", 2, false},
	    {"73 64 0:43 / /proc rw,nosuid - proc none rw,hidepid=invisible", 7, false},
	};
	struct strv want = walls_of(inside);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const char *lines[ARRAY_SIZE(inside)];
		struct ctr_error err = {0};
		struct strv have;

		memcpy(lines, inside, sizeof(lines));
		lines[t[i].i] = t[i].line;
		have = walls_of(lines);
		assert_int_equal(mntlist_compare(&want, &have, &err), t[i].same ? 0 : -EPERM);
		strv_done(&have);
	}
	strv_done(&want);
}

static void more_and_fewer(void **state)
{
	const char *fewer[ARRAY_SIZE(inside)] = {0};
	struct strv want = walls_of(inside), have;

	(void)state;
	memcpy(fewer, inside, (ARRAY_SIZE(inside) - 2) * sizeof(*fewer));
	have = walls_of(fewer);
	assert_int_equal(mntlist_compare(&want, &have, NULL), -EPERM);
	assert_int_equal(mntlist_compare(&have, &want, NULL), -EPERM);
	assert_int_equal(mntlist_compare(&have, &have, NULL), 0);
	strv_done(&have);
	strv_done(&want);
}

/* MUST-5: a point that is another file system, or another part of it, than was prepared */
static void sources(void **state)
{
	static const char *const maker[] = {
	    "164 142 254:0 / / rw - ext4 /dev/vda rw",
	    "200 164 254:0 / /run/c/tree rw - ext4 /dev/vda rw",
	    "201 200 254:0 /home/a\\040b /run/c/tree/home/a\\040b rw - ext4 /dev/vda rw",
	    "202 200 8:1 / /run/c/tree/srv rw - ext4 /dev/sda1 rw",
	    "203 200 8:2 / /home/a\\040b rw - ext4 /dev/sda2 rw",
	    NULL,
	};
	static const struct {
		const char *home, *srv;
		int want;
	} t[] = {
	    {"9 1 254:0 /home/a\\040b /home/a\\040b rw - ext4 /dev/vda rw",
	     "8 1 8:1 / /srv rw - ext4 /dev/sda1 rw", 0},
	    {"9 1 254:0 /etc /home/a\\040b rw - ext4 /dev/vda rw",
	     "8 1 8:1 / /srv rw - ext4 /dev/sda1 rw", -EPERM},
	    {"9 1 254:0 /home/a\\040b /home/a\\040b rw - ext4 /dev/vda rw",
	     "8 1 8:2 / /srv rw - ext4 /dev/sda1 rw", -EPERM},
	    {"9 1 254:0 /home/a\\040b /home/a\\040b rw - ext4 /dev/vda rw",
	     "8 1 8:1 / /srw rw - ext4 /dev/sda1 rw", -EPERM},
	};
	static const char *const points[] = {"/home/a b", "/srv", NULL};
	struct strv made = list_of(maker), want = list_of(points);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const char *const lines[] = {t[i].home, t[i].srv, NULL};
		struct strv is = list_of(lines);
		const struct mntlist_pair pair = {&is, &made, "/run/c/tree"};

		assert_int_equal(mntlist_same(&pair, &want, NULL), t[i].want);
		strv_done(&is);
	}
	strv_done(&made);
	strv_done(&want);
}

static void bad_lines(void **state)
{
	static const char *const bad[] = {"", "1 2 3", "64 42 254:0 / / ro", "64 42 - a b c", NULL};
	struct strv hosts = list_of(host), ret = {0};

	(void)state;
	for (size_t i = 0; bad[i]; i++) {
		const char *const one[] = {bad[i], NULL};
		struct strv lines = list_of(one);

		assert_int_equal(mntlist_externals(&lines, &hosts, &ret), -EBADMSG);
		assert_int_equal(mntlist_walls(&lines, &hosts, &ret), -EBADMSG);
		assert_null(ret.v);
		strv_done(&lines);
	}
	strv_done(&hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_its_own_is_external),
	    cmocka_unit_test(differences),
	    cmocka_unit_test(more_and_fewer),
	    cmocka_unit_test(sources),
	    cmocka_unit_test(bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

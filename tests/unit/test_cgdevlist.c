/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgdevlist.h"

static const char devices[] = "Character devices:\n"
			      "  1 mem\n"
			      "  4 /dev/vc/0\n"
			      "  4 tty\n"
			      "  4 ttyS\n"
			      "136 pts\n"
			      "203 cpu/cpuid\n"
			      "\n"
			      "Block devices:\n"
			      "  7 loop\n"
			      "259 blkext\n"
			      "253 mem\n";

static void finds_drivers(void **state)
{
	static const struct {
		char type;
		const char *pattern;
		int n, first;
	} t[] = {
	    {'c', "mem", 1, 1},	    {'b', "mem", 1, 253},  {'c', "pts", 1, 136},
	    {'c', "tty*", 1, 4},    {'c', "loop", 0, 0},   {'b', "loop", 1, 7},
	    {'c', "cpu/*", 1, 203}, {'b', "blk*", 1, 259}, {'c', "", 0, 0},
	};
	int ret[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ret[0] = 0;
		assert_int_equal(cgdevlist_driver(devices, t[i].type, t[i].pattern, ret, 2),
				 t[i].n);
		assert_int_equal(ret[0], t[i].first);
	}
	assert_int_equal(cgdevlist_driver(devices, 'c', "*", ret, 2), -E2BIG);
	assert_int_equal(cgdevlist_driver("", 'c', "*", ret, 2), 0);
	assert_int_equal(cgdevlist_driver("Character devices:\n x y\n", 'c', "*", ret, 2), 0);
}

static void reads_access(void **state)
{
	(void)state;
	assert_int_equal(cgdevlist_access("rwm"), CGDEV_ALL);
	assert_int_equal(cgdevlist_access("r"), CGDEV_READ);
	assert_int_equal(cgdevlist_access("mw"), CGDEV_MKNOD | CGDEV_WRITE);
	assert_int_equal(cgdevlist_access(""), 0);
}

/** struct row - a definition and whether one access is allowed by its list */
struct row {
	const char *policy, *allow, *deny;
	char type;
	int major, minor;
	unsigned int access;
	bool allowed;
};

static bool allows(const struct cgdev_rule *v, size_t n, const struct row *t)
{
	for (size_t i = 0; i < n; i++)
		if ((v[i].access & CGDEV_DENY) && v[i].type == t->type &&
		    (v[i].access & t->access) && (v[i].major < 0 || v[i].major == t->major) &&
		    (v[i].minor < 0 || v[i].minor == t->minor))
			return false;
	for (size_t i = 0; i < n; i++)
		if ((v[i].type == 'a' || v[i].type == t->type) &&
		    (v[i].major < 0 || v[i].major == t->major) &&
		    (v[i].minor < 0 || v[i].minor == t->minor) &&
		    (v[i].access & t->access) == t->access)
			return true;
	return false;
}

static void lists_a_definition(void **state)
{
	static const struct row t[] = {
	    {"closed", NULL, NULL, 'c', 1, 3, CGDEV_ALL, true},
	    {"closed", NULL, NULL, 'c', 136, 77, CGDEV_ALL, true},
	    {"closed", NULL, NULL, 'c', 5, 2, CGDEV_ALL, true},
	    {"closed", NULL, NULL, 'c', 1, 1, CGDEV_MKNOD, true},
	    {"closed", NULL, NULL, 'c', 1, 1, CGDEV_READ, false}, /* mem */
	    {"closed", NULL, NULL, 'c', 4, 1, CGDEV_READ, false}, /* another's console */
	    {"closed", NULL, NULL, 'b', 8, 0, CGDEV_MKNOD, true},
	    {"closed", NULL, NULL, 'b', 8, 0, CGDEV_READ, false},
	    {"closed", "/dev/full r", NULL, 'c', 1, 3, CGDEV_ALL, true},
	    {"closed", "char-mem r", NULL, 'c', 1, 1, CGDEV_READ, true},
	    {"closed", "char-mem r", NULL, 'c', 1, 1, CGDEV_WRITE, false},
	    {"closed", "block-* rw", NULL, 'b', 8, 0, CGDEV_READ | CGDEV_WRITE, true},
	    {"strict", NULL, NULL, 'c', 1, 3, CGDEV_ALL, true},
	    {"strict", NULL, NULL, 'c', 1, 9, CGDEV_READ, false},
	    {"strict", "/dev/urandom r", NULL, 'c', 1, 9, CGDEV_READ, true},
	    {"strict", "/dev/urandom r", NULL, 'c', 1, 9, CGDEV_WRITE, false},
	    {"auto", NULL, NULL, 'b', 8, 0, CGDEV_ALL, true},
	    {"auto", "/dev/full r", NULL, 'b', 8, 0, CGDEV_READ, false},
	    {"auto", "/dev/full r", NULL, 'c', 1, 3, CGDEV_ALL, true},
	    {"closed", NULL, "/dev/full r", 'c', 1, 7, CGDEV_READ, false},
	    {"closed", NULL, "/dev/full r", 'c', 1, 7, CGDEV_WRITE, true},
	    {"closed", NULL, "/dev/full", 'c', 1, 7, CGDEV_MKNOD, true}, /* of no use */
	    {"closed", NULL, "char-pts", 'c', 136, 4, CGDEV_READ, false},
	    {"closed", "char-mem rw", "char-mem w", 'c', 1, 1, CGDEV_READ, true},
	    {"closed", "char-mem rw", "char-mem w", 'c', 1, 3, CGDEV_WRITE, false},
	    {"auto", NULL, "/dev/full", 'c', 1, 7, CGDEV_READ, false},
	    {"auto", NULL, "/dev/full", 'b', 8, 0, CGDEV_ALL, true},
	    {"auto", NULL, "block-* w", 'b', 8, 0, CGDEV_WRITE, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cgdev_rule v[CGDEV_MAX];
		autospec struct spec *spec = spec_new();
		size_t n = 0;

		assert_int_equal(spec_set(spec, "Resources", "DevicePolicy", t[i].policy, NULL), 0);
		if (t[i].allow)
			assert_int_equal(
			    spec_set(spec, "Resources", "DeviceAllow", t[i].allow, NULL), 0);
		if (t[i].deny)
			assert_int_equal(spec_set(spec, "Resources", "DeviceDeny", t[i].deny, NULL),
					 0);
		assert_int_equal(cgdev_list(spec, v, ARRAY_SIZE(v), &n, NULL), 0);
		if (allows(v, n, &t[i]) != t[i].allowed)
			fail_msg("row %zu", i);
		assert_int_equal(cgdevlist_allows_all(v, n),
				 strcmp(t[i].policy, "auto") == 0 && !t[i].allow && !t[i].deny);
	}
}

static void refuses_what_is_no_device(void **state)
{
	static const struct {
		const char *section, *key, *value, *text;
	} t[] = {
	    {"Resources", "DeviceAllow", "/dev/no-such-node rw", "no-such-node"},
	    {"Resources", "DeviceAllow", "/dev/fd rw", "not a device"},
	    {"Resources", "DeviceAllow", "char-no-such-driver rw", "no driver"},
	    {"Resources", "DeviceDeny", "/dev/no-such-node rw", "DeviceDeny=/dev/no-such-node"},
	    {"Files", "Devices", "/dev/no-such-node", "Devices=/dev/no-such-node"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		autospec struct spec *spec = spec_new();
		struct cgdev_rule v[CGDEV_MAX];
		struct ctr_error err = {0};
		size_t n = 7;

		assert_int_equal(spec_set(spec, t[i].section, t[i].key, t[i].value, NULL), 0);
		assert_true(cgdev_list(spec, v, ARRAY_SIZE(v), &n, &err) < 0);
		assert_int_equal(err.code, CTR_E_CONFIG);
		assert_non_null(strstr(err.text, t[i].text));
		assert_int_equal(n, 7);
	}
}

static void says_when_it_is_too_long(void **state)
{
	autospec struct spec *spec = spec_new();
	struct cgdev_rule v[4];
	size_t n;

	(void)state;
	assert_int_equal(cgdev_list(spec, v, 4, &n, NULL), -E2BIG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_drivers),
	    cmocka_unit_test(reads_access),
	    cmocka_unit_test(lists_a_definition),
	    cmocka_unit_test(refuses_what_is_no_device),
	    cmocka_unit_test(says_when_it_is_too_long),
	};

	return cmocka_run_group_tests_name("cgdevlist", tests, NULL, NULL);
}

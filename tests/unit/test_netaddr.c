/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "netaddr.h"

static struct netaddr of(const char *text)
{
	struct netaddr a;

	if (netaddr_parse(text, &a) < 0)
		fail_msg("%s", text);
	return a;
}

static void reads_and_writes(void **state)
{
	static const struct {
		const char *text, *back;
	} rows[] = {
	    {"10.0.0.1", "10.0.0.1/32"},
	    {"10.0.0.1/8", "10.0.0.1/8"},
	    {"2001:DB8:0::1/64", "2001:db8::1/64"},
	    {"::/0", "::/0"},
	    {"10.0.0.1/", NULL},
	    {"10.0.0.1/33", NULL},
	    {"10.0.0", NULL},
	    {"", NULL},
	    {"::1/129", NULL},
	    {"10.0.0.1/+8", NULL},
	    {"fe80::1%eth0", NULL},
	    {"1.2.3.4 ", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct netaddr a;
		char text[NETADDR_TEXT];

		assert_int_equal(netaddr_parse(rows[i].text, &a), rows[i].back ? 0 : -EINVAL);
		if (!rows[i].back)
			continue;
		netaddr_format(&a, true, text);
		assert_string_equal(text, rows[i].back);
	}
}

static void knows_what_is_in_a_network(void **state)
{
	static const struct {
		const char *net, *a;
		bool want;
	} rows[] = {
	    {"10.0.0.1/24", "10.0.0.200", true},  {"10.0.0.1/24", "10.0.1.1", false},
	    {"10.0.0.0/25", "10.0.0.128", false}, {"10.0.0.0/25", "10.0.0.127", true},
	    {"0.0.0.0/0", "10.0.0.1", true},	  {"::/0", "10.0.0.1", false},
	    {"fd00::/64", "fd00::1:2", true},	  {"fd00::/64", "fd00:0:0:1::", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct netaddr net = of(rows[i].net), a = of(rows[i].a);

		assert_int_equal(netaddr_contains(&net, &a), rows[i].want);
	}
}

static void counts_the_addresses_of_a_pool(void **state)
{
	static const struct {
		const char *pool;
		uint32_t n;
		const char *first, *last;
	} rows[] = {
	    {"10.0.0.0/30", 2, "10.0.0.1", "10.0.0.2"},
	    {"10.0.0.0/24", 254, "10.0.0.1", "10.0.0.254"},
	    {"10.0.0.0/23", 510, "10.0.0.1", "10.0.1.254"},
	    {"10.0.0.0/8", (1 << 20) - 2, "10.0.0.1", "10.15.255.254"},
	    {"fd00::/64", (1 << 20) - 2, "fd00::1", "fd00::f:fffe"},
	    {"10.0.0.0/31", 0, NULL, NULL},
	    {"10.0.0.1/24", 0, NULL, NULL},
	    {"10.0.0.0/32", 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct netaddr pool = of(rows[i].pool), a, want;

		assert_int_equal(netaddr_is_pool(&pool), rows[i].n > 0);
		if (rows[i].n == 0)
			continue;
		assert_int_equal(netaddr_hosts(&pool), rows[i].n);
		a = netaddr_nth(&pool, 1);
		want = of(rows[i].first);
		assert_true(netaddr_equal(&a, &want));
		a = netaddr_nth(&pool, rows[i].n);
		want = of(rows[i].last);
		assert_true(netaddr_equal(&a, &want));
		assert_int_equal(a.bits, pool.bits);
	}
}

static void knows_what_a_host_may_have(void **state)
{
	static const char *const yes[] = {"10.0.0.1/24", "10.0.0.255/23", "10.0.0.1/31", "fd00::1",
					  "fe80::1/64"};
	static const char *const no[] = {
	    "127.0.0.1/8", "0.1.2.3/8", "224.0.0.1", "255.255.255.255", "10.0.0.255/24",
	    "::",	   "::1",	"ff02::1",   "::ffff:1.2.3.4"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		struct netaddr a = of(yes[i]);

		assert_true(netaddr_is_host(&a));
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		struct netaddr a = of(no[i]);

		assert_false(netaddr_is_host(&a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_and_writes),
	    cmocka_unit_test(knows_what_is_in_a_network),
	    cmocka_unit_test(counts_the_addresses_of_a_pool),
	    cmocka_unit_test(knows_what_a_host_may_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

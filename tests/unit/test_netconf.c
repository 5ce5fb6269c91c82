/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "load.h"
#include "netconf.h"

/* What must hold among keys; NULL: fine. */
static void checks_keys_together(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"Private=veth\n", NULL},
	    {"Private=veth\nAddress=10.0.0.2/24 fd00::2/64\nGateway=10.0.0.1 fd00::1\n", NULL},
	    {"Private=veth\nAddress=10.0.0.0/24\nGateway=10.0.0.1\nRoute=10.2.0.0/16 via "
	     "10.0.0.9\n",
	     NULL},
	    {"Private=veth\nGateway=fe80::1\n", NULL},
	    {"Private=veth\nRoute=10.2.0.0/16\n", NULL},
	    {"Bridge=br0\n", "need Private=veth"},
	    {"Private=loopback\nMTU=1400\n", "need Private=veth"},
	    {"Private=loopback\n[Network eth1]\nMTU=1400\n", "need Private=veth"},
	    {"Private=loopback\n[Network eth1]\n", "need Private=veth"},
	    {"Private=veth\nGateway=10.0.0.1\n", "in no network of Address="},
	    {"Private=veth\nAddress=10.0.0.1/24\nGateway=10.0.0.1\n", "own Address="},
	    {"Private=veth\nAddress=10.0.0.2/24\nGateway=10.0.0.1 10.0.0.3\n",
	     "more than one Gateway="},
	    {"Private=veth\nAddress=10.0.0.2/24\nRoute=default via 10.1.0.1\n",
	     "over a gateway in no"},
	    {"Private=veth\nAddress=10.0.0.2/24\nRoute=default src 10.1.0.1\n",
	     "has a source in no"},
	    {"Private=veth\nHairpin=yes\n", "Hairpin= needs Bridge="},
	    {"Private=veth\nName=eth1\n[Network eth1]\n", "two of this name"},
	    {"Private=veth\nHostInterface=a\n[Network eth1]\nHostInterface=a\n",
	     "is another network's"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];
		struct ctr_error err = {0};
		struct spec *s = NULL;
		int r;

		assert_int_equal(str_format(text, sizeof(text), "[Network]\n%s", rows[i].text), 0);
		r = load_definition_text("x", text, NULL, &s, &err);
		assert_int_equal(r, rows[i].why ? -EINVAL : 0);
		if (rows[i].why && !strstr(err.text, rows[i].why))
			fail_msg("%s: %s", text, err.text);
		spec_free(s);
	}
}

static void names_the_hosts_end(void **state)
{
	static const char long_id[] = "a-very-long-user-name.student-1";
	char a[NETCONF_NAME], b[NETCONF_NAME];

	(void)state;
	netconf_host_name("alice-1", NULL, a);
	assert_string_equal(a, "ve-alice-1");
	netconf_host_name("alice-1", "eth1", a);
	netconf_host_name("alice-1", "eth2", b);
	assert_int_equal(strlen(a), NETCONF_NAME - 1);
	assert_string_not_equal(a, b);
	netconf_host_name(long_id, NULL, a);
	netconf_host_name("a-very-long-user-name.student-2", NULL, b);
	assert_int_equal(strlen(a), NETCONF_NAME - 1);
	assert_string_not_equal(a, b);
	netconf_host_name(long_id, NULL, b);
	assert_string_equal(a, b);
	assert_int_equal(netconf_check_name(a, NULL), 0);
}

static void makes_addresses_of_one_station(void **state)
{
	unsigned char a[NETCONF_MAC], b[NETCONF_MAC], c[NETCONF_MAC];

	(void)state;
	netconf_make_mac("alice-1", "host0", a);
	netconf_make_mac("alice-1", "host0", b);
	netconf_make_mac("alice-2", "host0", c);
	assert_memory_equal(a, b, NETCONF_MAC);
	assert_memory_not_equal(a, c, NETCONF_MAC);
	assert_int_equal(a[0] & 3, 2);
	assert_int_equal(netconf_read_mac("fe:01:02:0A:0b:ff", a), 0);
	assert_memory_equal(a, "\xfe\x01\x02\x0a\x0b\xff", NETCONF_MAC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(checks_keys_together),
	    cmocka_unit_test(names_the_hosts_end),
	    cmocka_unit_test(makes_addresses_of_one_station),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

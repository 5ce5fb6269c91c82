/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "masquerade.h"

#define ALIAS "pam_container a-b 1f:2"

static void rules(void **state)
{
	struct spec_link on = {.bridge = "br0", .masquerade = true}, off = {.bridge = "br1"};
	struct spec_link alone = {.masquerade = true};
	struct veth v[] = {{.conf = &off, .host = "ve-a"},
			   {.conf = &on, .host = "ve-b"},
			   {.conf = &alone, .host = "ve-c"}};
	char table[MASQUERADE_TABLE], *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(netaddr_parse("10.9.0.2/24", &v[i].address[0]), 0);
		assert_int_equal(netaddr_parse("fd00::2/64", &v[i].address[1]), 0);
		v[i].n_address = 2;
	}
	assert_int_equal(masquerade_rules(v, ARRAY_SIZE(v), ALIAS, &text), 0);
	masquerade_table(ALIAS, table);
	assert_non_null(strstr(text, table));
	assert_non_null(strstr(text, "comment \"" ALIAS "\"\n"));
	assert_non_null(strstr(text, "ip saddr 10.9.0.2 oifname != \"br0\" masquerade\n"));
	assert_non_null(strstr(text, "ip6 saddr fd00::2 oifname != \"br0\" masquerade\n"));
	assert_non_null(strstr(text, "ip saddr 10.9.0.2 oifname != \"ve-c\" masquerade\n"));
	assert_null(strstr(text, "br1"));
	free(text);
}

static void who_wants_it(void **state)
{
	struct spec_link on = {.masquerade = true}, off = {.masquerade = false};
	struct veth v[] = {{.conf = &off}, {.conf = &on}};

	(void)state;
	assert_false(masquerade_wanted(v, 1));
	assert_true(masquerade_wanted(v, 2));
	assert_false(masquerade_wanted(NULL, 0));
}

static void a_table_for_each(void **state)
{
	char a[MASQUERADE_TABLE], b[MASQUERADE_TABLE];

	(void)state;
	masquerade_table(ALIAS, a);
	masquerade_table("pam_container a-c 1f:2", b);
	assert_string_not_equal(a, b);
	assert_null(strpbrk(a, " -:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules),
	    cmocka_unit_test(who_wants_it),
	    cmocka_unit_test(a_table_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

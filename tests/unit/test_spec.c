/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>

#include "load.h"
#include "spec.h"

static void sets_as_a_line_does(void **state)
{
	struct spec *s = spec_new();

	(void)state;
	assert_int_equal(spec_set(s, "Resources", "MemoryMax", "1G", NULL), 0);
	assert_int_equal(s->memory_max, 1 << 30);
	assert_int_equal(spec_set(s, "Resources", "MemoryMax", "infinity", NULL), 0);
	assert_true(s->memory_max == SPEC_INFINITY);
	assert_int_equal(spec_set(s, "Resources", "MemoryMax", "", NULL), 0);
	assert_true(s->memory_max == SPEC_UNSET);
	assert_int_equal(spec_set(s, "Files", "Bind", "/a", NULL), 0);
	assert_int_equal(spec_set(s, "Files", "Bind", "/b /c", NULL), 0);
	assert_int_equal(s->bind.n, 3);
	assert_int_equal(spec_set(s, "Files", "Bind", "", NULL), 0);
	assert_int_equal(s->bind.n, 0);
	assert_string_equal(spec_text(s), "[Files]\nBind=\n[Resources]\nMemoryMax=\n");
	spec_free(s);
}

/* A failure changes nothing, the default list included. */
static void leaves_alone_what_it_refuses(void **state)
{
	static const struct {
		const char *section, *key, *value;
		int want;
	} rows[] = {
	    {"Resources", "MemoryMax", "x", -EINVAL},
	    {"Resource", "MemoryMax", "1G", -EINVAL},
	    {"Global", "Mode", "off", -EINVAL},
	    {"Exec", "MemoryMax", "1G", -EINVAL},
	    {"Exec", "SystemCallFilter", "@ok a/b", -EINVAL},
	    {"Exec", "CapabilityBoundingSet", "CAP_KILL CAP_X", -EINVAL},
	    {"Files", "Bind", "/ok bad", -EINVAL},
	    {"Exec", "Environment", "A=1\n[Files]", -EINVAL},
	    {"Exec", "Environment", "A=1 ; x", -EINVAL},
	    {"Container", "Extends", "base", -ENOTSUP},
	};
	struct spec *s = spec_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};
		int r = spec_set(s, rows[i].section, rows[i].key, rows[i].value, &err);

		assert_int_equal(r, rows[i].want);
		assert_true(err.text[0] != '\0');
	}
	assert_true(s->memory_max == SPEC_UNSET && s->bind.n == 0 && s->environment.n == 0);
	assert_int_equal(s->syscall_filter.n, 1);
	assert_int_equal(__builtin_popcountll(s->cap_bounding.mask), 14);
	assert_string_equal(spec_text(s), "");
	spec_free(s);
}

static void counts_capabilities_as_systemd(void **state)
{
	static const struct {
		const char *first, *second;
		int bits;
	} rows[] = {
	    {"CAP_KILL", NULL, 1},
	    {"CAP_KILL", "CAP_CHOWN", 2},
	    {"~CAP_KILL", NULL, 13},
	    {"~CAP_KILL", "~CAP_CHOWN", 12},
	    {"CAP_KILL CAP_CHOWN", "~CAP_KILL", 1},
	    {"", NULL, 0},
	    {"", "CAP_KILL", 1},
	    {"~", NULL, 41},
	    {"~", "~CAP_KILL", 40},
	    {"~CAP_SYS_ADMIN", NULL, 14},
	    {"CAP_KILL", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spec *s = spec_new();

		assert_int_equal(spec_set(s, "Exec", "CapabilityBoundingSet", rows[i].first, NULL),
				 0);
		if (rows[i].second)
			assert_int_equal(
			    spec_set(s, "Exec", "CapabilityBoundingSet", rows[i].second, NULL), 0);
		assert_true(s->cap_bounding.set);
		assert_int_equal(__builtin_popcountll(s->cap_bounding.mask), rows[i].bits);
		spec_free(s);
	}
}

static void replaces_the_default_filter(void **state)
{
	struct spec *s = spec_new();

	(void)state;
	assert_int_equal(spec_set(s, "Exec", "SystemCallFilter", "~@mount", NULL), 0);
	assert_int_equal(s->syscall_filter.n, 2);
	spec_free(s);
	s = spec_new();
	assert_int_equal(spec_set(s, "Exec", "SystemCallFilter", "@process read", NULL), 0);
	assert_int_equal(s->syscall_filter.n, 2);
	assert_string_equal(s->syscall_filter.v[0], "@process");
	assert_int_equal(spec_set(s, "Exec", "SystemCallFilter", "", NULL), 0);
	assert_int_equal(s->syscall_filter.n, 0);
	spec_free(s);
}

/* [Network NAME] takes the keys of [Network], each for itself. */
static void has_several_networks(void **state)
{
	static const char want[] =
	    "[Network]\nPrivate=veth\nBridge=br0\n[Network eth1]\n"
	    "Address=10.0.0.0/24\nAddress=fd00::/64\nMTU=1400\n[Network eth2]\n";
	struct spec *s = spec_new(), *again = NULL;

	(void)state;
	assert_int_equal(spec_set(s, "Network eth1", "Address", "10.0.0.0/24", NULL), 0);
	assert_int_equal(spec_set(s, "Network", "Private", "veth", NULL), 0);
	assert_int_equal(spec_set(s, "Network eth1", "MTU", "1400", NULL), 0);
	assert_int_equal(spec_set(s, "Network", "Bridge", "br0", NULL), 0);
	assert_int_equal(spec_set(s, "Network eth1", "Address", "fd00::/64", NULL), 0);
	assert_int_equal(spec_set(s, "Network eth2", "MTU", "1", NULL), -EINVAL);
	assert_int_equal(s->n_more_links, 1); /* what was refused is not there */
	assert_int_equal(spec_set(s, "Network eth2", "Private", "veth", NULL), -EINVAL);
	assert_int_equal(spec_set(s, "Network eth2", "Name", "x", NULL), -EINVAL);
	assert_int_equal(spec_set(s, "Network a/b", "MTU", "1400", NULL), -EINVAL);
	assert_int_equal(spec_set(s, "Network ", "MTU", "1400", NULL), -EINVAL);
	assert_int_equal(spec_add_section(s, "Network eth2", NULL), 0);
	assert_string_equal(spec_text(s), "[Network]\nPrivate=veth\nBridge=br0\n[Network eth1]\n"
					  "Address=10.0.0.0/24\nAddress=fd00::/64\nMTU=1400\n");
	assert_int_equal(spec_update_text(s), 0);
	assert_string_equal(spec_text(s), want);
	assert_int_equal(load_definition_text("x", want, NULL, &again, NULL), 0);
	assert_string_equal(spec_text(again), want);
	assert_int_equal(again->n_more_links, 2);
	assert_string_equal(spec_link(again, 0)->name, "host0");
	assert_string_equal(spec_link(again, 1)->name, "eth1");
	assert_string_equal(spec_link(again, 1)->address.v[1], "fd00::/64");
	assert_true(spec_link(again, 0)->mtu == SPEC_UNSET && spec_link(again, 1)->mtu == 1400);
	assert_string_equal(spec_link(again, 2)->name, "eth2");
	assert_null(spec_link(again, 3));
	for (int i = 3; i < 8; i++) {
		char section[16];

		assert_int_equal(str_format(section, sizeof(section), "Network eth%d", i), 0);
		assert_int_equal(spec_add_section(s, section, NULL), 0);
	}
	assert_int_equal(spec_add_section(s, "Network eth8", NULL), -E2BIG);
	spec_free(s);
	spec_free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_as_a_line_does),
	    cmocka_unit_test(leaves_alone_what_it_refuses),
	    cmocka_unit_test(counts_capabilities_as_systemd),
	    cmocka_unit_test(replaces_the_default_filter),
	    cmocka_unit_test(has_several_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

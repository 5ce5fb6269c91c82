/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "scope.h"

static void wants_one_where_systemd_owns_the_tree(void **state)
{
	static const struct {
		int layout;
		bool systemd;
		const char *key;
		bool want;
	} rows[] = {
	    {CG_V2, true, "auto", true},       {CG_V2, false, "auto", false},
	    {CG_HYBRID, true, "auto", false},  {CG_V1, true, "auto", false},
	    {CG_V2, true, "cgroupfs", false},  {CG_V2, true, "inherit", false},
	    {CG_HYBRID, false, "scope", true}, /* refused later, and said why */
	    {CG_NONE, false, "auto", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cg_facts facts = {.layout = rows[i].layout, .systemd = rows[i].systemd};
		struct spec *s = spec_new();

		assert_int_equal(spec_set(s, "Resources", "Cgroup", rows[i].key, NULL), 0);
		assert_int_equal(scope_is_wanted(&facts, s), rows[i].want);
		spec_free(s);
	}
}

static void tells_scopes_from_own_groups(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
	    {"container.slice/container-a.scope", "container-a.scope"},
	    {"a.slice/a-b.slice/container-x.y-1.scope", "container-x.y-1.scope"},
	    {"pam_container/a", NULL},
	    {"pam_container/a.scope", NULL},
	    {"container.slice/x.service", NULL},
	    {"container.slice/.scope", NULL},
	    {"container-a.scope", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *unit = scope_of_path(rows[i].path);

		assert_true(unit == rows[i].want || str_equal(unit, rows[i].want));
	}
}

static void names_units(void **state)
{
	char unit[96], small[12];

	(void)state;
	assert_int_equal(scope_unit("alice-1", unit, sizeof(unit)), 0);
	assert_string_equal(unit, "container-alice-1.scope");
	assert_int_equal(scope_unit("alice-1", small, sizeof(small)), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wants_one_where_systemd_owns_the_tree),
	    cmocka_unit_test(tells_scopes_from_own_groups),
	    cmocka_unit_test(names_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

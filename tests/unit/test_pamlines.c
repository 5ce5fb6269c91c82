/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "pamlines.h"

static const struct {
	const char *text, *auth, *session; /* controls; NULL: no such line */
	unsigned int after;
} table[] = {
    {"", NULL, NULL, 0},
    {"session required pam_unix.so\n", NULL, NULL, 0},
    {"session required pam_container.so", NULL, "required", 0},
    {"session\trequired\t\tpam_container.so debug\n", NULL, "required", 0},
    {"-session optional pam_container.so\n", NULL, "optional", 0},
    {"  session required /lib/security/pam_container.so\n", NULL, "required", 0},
    {"#session required pam_container.so\n", NULL, NULL, 0},
    {"session required pam_xcontainer.so\n", NULL, NULL, 0},
    {"session required pam_unix.so # pam_container.so\n", NULL, NULL, 0},
    {"session [success=ok default=bad] pam_container.so\n", NULL, "[success=ok default=bad]", 0},
    {"session required \\\n pam_container.so\n", NULL, "required", 0},
    {"auth optional pam_container.so\nsession required pam_container.so\n", "optional", "required",
     0},
    {"session required pam_container.so\nauth optional pam_container.so\n", "optional", "required",
     0},
    {"session required pam_container.so\nsession optional pam_motd.so\n", NULL, "required", 1},
    {"session required pam_container.so\n@include common-session\n", NULL, "required", 1},
    {"session required pam_container.so\n@include common-auth\n", NULL, "required", 0},
    {"@include common-session\nsession required pam_container.so\n", NULL, "required", 0},
    {"account required pam_container.so\n", NULL, NULL, 0},
    {"session required\n", NULL, NULL, 0},
    {"session [broken pam_container.so\n", NULL, NULL, 0},
    {"session required pam_container.so\\", NULL, "required", 0},
};

static void finds_the_two_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct pamlines l;

		pamlines_parse(table[i].text, &l);
		assert_int_equal(l.auth, table[i].auth != NULL);
		assert_int_equal(l.session, table[i].session != NULL);
		assert_string_equal(l.auth_control, table[i].auth ? table[i].auth : "");
		assert_string_equal(l.session_control, table[i].session ? table[i].session : "");
		assert_int_equal(l.sessions_after, table[i].after);
	}
}

static void knows_what_binds(void **state)
{
	(void)state;
	assert_true(pamlines_binds("required"));
	assert_true(pamlines_binds("requisite"));
	assert_true(pamlines_binds("[success=ok default=bad]"));
	assert_false(pamlines_binds("[success=ok default=ignore]"));
	assert_false(pamlines_binds("optional"));
	assert_false(pamlines_binds("sufficient"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_two_lines),
	    cmocka_unit_test(knows_what_binds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

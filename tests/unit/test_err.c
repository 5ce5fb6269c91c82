/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <limits.h>

#include "err.h"

static void names_operation_object_and_reason(void **state)
{
	struct ctr_error e;

	(void)state;
	errno = EBUSY;
	assert_int_equal(err_sys(&e, -ENOENT, "root", "open %s", "/a\nb"), -ENOENT);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(e.code, CTR_E_SYSTEM);
	assert_int_equal(e.errnum, ENOENT);
	assert_string_equal(e.stage, "root");
	assert_string_equal(e.text, "open /a\\x0ab: No such file or directory");
	err_prefix(&e, "container %s", "c1");
	assert_string_equal(e.text, "container c1: open /a\\x0ab: No such file or directory");
	assert_int_equal(err_set(NULL, CTR_E_BUSY, EAGAIN, "x", "y"), -EAGAIN);
}

static void keeps_what_fits(void **state)
{
	char big[4000];
	struct ctr_error e;

	(void)state;
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	err_sys(&e, EIO, "s", "read %s", big);
	assert_true(strlen(e.text) < sizeof(e.text));
	assert_non_null(strstr(e.text, "...: Input/output error"));
	assert_true(sizeof(e) <= PIPE_BUF);
}

/* The first argument is no string: what is too long must be cut, not read as another format */
static void cuts_texts_that_begin_with_a_number(void **state)
{
	char big[4000];
	struct ctr_error e;

	(void)state;
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(err_set(&e, CTR_E_CONFIG, EINVAL, "s", "line %d: %s", 7, big), -EINVAL);
	assert_memory_equal(e.text, "line 7: aaa", 11);
	assert_string_equal(e.text + strlen(e.text) - 3, "...");
	err_prefix(&e, "container %d", 5);
	assert_memory_equal(e.text, "container 5: line 7: aaa", 24);
	assert_string_equal(e.text + strlen(e.text) - 3, "...");
}

static void names_every_code(void **state)
{
	(void)state;
	for (int c = CTR_OK; c < CTR_E_SYSTEM; c++)
		assert_string_not_equal(err_code_name(c), "system");
	assert_string_equal(err_code_name(-1), "system");
	assert_string_equal(err_code_name(99), "system");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_operation_object_and_reason),
	    cmocka_unit_test(keeps_what_fits),
	    cmocka_unit_test(cuts_texts_that_begin_with_a_number),
	    cmocka_unit_test(names_every_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

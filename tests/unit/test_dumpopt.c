/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "dumpopt.h"

static void each_option_or_its_reason(void **state)
{
	static const struct {
		struct ctr_checkpoint_options opt;
		bool own_network;
		const char *why; /* NULL: it may be asked for */
	} rows[] = {
	    {{0}, false, NULL},
	    {{.leave_running = 1, .kill_plain = 1, .tcp_established = 1, .file_locks = 1},
	     false,
	     NULL},
	    {{.ext_unix = 1, .auto_dedup = 1}, false, NULL},
	    {{.page_server = "127.0.0.1"}, true, "unsigned"}, /* MUST-10 */
	    {{.page_server_port = 27}, true, "unsigned"},
	    {{.lazy_pages = 1}, true, "compared before"},
	    {{.status_fd = 5}, true, "returns when"},
	    {{.manage_cgroups = CTR_CGROUPS_SOFT}, true, "record"},
	    {{.manage_cgroups = CTR_CGROUPS_FULL}, true, "record"},
	    {{.manage_cgroups = CTR_CGROUPS_STRICT}, true, "record"},
	    {{.empty_network = 1}, true, NULL},
	    {{.empty_network = 1}, false, "host's network"},
	    {{.shell_job = 1}, true, "terminal of the outside"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};
		int r = dumpopt_check(&rows[i].opt, rows[i].own_network, &err);

		assert_int_equal(r, rows[i].why ? -ENOTSUP : 0);
		assert_int_equal(err.code, rows[i].why ? CTR_E_UNSUPPORTED : CTR_OK);
		if (rows[i].why)
			assert_non_null(strstr(err.text, rows[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_option_or_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

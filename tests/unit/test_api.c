/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "path.h"

/* What needs no container: options, configuration, users, the edges of each call. */

static void factory_knows_its_options(void **state)
{
	static const struct {
		const char *option, *value;
		int want;
		const char *text;
	} t[] = {
	    {"state-root", "/run/x", 0, ""},
	    {"helper-dir", "/opt/helpers", 0, ""},
	    {"conf", "/etc/x.conf", 0, ""},
	    {"checkpoint-root", "/var/lib/x", 0, ""},
	    {"checkpoint-root", "x", -EINVAL, "absolute"},
	    {"cgroup", "auto", 0, ""},
	    {"cgroup", "cgroupfs", 0, ""},
	    {"cgroup", "inherit", -EINVAL, "bad cgroup 'inherit'"},
	    {"cgroup", "scop", -EINVAL, "did you mean 'scope'"},
	    {"tmpfs-root", "no", -EINVAL, "bad tmpfs-root 'no'"},
	    {"timeout-ms", "100", 0, ""},
	    {"timeout-ms", "60000", 0, ""},
	    {"timeout-ms", "99", -EINVAL, "100 to 60000"},
	    {"timeout-ms", "5s", -EINVAL, "5s"},
	    {"state-root", "run/x", -EINVAL, "absolute"},
	    {"state-root", "/run/../x", -EINVAL, "/run/../x"},
	    {"helper-dir", "", -EINVAL, "helper-dir"},
	    {"state-rot", "/run/x", -EINVAL, "did you mean 'state-root'"},
	    {"\033[31m", "/run/x", -EINVAL, "\\x1b[31m"},
	    {NULL, "/run/x", -EINVAL, "NULL"},
	    {"conf", NULL, -EINVAL, "NULL"},
	};
	struct ctr_factory *f = NULL;

	(void)state;
	assert_int_equal(ctr_factory_new(&f, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ctr_error e = {0};

		assert_int_equal(ctr_factory_set(f, t[i].option, t[i].value, &e), t[i].want);
		assert_int_equal(e.code, t[i].want ? CTR_E_CONFIG : CTR_OK);
		assert_non_null(strstr(e.text, t[i].text));
		assert_int_equal(ctr_factory_set(f, t[i].option, t[i].value, NULL), t[i].want);
	}
	assert_string_equal(f->state_root, "/run/x");
	assert_string_equal(f->cgroup, "cgroupfs");
	assert_int_equal(f->timeout_ms, 60000);
	ctr_factory_free(f);
	ctr_factory_free(NULL);
}

static void config_does_what_a_line_does(void **state)
{
	struct ctr_config *cfg = NULL;
	struct ctr_error e = {0};

	(void)state;
	assert_int_equal(ctr_config_new(&cfg, NULL), 0);
	assert_string_equal(ctr_config_text(cfg), "");
	assert_int_equal(ctr_config_set(cfg, "Resources", "MemoryMax", "512M", &e), 0);
	assert_string_equal(ctr_config_text(cfg), "[Resources]\nMemoryMax=512M\n");
	assert_int_equal(ctr_config_set(cfg, "Resources", "MemoryMac", "1G", &e), -EINVAL);
	assert_non_null(strstr(e.text, "did you mean 'MemoryMax'"));
	assert_int_equal(ctr_config_set(cfg, "Resources", "MemoryMax", "lots", &e), -EINVAL);
	assert_int_equal(ctr_config_set(cfg, "Resources", NULL, "1G", &e), -EINVAL);
	assert_string_equal(ctr_config_text(cfg), "[Resources]\nMemoryMax=512M\n");
	ctr_config_free(cfg);
	ctr_config_free(NULL);
}

static void config_is_loaded_by_name(void **state)
{
	struct ctr_config *cfg = (struct ctr_config *)state;
	struct ctr_factory *f = NULL;
	struct ctr_error e = {0};
	int fd = -1, r = path_open_trusted(CTR_VENDORDIR, S_IFDIR, &fd, NULL);

	if (r == 0)
		(void)close(fd);
	assert_int_equal(ctr_factory_new(&f, NULL), 0);
	assert_int_equal(ctr_factory_set(f, "conf", "/nonexistent/container.conf", NULL), 0);
	/* built for a prefix below /tmp, say, the vendor's folder is nobody's to trust (MUST-8) */
	assert_int_equal(ctr_config_load(f, "nosuch", &cfg, &e), r == -EPERM ? -EPERM : -ENOENT);
	assert_int_equal(e.code, CTR_E_CONFIG);
	if (r != -EPERM)
		assert_non_null(strstr(e.text, "nosuch"));
	assert_int_equal(ctr_config_load(f, "../passwd", &cfg, &e), -EINVAL);
	assert_int_equal(ctr_config_load(f, NULL, &cfg, &e), -EINVAL);
	assert_ptr_equal(cfg, state); /* untouched */
	ctr_factory_free(f);
}

/* MUST-7: checked before anything is opened or started */
static void ids_are_checked_first(void **state)
{
	static const char *const bad[] = {
	    "",
	    "/",
	    "..",
	    ".x",
	    "-x",
	    "a/b",
	    "a..b",
	    "a b",
	    "a\n",
	    "a\033[0m",
	    "\303\244",
	    NULL,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	struct ctr_factory *f = NULL;

	(void)state;
	assert_int_equal(ctr_factory_new(&f, NULL), 0);
	assert_int_equal(ctr_factory_set(f, "state-root", "/nonexistent/root", NULL), 0);
	assert_int_equal(ctr_config_new(&cfg, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ctr_error e = {0};

		assert_int_equal(ctr_create(f, bad[i], cfg, &c, &e), -EINVAL);
		assert_int_equal(e.code, CTR_E_INVALID_ID);
		assert_int_equal(ctr_load(f, bad[i], &c, &e), -EINVAL);
		assert_int_equal(e.code, CTR_E_INVALID_ID);
		for (const char *p = e.text; *p; p++)
			assert_true((unsigned char)*p >= ' ' && *p != 0x7f); /* MUST-11 */
	}
	assert_int_equal(ctr_load(f, "fine", &c, NULL), -ENOENT); /* the root's parent */
	assert_null(c);
	ctr_config_free(cfg);
	ctr_factory_free(f);
}

static void users_come_from_the_host(void **state)
{
	struct api_user u;

	(void)state;
	assert_int_equal(api_user_find(NULL, &u, NULL), 0);
	assert_int_equal(u.uid, 0);
	assert_int_equal(u.gid, 0);
	assert_string_equal(u.name, "root");
	assert_string_equal(u.home, "/root");
	assert_true(u.ngroups >= 1);
	api_user_done(&u);
	assert_int_equal(api_user_find("daemon", &u, NULL), 0);
	assert_int_equal(u.uid, 1);
	assert_int_equal(u.gid, 1);
	assert_int_equal(u.groups[0], 1);
	api_user_done(&u);
	assert_int_equal(api_user_find("1", &u, NULL), 0);
	assert_string_equal(u.name, "daemon");
	assert_true(u.ngroups >= 1);
	api_user_done(&u);
}

/* A group that is given is the only one; a number need not be anybody's. */
static void groups_are_what_is_asked_for(void **state)
{
	static const struct {
		const char *text;
		uid_t uid;
		gid_t gid;
	} t[] = {
	    {"daemon:bin", 1, 2},
	    {"1:2", 1, 2},
	    {"daemon:0", 1, 0},
	    {"4000000000:4000000001", 4000000000, 4000000001},
	    {"4294967294:0", 4294967294, 0},
	    {"0:daemon", 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct api_user u;

		assert_int_equal(api_user_find(t[i].text, &u, NULL), 0);
		assert_int_equal(u.uid, t[i].uid);
		assert_int_equal(u.gid, t[i].gid);
		assert_int_equal(u.ngroups, 0);
		api_user_done(&u);
	}
}

/* MUST-7: nothing that is not plainly a user becomes one, least of all root. */
static void users_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int want;
	} t[] = {
	    {"", -EINVAL},
	    {":", -EINVAL},
	    {":0", -EINVAL},
	    {"00", -EINVAL},
	    {"01", -EINVAL},
	    {"4294967295", -EINVAL},
	    {"4294967296", -EINVAL},
	    {"18446744073709551616", -EINVAL},
	    {"-1", -ENOENT},
	    {"+0", -ENOENT},
	    {" 0", -ENOENT},
	    {"0 ", -ENOENT},
	    {"0x0", -ENOENT},
	    {"root\n", -ENOENT},
	    {"Root", -ENOENT},
	    {"root/", -ENOENT},
	    {"nosuchuser", -ENOENT},
	    {"4000000000", -ENOENT},
	    {"root:", -ENOENT},
	    {"root:-1", -ENOENT},
	    {"root:4294967295", -EINVAL},
	    {"root:00", -EINVAL},
	    {"root:0:0", -ENOENT},
	    {"daemon:nosuchgroup", -ENOENT},
	    {"0:root ", -ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct api_user u = {.uid = 77};
		struct ctr_error e = {0};

		assert_int_equal(api_user_find(t[i].text, &u, &e), t[i].want);
		assert_int_equal(e.code, CTR_E_CONFIG);
		assert_int_equal(u.uid, 77); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(factory_knows_its_options),
	    cmocka_unit_test(config_does_what_a_line_does),
	    cmocka_unit_test(config_is_loaded_by_name),
	    cmocka_unit_test(ids_are_checked_first),
	    cmocka_unit_test(users_come_from_the_host),
	    cmocka_unit_test(groups_are_what_is_asked_for),
	    cmocka_unit_test(users_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"
#include "nsconf.h"
#include "nspath.h"

/* MUST-1, MUST-5: what is there is asked of the kernel, not of the name. */
static void opens_what_the_kernel_says(void **state)
{
	static const struct {
		const char *path;
		uint64_t flag;
		const char *why;
	} rows[] = {
	    {"/proc/self/ns/net", CLONE_NEWNET, "/proc/self"},
	    {"/proc/%d/ns/net", CLONE_NEWIPC, "is no ipc namespace"},
	    {"/proc/%d/ns/uts", CLONE_NEWNET, "is no net namespace"},
	    {"/proc/%d/ns/net", CLONE_NEWNET, "is the host's own namespace"},
	    {"/proc/%d/ns/ipc", CLONE_NEWIPC, "is the host's own namespace"},
	    {"/proc/%d/ns/user", CLONE_NEWUSER, "is the host's own namespace"},
	    {"/etc/passwd", CLONE_NEWNET, "is no namespace"},
	    {"/proc/%d/ns/none", CLONE_NEWNET, "No such file"},
	    {"/proc/%d/exe", CLONE_NEWNET, ""},
	    {"/tmp/x", CLONE_NEWNET, "/tmp"},
	    {"/proc/4194305/ns/net", CLONE_NEWNET, "No such file"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};
		char path[64] = "", *at = strstr(rows[i].path, "%d");
		int fd;

		assert_int_equal(at ? str_format(path, sizeof(path), "/proc/%d%s", getpid(), at + 2)
				    : str_copy(path, sizeof(path), rows[i].path),
				 0);
		fd = nspath_open(path, rows[i].flag, -1, &err);
		assert_true(fd < 0);
		if (!strstr(err.text, rows[i].why))
			fail_msg("%s: %s", path, err.text);
	}
}

static void reads_offsets(void **state)
{
	static const struct {
		const char *text, *clock;
		int64_t seconds;
		uint32_t nanoseconds;
	} rows[] = {
	    {"monotonic 3600", "monotonic", 3600, 0},
	    {"boottime -1h", "boottime", -3600, 0},
	    {"monotonic +1500ms", "monotonic", 1, 500000000},
	    {"monotonic -1500ms", "monotonic", -2, 500000000},
	    {"boottime  1min 30s", "boottime", 90, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nsconf_offset o;

		assert_int_equal(nsconf_read_offset(rows[i].text, &o), 0);
		assert_string_equal(o.clock, rows[i].clock);
		assert_int_equal(o.seconds, rows[i].seconds);
		assert_int_equal(o.nanoseconds, rows[i].nanoseconds);
	}
}

static void checks_keys_together(void **state)
{
	static const struct {
		const char *text, *why;
		uint64_t joined;
	} rows[] = {
	    {"[Container]\nJoinNamespaces=ipc:/a uts:/b\n", NULL, CLONE_NEWIPC | CLONE_NEWUTS},
	    {"[Container]\nNamespaces=mount pid\nJoinNamespaces=time:/a cgroup:/b\n", NULL,
	     CLONE_NEWTIME | CLONE_NEWCGROUP},
	    {"[Network]\nPrivate=/run/netns/a\n", NULL, CLONE_NEWNET},
	    {"[Network]\nPrivate=/run/netns/a\nMTU=1400\n", "need Private=veth", 0},
	    {"[Container]\nJoinNamespaces=ipc:/a ipc:/b\n", "two of one type", 0},
	    {"[Container]\nJoinNamespaces=uts:/a\n[Exec]\nHostname=x\n",
	     "cannot be used with a joined uts", 0},
	    {"[Container]\nJoinNamespaces=uts:/a\n[Exec]\nDomainName=x\n",
	     "cannot be used with a joined uts", 0},
	    {"[Container]\nJoinNamespaces=user:/a\n", NULL, CLONE_NEWUSER},
	    {"[Container]\nJoinNamespaces=user:/a\n[Exec]\nPrivateUsers=pick\n",
	     "exclude each other", 0},
	    {"[Container]\nJoinNamespaces=user:/a cgroup:/b\n", "can not be together", 0},
	    {"[Container]\nJoinNamespaces=user:/a\n[Exec]\nNice=-1\n", "Nice=", 0},
	    {"[Container]\nJoinNamespaces=user:/a\n[Files]\nProtectProc=ptraceable\n",
	     "ProtectProc=ptraceable", 0},
	    {"[Container]\nTimeOffset=monotonic 5\n", "needs a time namespace of its own", 0},
	    {"[Container]\nJoinNamespaces=time:/a\nTimeOffset=monotonic 5\n",
	     "needs a time namespace of its own", 0},
	    {"[Container]\nNamespaces=mount pid time\nTimeOffset=monotonic 5\n", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};
		struct spec *s = NULL;
		int r = load_definition_text("x", rows[i].text, NULL, &s, &err);

		assert_int_equal(r, rows[i].why ? -EINVAL : 0);
		if (rows[i].why && !strstr(err.text, rows[i].why))
			fail_msg("%s: %s", rows[i].text, err.text);
		if (s) {
			assert_int_equal(nsconf_joined(s), rows[i].joined);
			assert_int_equal(nsconf_unsaved(s),
					 rows[i].joined & (CLONE_NEWIPC | CLONE_NEWUTS));
			assert_int_equal(s->namespaces & rows[i].joined, rows[i].joined);
		}
		spec_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens_what_the_kernel_says),
	    cmocka_unit_test(reads_offsets),
	    cmocka_unit_test(checks_keys_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

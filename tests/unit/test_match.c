/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

static gid_t gids[] = {100, 27};
static char *group_names[] = {(char[]){"students"}, (char[]){"sudo"}, NULL};

static struct match_facts facts(void)
{
	return (struct match_facts){.user = "alice",
				    .service = "sshd",
				    .tty = "ssh",
				    .rhost = "10.1.2.3",
				    .ruser = "",
				    .uid = 1000,
				    .gid = 100,
				    .gids = gids,
				    .ngids = 2,
				    .groups = {group_names, 2}};
}

/* A policy from text, by way of a file that need not be trusted. */
static int load(const char *text, struct policy **ret, struct ctr_error *err)
{
	char dir[] = "/tmp/pam_container-test-XXXXXX", path[64];
	struct load_paths paths = {.policy = path, .defs = dir, .untrusted = true};
	FILE *f;
	int r;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(str_format(path, sizeof(path), "%s/p.conf", dir), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	r = load_policy(&paths, ret, NULL, err);
	unlink(path);
	rmdir(dir);
	return r;
}

static struct match_decision decide(const char *text, const struct match_facts *f, bool *ret_rule)
{
	struct match_decision d;
	struct policy *p = NULL;

	assert_int_equal(load(text, &p, NULL), 0);
	match_decide(p, f, &d);
	*ret_rule = d.rule != NULL;
	policy_free(p);
	return d;
}

/* One line of a rule; does it hold for alice from 10.1.2.3 by sshd? */
static const struct {
	const char *line;
	bool holds;
} words[] = {
    {"User=alice", true},
    {"User=bob", false},
    {"User=bob,alice", true},
    {"User=bob alice", true},
    {"User=al*", true},
    {"User=!alice", false},
    {"User=!bob", true},
    {"User=*,!alice", false},
    {"User=*,!bob", true},
    {"User=!bob,carol", false},
    {"User=#1000", true},
    {"User=#0", false},
    {"User=#100", false},
    {"Group=students", true},
    {"Group=#27", true},
    {"Group=#28", false},
    {"Group=!sudo", false},
    {"Group=s?do", true},
    {"Service=sshd,cron", true},
    {"Service=ssh", false},
    {"Address=10.0.0.0/8", true},
    {"Address=10.1.2.3", true},
    {"Address=10.1.2.2/31", true},
    {"Address=10.1.2.4/30", false},
    {"Address=0.0.0.0/0", true},
    {"Address=::/0", false},
    {"Address=!10.0.0.0/8", false},
    {"Address=::ffff:10.1.2.3", true},
    {"Host=10.*", true},
    {"Host=*.example.org", false},
    {"TTY=ssh", true},
    {"TTY=tty*", false},
    {"RemoteUser=*", false},
    {"RemoteUser=!root", true},
};

static void weighs_each_word(void **state)
{
	const struct match_facts f = facts();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct match_decision d;
		char text[200];
		bool rule;

		assert_int_equal(
		    str_format(text, sizeof(text), "[Match x]\nContainer=box\n%s\n", words[i].line),
		    0);
		d = decide(text, &f, &rule);
		if ((d.verdict == MATCH_CONTAIN) != words[i].holds || rule != words[i].holds)
			fail_msg("%s", words[i].line);
	}
}

static void compares_addresses(void **state)
{
	static const struct {
		const char *word, *rhost;
		bool holds;
	} rows[] = {
	    {"2001:db8::/32", "2001:db8:1::5", true},
	    {"2001:db8::/32", "2001:db9::1", false},
	    {"10.0.0.0/8", "::ffff:10.9.9.9", true},
	    {"fe80::/10", "fe80::1%eth0", true},
	    {"10.0.0.0/8", "lab.example.org", false},
	    {"lab.example.org", "lab.example.org", true},
	    {"10.0.0.0/8", "", false},
	    {"!10.0.0.0/8", "", true},
	    {"2001:db8::/127", "2001:db8::1", true},
	    {"2001:db8::/127", "2001:db8::2", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct match_facts f = facts();
		char text[200];
		bool rule;

		f.rhost = rows[i].rhost;
		assert_int_equal(str_format(text, sizeof(text),
					    "[Match x]\nContainer=box\nAddress=%s\n", rows[i].word),
				 0);
		(void)decide(text, &f, &rule);
		if (rule != rows[i].holds)
			fail_msg("%s %s", rows[i].word, rows[i].rhost);
	}
}

static const char policy[] = "[Global]\nAlwaysHost=carol,@wheel\n"
			     "[Match admins]\nGroup=wheels,adm\nContainer=host\n"
			     "[Match evil]\nUser=mallory\nContainer=deny\n"
			     "[Match students]\nService=sshd,cron\nGroup=students\n"
			     "Address=10.0.0.0/8\nContainer=student\nInstance=user\n";

static void asks_for_groups_only_when_they_decide(void **state)
{
	static const struct {
		const char *policy;
		bool wants;
	} rows[] = {
	    {"[Match a]\nService=cron\nGroup=x\nContainer=c\n", false},
	    {"[Match a]\nService=sshd\nGroup=x\nContainer=c\n", true},
	    {"[Match a]\nGroup=!x\nContainer=c\n", true},
	    {"[Match a]\nUser=alice\nContainer=c\n[Match b]\nGroup=x\nContainer=c\n", false},
	    {"[Match a]\nUser=bob\nContainer=c\n[Match b]\nGroup=x\nContainer=c\n", true},
	    {"[Global]\nAlwaysHost=@x\n", true},
	    {"[Global]\nAlwaysHost=x\n", false},
	    {"[Global]\nMode=off\n[Match a]\nGroup=x\nContainer=c\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct match_facts f = {
		    .user = "alice", .service = "sshd", .uid = 1000, .gid = 1000};
		struct policy *p = NULL;

		assert_int_equal(load(rows[i].policy, &p, NULL), 0);
		assert_int_equal(match_needs_groups(p, &f), rows[i].wants);
		f.uid = 0;
		assert_false(match_needs_groups(p, &f));
		policy_free(p);
	}
}

/* MUST-1, MUST-2 */
static void takes_the_first_rule(void **state)
{
	struct match_facts f = facts();
	struct match_decision d;
	struct policy *p = NULL;

	(void)state;
	assert_int_equal(load(policy, &p, NULL), 0);
	assert_true(match_needs_groups(p, &f));
	match_decide(p, &f, &d);
	assert_int_equal(d.verdict, MATCH_CONTAIN);
	assert_string_equal(d.why, "students");
	assert_string_equal(d.rule->container, "student");
	assert_int_equal(d.instance, MATCH_USER);
	f.user = "mallory";
	match_decide(p, &f, &d);
	assert_int_equal(d.verdict, MATCH_DENY);
	f.uid = 0;
	match_decide(p, &f, &d);
	assert_true(d.verdict == MATCH_HOST && !d.rule);
	assert_string_equal(d.why, "uid 0");
	f = facts();
	f.user = "carol";
	match_decide(p, &f, &d);
	assert_string_equal(d.why, "AlwaysHost");
	f = facts();
	f.service = "su";
	match_decide(p, &f, &d);
	assert_string_equal(d.why, "no rule matches");
	assert_int_equal(d.verdict, MATCH_HOST);
	p->mode = MATCH_PERMISSIVE;
	f = facts();
	match_decide(p, &f, &d);
	assert_true(d.permissive && d.verdict == MATCH_CONTAIN);
	p->mode = MATCH_OFF;
	match_decide(p, &f, &d);
	assert_string_equal(d.why, "Mode=off");
	policy_free(p);
}

static void tells_why(void **state)
{
	const struct match_facts f = facts();
	struct strv lines = {0};
	struct policy *p = NULL;

	(void)state;
	assert_int_equal(load(policy, &p, NULL), 0);
	assert_int_equal(match_trace(p, &f, &lines), 0);
	assert_int_equal(lines.n, 4);
	assert_non_null(strstr(lines.v[0], "p.conf:3  [Match admins]  skip   Group: alice is not "
					   "in wheels,adm"));
	assert_non_null(strstr(lines.v[2], "p.conf:9  [Match students]  match  Service=sshd "
					   "Group=students Address=10.0.0.0/8"));
	assert_string_equal(lines.v[3], "=> container student, instance per user");
	strv_done(&lines);
	policy_free(p);
}

static void refuses_broken_policies(void **state)
{
	static const char *const bad[] = {
	    "[Match]\nContainer=x\n",
	    "[Match x]\nUser=a\n",
	    "[Match x]\nContainer=\n",
	    "[Match x]\nContainer=a\n[Match x]\nContainer=b\n",
	    "[Global]\nMode=permisive\n",
	    "[Match x]\nContainer=a\nUser=@g\n",
	    "[Matches x]\n",
	    "[Exec]\nNice=1\n",
	    "[Match  ]\nContainer=x\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct policy *p = NULL;
		struct ctr_error err;

		assert_true(load(bad[i], &p, &err) < 0);
		assert_null(p);
		assert_non_null(strstr(err.text, "p.conf:"));
	}
}

/* MUST-1: without the hook nobody would ever enter */
static void chooses_entry_and_attach(void **state)
{
	static const struct {
		int configured;
		const char *program;
		bool hook;
		int want;
	} rows[] = {
	    {MATCH_ENTRY_AUTO, "sshd-session", true, MATCH_ENTRY_LATE},
	    {MATCH_ENTRY_AUTO, "crond", true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_AUTO, "pamtester", true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_LATE, "crond", true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_LATE, "su", true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_AUTO, "sshd", true, MATCH_ENTRY_LATE},
	    {MATCH_ENTRY_AUTO, "sshd-test", true, MATCH_ENTRY_LATE},
	    {MATCH_ENTRY_AUTO, "sshd", false, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_AUTO, "cron", true, MATCH_ENTRY_LATE},
	    {MATCH_ENTRY_AUTO, "login", true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_AUTO, "sudo", true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_AUTO, NULL, true, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_LATE, "other", true, MATCH_ENTRY_LATE},
	    {MATCH_ENTRY_LATE, "other", false, MATCH_ENTRY_JOIN},
	    {MATCH_ENTRY_JOIN, "sshd", true, MATCH_ENTRY_JOIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(match_entry(rows[i].configured, rows[i].program, rows[i].hook),
				 rows[i].want);
	assert_true(match_attach(MATCH_ATTACH_AUTO, "sshd", MATCH_ENTRY_LATE));
	assert_true(match_attach(MATCH_ATTACH_AUTO, "su-l", MATCH_ENTRY_JOIN));
	assert_false(match_attach(MATCH_ATTACH_AUTO, "cron", MATCH_ENTRY_LATE));
	assert_false(match_attach(MATCH_ATTACH_NO, "sshd", MATCH_ENTRY_LATE));
	assert_true(match_attach(MATCH_ATTACH_YES, "x", MATCH_ENTRY_JOIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(weighs_each_word),
	    cmocka_unit_test(compares_addresses),
	    cmocka_unit_test(asks_for_groups_only_when_they_decide),
	    cmocka_unit_test(takes_the_first_rule),
	    cmocka_unit_test(tells_why),
	    cmocka_unit_test(refuses_broken_policies),
	    cmocka_unit_test(chooses_entry_and_attach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>

#include "cleanup.h"
#include "statejson.h"

static const struct cg_facts facts = {
    .n = 2, .h = {{"/cg/memory", "memory", false}, {"/cg/cpu,cpuacct", "cpu,cpuacct", false}}};

static struct state *a_state(void)
{
	struct state *st = calloc(1, sizeof(*st));

	assert_non_null(st);
	*st = (struct state){.id = "alice-1",
			     .created_us = 1700000000000042,
			     .init = {4711, 123456},
			     .cgroup = "pam_container/alice-1",
			     .text = "[Exec]\nHostname=box\n"};
	return st;
}

static void has_libcontainer_s_names(void **state)
{
	autofree struct state *st = a_state();
	struct statejson s = {.st = st,
			      .facts = &facts,
			      .status = "running",
			      .alive = true,
			      .fds = {"/dev/null", "/dev/null", "/a\n\xff"}};
	autofree char *text = statejson_format(&s);

	(void)state;
	assert_string_equal(
	    text, "{\"version\":1,\"id\":\"alice-1\",\"status\":\"running\","
		  "\"init_process_pid\":4711,\"init_process_start\":123456,"
		  "\"created\":\"2023-11-14T22:13:20.000042Z\","
		  "\"config_digest\":\"fnv1a-64:d6fa1f8d9b698819\","
		  "\"namespace_paths\":{\"mnt\":\"\\/proc\\/4711\\/ns\\/mnt\","
		  "\"pid\":\"\\/proc\\/4711\\/ns\\/pid\",\"ipc\":\"\\/proc\\/4711\\/ns\\/ipc\","
		  "\"uts\":\"\\/proc\\/4711\\/ns\\/uts\",\"net\":\"\\/proc\\/4711\\/ns\\/net\","
		  "\"cgroup\":\"\\/proc\\/4711\\/ns\\/cgroup\","
		  "\"user\":\"\\/proc\\/4711\\/ns\\/user\","
		  "\"time\":\"\\/proc\\/4711\\/ns\\/time\"},"
		  "\"cgroup_paths\":{\"memory\":\"\\/cg\\/memory\\/pam_container\\/alice-1\","
		  "\"cpu\":\"\\/cg\\/cpu,cpuacct\\/pam_container\\/alice-1\","
		  "\"cpuacct\":\"\\/cg\\/cpu,cpuacct\\/pam_container\\/alice-1\"},"
		  "\"external_descriptors\":[\"\\/dev\\/null\",\"\\/dev\\/null\","
		  "\"\\/a\\\\x0a\\\\xff\"]}");
}

/* A path of a pid that is another's by now would be a lie. */
static void names_no_paths_of_the_dead(void **state)
{
	autofree struct state *st = a_state();
	struct statejson s = {.st = st, .facts = &facts, .status = "stopped"};
	autofree char *text = statejson_format(&s);

	(void)state;
	assert_non_null(strstr(text, "\"init_process_pid\":0,\"init_process_start\":0,"));
	assert_non_null(strstr(text, "\"namespace_paths\":{},\"cgroup_paths\":{},"
				     "\"external_descriptors\":[]}"));
}

/* Cgroup=inherit: the groups are its starter's. */
static void names_no_groups_of_others(void **state)
{
	autofree struct state *st = a_state();
	struct statejson s = {.st = st, .facts = &facts, .status = "running", .alive = true};
	autofree char *text = NULL;

	(void)state;
	st->cgroup_inherit = 1;
	text = statejson_format(&s);
	assert_non_null(strstr(text, "\"cgroup_paths\":{}"));
}

static void tells_definitions_apart(void **state)
{
	autofree struct state *st = a_state();
	struct statejson s = {.st = st, .facts = &facts, .status = "stopped"};
	autofree char *one = statejson_format(&s), *other = NULL;

	(void)state;
	st->text[0] = '#';
	other = statejson_format(&s);
	assert_string_not_equal(one, other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_libcontainer_s_names),
	    cmocka_unit_test(names_no_paths_of_the_dead),
	    cmocka_unit_test(names_no_groups_of_others),
	    cmocka_unit_test(tells_definitions_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

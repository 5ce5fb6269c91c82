/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "netlease.h"
#include "network.h"
#include "state.h"
#include "tree.h"

static void reads_its_note(void **state)
{
	static const char *const bad[] = {"link a",
					  "link a b c",
					  "link a/b c",
					  "address 10.0.0.1/24",
					  "link a b\naddress x",
					  "table x",
					  "link a b\nlink",
					  "link 0123456789abcdef b"};
	struct network_note note;

	(void)state;
	assert_int_equal(
	    network_parse("link host0 ve-a-1\naddress 10.0.0.2/24\naddress fd00::2/64\n"
			  "link eth1 ve-x\n",
			  &note),
	    0);
	assert_int_equal(note.n, 2);
	assert_string_equal(note.link[0].host, "ve-a-1");
	assert_int_equal(note.link[0].address.n, 2);
	assert_string_equal(note.link[0].address.v[1], "fd00::2/64");
	assert_string_equal(note.link[1].name, "eth1");
	assert_int_equal(note.link[1].address.n, 0);
	network_note_done(&note);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(network_parse(bad[i], &note), -EBADMSG);
}

/* No overlap, and what a container had is free when it is gone (MUST-9). */
static void leases_an_address_once(void **state)
{
	char path[] = "/tmp/test_network.XXXXXX";
	int root = state_open_root(mkdtemp(path), NULL), dir, folder;
	struct netaddr a;
	char key[NETLEASE_KEY], other[NETLEASE_KEY], holder[65] = "";
	struct ctr_error err;

	(void)state;
	assert_true(root >= 0);
	assert_int_equal(netlease_release(root, NULL, NULL), 0);
	assert_int_equal(netaddr_parse("10.0.0.2/24", &a), 0);
	netlease_key(&a, "br0", key);
	netlease_key(&a, NULL, other);
	assert_string_equal(key, "10.0.0.2%br0");
	for (int i = 1; i <= 2; i++) {
		folder = state_create_dir(root, i == 1 ? "a-1" : "a-2", NULL);
		assert_true(folder >= 0);
		(void)close(folder);
	}
	dir = netlease_open(root, NULL);
	assert_true(dir >= 0);
	assert_int_equal(netlease_take(root, dir, key, "a-1", NULL), 0);
	assert_int_equal(netlease_take(root, dir, key, "a-1", NULL), 0);
	assert_int_equal(netlease_take(root, dir, key, "a-2", &err), -EADDRINUSE);
	assert_string_equal(err.text, "address 10.0.0.2 is container a-1's");
	assert_int_equal(netlease_take(root, dir, other, "a-2", NULL), 0);
	assert_int_equal(netlease_holder(root, dir, key, holder), 0);
	assert_string_equal(holder, "a-1");
	(void)close(dir);
	assert_int_equal(netlease_release(root, "a-2", NULL), 0);
	dir = netlease_open(root, NULL);
	assert_int_equal(netlease_holder(root, dir, other, NULL), -ENOENT);
	assert_int_equal(state_remove_dir(root, "a-1", NULL), 0);
	assert_int_equal(netlease_take(root, dir, key, "a-2", NULL), 0); /* the folder was gone */
	assert_int_equal(symlinkat("../x", dir, "10.0.0.9%br0"), 0);
	assert_int_equal(netlease_take(root, dir, "10.0.0.9%br0", "a-2", NULL), -EADDRINUSE);
	(void)close(dir);
	assert_int_equal(state_remove_dir(root, "a-2", NULL), 0);
	assert_int_equal(netlease_release(root, NULL, NULL), 0);
	dir = netlease_open(root, NULL);
	assert_int_equal(netlease_holder(root, dir, key, NULL), -ENOENT);
	(void)close(dir);
	(void)close(root);
	assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_its_note),
	    cmocka_unit_test(leases_an_address_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

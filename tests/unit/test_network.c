/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "netlease.h"
#include "netstat.h"
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

/* libcontainer 0.0.4 showed the host's figures as they are: the wrong way round. */
static void counts_the_right_way_round(void **state)
{
	static const char text[] =
	    "Inter-|   Receive                                                |  Transmit\n"
	    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets "
	    "errs\n"
	    "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
	    "  ve-a: 99 9 9 9 0 0 0 0 99 9 9 9 0 0 0 0\n"
	    "ve-a-1: 10 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0\n";
	struct network_note note = {.n = 3,
				    .link = {{.name = "host0", .host = "ve-a-1"},
					     {.name = "eth1", .host = "gone"},
					     {.name = "eth2", .host = "ve-a"}}};
	struct ctr_stats s = {.nnet = 3,
			      .net = {{.name = "lo", .rx_bytes = 5},
				      {.name = "host0"},
				      {.name = "eth1", .rx_bytes = 77}}};
	const struct ctr_stats_net *n = &s.net[1];

	(void)state;
	netstat_swap(text, &note, &s);
	assert_int_equal(s.nnet, 4);
	assert_true(s.net[0].rx_bytes == 5 && s.net[2].rx_bytes == 77);
	assert_true(n->rx_bytes == 50 && n->rx_packets == 6 && n->rx_errors == 7 &&
		    n->rx_dropped == 8);
	assert_true(n->tx_bytes == 10 && n->tx_packets == 2 && n->tx_errors == 3 &&
		    n->tx_dropped == 4);
	assert_string_equal(n->host_name, "ve-a-1");
	assert_string_equal(s.net[2].host_name, "");
	assert_string_equal(s.net[3].name, "eth2"); /* renamed inside */
	assert_true(s.net[3].rx_bytes == 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_its_note),
	    cmocka_unit_test(leases_an_address_once),
	    cmocka_unit_test(counts_the_right_way_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
